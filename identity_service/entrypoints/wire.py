"""Between the contract's messages and the domain's objects."""

from __future__ import annotations

import base64
import binascii
import struct
from datetime import UTC, datetime, timedelta
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from identity_service.domain.accounts import Account
from identity_service.domain.drivers import Driver, DriverStatus, Vehicle, VehicleClass
from identity_service.domain.sign_ins import SignInRole, TokenPair
from ridesharing.common.v1 import access_pb2
from ridesharing.identity.v1 import accounts_pb2
from shared_kernel.errors import FieldViolation, InvalidInput

_ROLES = {
    SignInRole.RIDER: access_pb2.ROLE_RIDER,
    SignInRole.DRIVER: access_pb2.ROLE_DRIVER,
    SignInRole.SUPPORT: access_pb2.ROLE_SUPPORT,
    SignInRole.OPERATOR: access_pb2.ROLE_OPERATOR,
    SignInRole.ADMIN: access_pb2.ROLE_ADMIN,
}
_ROLES_BY_NUMBER = {number: role for role, number in _ROLES.items()}
_STATUSES = {
    DriverStatus.PENDING: accounts_pb2.DRIVER_STATUS_PENDING,
    DriverStatus.APPROVED: accounts_pb2.DRIVER_STATUS_APPROVED,
    DriverStatus.REJECTED: accounts_pb2.DRIVER_STATUS_REJECTED,
    DriverStatus.SUSPENDED: accounts_pb2.DRIVER_STATUS_SUSPENDED,
}
_STATUSES_BY_NUMBER = {number: status for status, number in _STATUSES.items()}
_CLASSES = {
    VehicleClass.ECONOMY: accounts_pb2.VEHICLE_CLASS_ECONOMY,
    VehicleClass.XL: accounts_pb2.VEHICLE_CLASS_XL,
    VehicleClass.WHEELCHAIR: accounts_pb2.VEHICLE_CLASS_WHEELCHAIR,
}
_CLASSES_BY_NUMBER = {number: vehicle_class for vehicle_class, number in _CLASSES.items()}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = struct.Struct(">q16s")


def to_timestamp(moment: datetime) -> Timestamp:
    """Write a time."""
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp


def to_account(account: Account) -> accounts_pb2.Account:
    """Write an account."""
    return accounts_pb2.Account(
        account_id=str(account.account_id),
        display_name=account.display_name,
        phone_last_digits=account.phone_last_digits,
        locale=account.locale,
        create_time=to_timestamp(account.created_at),
        version=account.version,
    )


def to_token_pair(pair: TokenPair) -> accounts_pb2.TokenPair:
    """Write a token pair."""
    return accounts_pb2.TokenPair(
        access_token=pair.access_token,
        access_expire_time=to_timestamp(pair.access_expires_at),
        refresh_token=pair.refresh_token,
        refresh_expire_time=to_timestamp(pair.refresh_expires_at),
        role=_ROLES[pair.role],
    )


def to_driver(driver: Driver) -> accounts_pb2.Driver:
    """Write a driver."""
    return accounts_pb2.Driver(
        driver_id=str(driver.driver_id),
        display_name=driver.display_name,
        status=_STATUSES[driver.status],
        vehicle=accounts_pb2.Vehicle(
            model=driver.vehicle.model,
            color=driver.vehicle.color,
            plate=driver.vehicle.plate,
            vehicle_class=_CLASSES[driver.vehicle.vehicle_class],
        ),
        version=driver.version,
    )


def to_role(role: SignInRole) -> access_pb2.Role.ValueType:
    """Write a role that people sign in with."""
    return _ROLES[role]


def from_role(number: int) -> SignInRole:
    """Read a role that people sign in with; the contract admits no other."""
    return _ROLES_BY_NUMBER[access_pb2.Role.ValueType(number)]


def to_status(status: DriverStatus) -> accounts_pb2.DriverStatus.ValueType:
    """Write where a driver stands."""
    return _STATUSES[status]


def from_status(number: int) -> DriverStatus:
    """Read a status that is set."""
    return _STATUSES_BY_NUMBER[accounts_pb2.DriverStatus.ValueType(number)]


def from_vehicle(vehicle: accounts_pb2.Vehicle) -> Vehicle:
    """Read a vehicle."""
    return Vehicle(vehicle.model, vehicle.color, vehicle.plate, _CLASSES_BY_NUMBER[vehicle.vehicle_class])


def write_page_token(after: tuple[datetime, UUID] | None) -> str:
    """Write where a page ended: the application's time in microseconds and the driver; empty on the last page."""
    if after is None:
        return ""
    moment, driver_id = after
    packed = _CURSOR.pack((moment - _EPOCH) // timedelta(microseconds=1), driver_id.bytes)
    return base64.urlsafe_b64encode(packed).decode()


def read_page_token(token: str) -> tuple[datetime, UUID] | None:
    """Read where the last page ended; None for an empty token.

    Raises:
        InvalidInput: `invalid_page_token`.
    """
    if not token:
        return None
    try:
        micros, raw_id = _CURSOR.unpack(base64.b64decode(token, altchars=b"-_", validate=True))
        return _EPOCH + timedelta(microseconds=micros), UUID(bytes=raw_id)
    except (binascii.Error, struct.error, OverflowError, ValueError):
        raise InvalidInput(
            "invalid_page_token",
            "the page token is not one that was given out",
            violations=[FieldViolation("page_token", "must be the next_page_token of an answer")],
        ) from None
