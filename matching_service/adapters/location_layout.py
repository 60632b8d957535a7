"""How live locations lie in Redis: the keys, the packed position, and the scripts that keep the newest."""

from __future__ import annotations

import struct
from functools import partial
from uuid import UUID

from matching_service.adapters.driver_ids import driver_id_from
from matching_service.domain.city import VehicleClass
from matching_service.domain.locations import DriverPosition

CELLS_KEY = "loc:cells"

LAYOUT = struct.Struct(">QIqiiB16s")
"""sequence, shift tag, measured (ms), latitude and longitude (1e-7 degrees, 1.1 cm), vehicle class, driver; big-endian.

The driver stands in the value as well as in the field's name, so that a tick asks for the values alone: twenty thousand
of them are read in a quarter of the time of as many fields with their values.
"""
_CLASSES = (VehicleClass.ECONOMY, VehicleClass.XL, VehicleClass.WHEELCHAIR)
_POSITION_OF = partial(tuple.__new__, DriverPosition)
CODE_BY_CLASS = {vehicle_class: code for code, vehicle_class in enumerate(_CLASSES)}

# A position gives way to one of the same shift with a higher sequence, or of another shift measured no earlier. Lua
# numbers hold 53 bits, so the 64 bits of the sequence are compared in halves; the time fits.
_NEWER = """
local function newer(new, old)
  local new_high, new_low, new_tag, new_time_high, new_time_low = struct.unpack('>I4I4I4I4I4', new)
  local old_high, old_low, old_tag, old_time_high, old_time_low = struct.unpack('>I4I4I4I4I4', old)
  if new_tag == old_tag then
    return new_high > old_high or (new_high == old_high and new_low > old_low)
  end
  return new_time_high > old_time_high or (new_time_high == old_time_high and new_time_low >= old_time_low)
end
"""

RECORD = (
    _NEWER
    + """
local outcomes = {}
for index = 1, #ARGV, 3 do
  local driver, seconds, value = ARGV[index], ARGV[index + 1], ARGV[index + 2]
  local old = redis.call('HGET', KEYS[1], driver)
  if old and not newer(value, old) then
    outcomes[#outcomes + 1] = 0
  else
    redis.call('HSET', KEYS[1], driver, value)
    redis.call('ZADD', KEYS[2], seconds, driver)
    outcomes[#outcomes + 1] = 1
  end
end
return outcomes
"""
)

LEAVE = (
    _NEWER
    + """
local old = redis.call('HGET', KEYS[1], ARGV[1])
if not old then return 1 end
if newer(old, ARGV[2]) then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1
"""
)

UNLIST = """
local newest = redis.call('ZSCORE', KEYS[1], ARGV[1])
if newest and tonumber(newest) < tonumber(ARGV[2]) then redis.call('ZREM', KEYS[1], ARGV[1]) end
return 0
"""

TRIM = """
local gone = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
for _, driver in ipairs(gone) do
  redis.call('HDEL', KEYS[1], driver)
  redis.call('ZREM', KEYS[2], driver)
end
return {#gone, redis.call('HLEN', KEYS[1])}
"""


def pack(position: DriverPosition) -> bytes:
    """Pack a position into 45 bytes."""
    return LAYOUT.pack(
        position.sequence,
        position.shift_tag,
        round(position.measured_at * 1000),
        round(position.latitude * 1e7),
        round(position.longitude * 1e7),
        CODE_BY_CLASS[position.vehicle_class],
        position.driver_id.bytes,
    )


def unpack(value: bytes) -> DriverPosition | None:
    """Read what `pack` wrote; None for what it did not."""
    return unpack_from(value, 0) if len(value) == LAYOUT.size else None


def unpack_from(packed: bytes, place: int) -> DriverPosition:
    """Read one of several that stand one after another; past the constructor, since a tick reads thousands."""
    sequence, shift_tag, millis, latitude, longitude, code, driver = LAYOUT.unpack_from(packed, place * LAYOUT.size)
    return _POSITION_OF(
        (
            driver_id_from(driver),
            latitude / 1e7,
            longitude / 1e7,
            millis / 1000,
            sequence,
            _CLASSES[code],
            shift_tag,
        )
    )


def location_key(cell: str) -> str:
    """Name the hash of a cell."""
    return f"loc:{{{cell}}}"


def seen_key(cell: str) -> str:
    """Name the sorted set of a cell."""
    return f"seen:{{{cell}}}"


def home_key(driver_id: UUID) -> str:
    """Name the key that holds the cell of a driver."""
    return f"home:{driver_id}"
