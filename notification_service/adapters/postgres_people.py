"""Devices, preferences and quiet hours in Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from notification_service.adapters.people_tables import devices, ended_sign_ins, preferences, quiet_hours
from notification_service.domain.channels import Channel
from notification_service.domain.device import MAX_DEVICES, Device
from notification_service.domain.preferences import QuietHours, Subject
from shared_kernel.errors import Conflict
from shared_kernel.ids import IdSource

_TAKE_FROM_OTHERS = text("""
    UPDATE device SET removed_at = :now, removed_because = 'other_account', token = ''
    WHERE platform = :platform AND token = :token AND removed_at IS NULL AND account_id <> :account_id
""")
_REGISTER = text("""
    INSERT INTO device (device_id, account_id, platform, app, token, created_at, seen_at, sign_in_id)
    VALUES (:device_id, :account_id, :platform, :app, :token, :now, :now, :sign_in_id)
    ON CONFLICT (platform, token) WHERE removed_at IS NULL
    DO UPDATE SET seen_at = excluded.seen_at, app = excluded.app,
                  sign_in_id = coalesce(excluded.sign_in_id, device.sign_in_id)
    WHERE device.account_id = excluded.account_id
    RETURNING device_id, platform, app, created_at, seen_at
""")
_KEEP_FEW = text("""
    UPDATE device SET removed_at = :now, removed_because = 'too_many', token = ''
    WHERE device_id IN (
        SELECT device_id FROM device WHERE account_id = :account_id AND removed_at IS NULL
        ORDER BY seen_at DESC, device_id DESC OFFSET :most)
""")


# One at a time of an account: what is registered beside the end of its sign-in is seen by one of the two.
_TAKE_TURNS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('sign-ins of ' || CAST(:account_id AS uuid)::text, 0))"
)


async def end_sign_in(
    connection: AsyncConnection, account_id: UUID, sign_in_id: UUID, replaced_by: UUID | None, now: datetime
) -> None:
    """Note that a sign-in ended; drop its devices, or hand them on to the live one in its place."""
    await connection.execute(_TAKE_TURNS, {"account_id": account_id})
    note = insert(ended_sign_ins).values(sign_in_id=sign_in_id, account_id=account_id, ended_at=now)
    await connection.execute(note.on_conflict_do_nothing())
    own = update(devices).where(
        devices.c.account_id == account_id, devices.c.sign_in_id == sign_in_id, devices.c.removed_at.is_(None)
    )
    if replaced_by is not None and not await _has_ended(connection, replaced_by):
        await connection.execute(own.values(sign_in_id=replaced_by))
    else:
        await connection.execute(own.values(removed_at=now, removed_because="signed_out", token=""))


async def _has_ended(connection: AsyncConnection, sign_in_id: UUID) -> bool:
    known = select(ended_sign_ins.c.sign_in_id).where(ended_sign_ins.c.sign_in_id == sign_in_id)
    return await connection.scalar(known) is not None


class PostgresPeople:
    """What people have told of how they want to be reached."""

    def __init__(self, database: Database, new_id: IdSource) -> None:
        self._database = database
        self._new_id = new_id

    async def register_device(
        self, account_id: UUID, platform: str, app: str, token: str, now: datetime, sign_in_id: UUID | None
    ) -> Device:
        """Register a device, or note that it was seen; take its token from whoever else had it."""
        values: dict[str, Any] = {"account_id": account_id, "platform": platform, "token": token, "now": now}
        fresh = {**values, "app": app, "device_id": self._new_id(), "sign_in_id": sign_in_id}
        async with self._database.transaction() as connection:
            if sign_in_id is not None:
                await connection.execute(_TAKE_TURNS, {"account_id": account_id})
                if await _has_ended(connection, sign_in_id):
                    raise Conflict("session_ended", "this device was signed out: sign in again")
            await connection.execute(_TAKE_FROM_OTHERS, values)
            row = (await connection.execute(_REGISTER, fresh)).first()
            if row is None:
                raise Conflict("device_busy", "another account registers this device just now: ask again")
            await connection.execute(_KEEP_FEW, {"account_id": account_id, "now": now, "most": MAX_DEVICES})
        return _device(row)

    async def devices(self, account_id: UUID) -> Sequence[Device]:
        """Return an account's devices, the one seen last first."""
        statement = (
            select(devices)
            .where(devices.c.account_id == account_id, devices.c.removed_at.is_(None))
            .order_by(devices.c.seen_at.desc(), devices.c.device_id.desc())
        )
        async with self._database.connect() as connection:
            return [_device(row) for row in await connection.execute(statement)]

    async def remove_device(self, account_id: UUID, device_id: UUID, now: datetime) -> bool:
        """Forget a device of an account's own; False where it never was."""
        own = (devices.c.device_id == device_id, devices.c.account_id == account_id)
        statement = (
            update(devices)
            .where(*own, devices.c.removed_at.is_(None))
            .values(removed_at=now, removed_because="removed", token="")
        )
        async with self._database.connect() as connection:
            await connection.execute(statement)
            return await connection.scalar(select(devices.c.device_id).where(*own)) is not None

    async def wishes(self, account_id: UUID) -> tuple[frozenset[tuple[Subject, Channel]], QuietHours | None]:
        """Return what is not wanted, and the quiet hours."""
        unwanted = select(preferences).where(preferences.c.account_id == account_id, ~preferences.c.wanted)
        hours = select(quiet_hours).where(quiet_hours.c.account_id == account_id)
        async with self._database.connect() as connection:
            rows = await connection.execute(unwanted)
            pairs = frozenset((Subject(row.subject), Channel(row.channel)) for row in rows)
            row = (await connection.execute(hours)).first()
        return pairs, QuietHours(row.time_zone, row.begins_at, row.ends_at) if row else None

    async def set_preference(
        self, account_id: UUID, subject: Subject, channel: Channel, now: datetime, *, wanted: bool
    ) -> None:
        """Keep a choice."""
        values = {"subject": subject.value, "channel": channel.value, "wanted": wanted, "changed_at": now}
        statement = insert(preferences).values(account_id=account_id, **values)
        async with self._database.connect() as connection:
            await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["account_id", "subject", "channel"], set_={"wanted": wanted, "changed_at": now}
                )
            )

    async def set_quiet_hours(self, account_id: UUID, hours: QuietHours | None) -> None:
        """Keep quiet hours, or none."""
        async with self._database.connect() as connection:
            if hours is None:
                await connection.execute(delete(quiet_hours).where(quiet_hours.c.account_id == account_id))
                return
            values = {"time_zone": hours.time_zone, "begins_at": hours.begins_at, "ends_at": hours.ends_at}
            statement = insert(quiet_hours).values(account_id=account_id, **values)
            await connection.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=values))


def _device(row: Any) -> Device:
    return Device(row.device_id, row.platform, row.app, row.created_at, row.seen_at)
