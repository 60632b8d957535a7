"""Share a ride by a link, end the link, and show the ride to who has it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from matching_service.domain.events import RideShared
from matching_service.domain.locations import GONE_SECONDS
from matching_service.domain.ride import Ride
from matching_service.domain.share import Share, blurred, is_shown, share, shows_location
from matching_service.use_cases.location_ports import LiveLocations
from matching_service.use_cases.reader_ports import RideReader
from matching_service.use_cases.steps import ride_not_found
from matching_service.use_cases.store_ports import RequestKey, Store
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound
from shared_kernel.geo import GeoPoint


class Shares(Protocol):
    """Where links are kept: one a ride at most."""

    async def revoke(self, ride_id: UUID) -> None:
        """Forget the link of a ride."""
        ...

    async def find(self, token_hash: bytes, now: datetime) -> Share | None:
        """Return the link of a secret's hash while it lives."""
        ...


@dataclass(frozen=True, slots=True)
class SharedRide:
    """A ride as who has its link sees it, with places that are blurred."""

    ride: Ride
    pickup: GeoPoint
    dropoff: GeoPoint
    location: GeoPoint | None
    measured_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ShareRide:
    """ShareRide and RevokeShare.

    `seal` closes a link's secret to all but who sends it, for its ride alone; `seal_answer` to all but this service,
    whose `open_answer` reads it again for who repeats the request.
    """

    store: Store
    reader: RideReader
    shares: Shares
    clock: Clock
    new_token: Callable[[], str]
    seal: Callable[[str, UUID], bytes]
    seal_answer: Callable[[str, UUID], bytes]
    open_answer: Callable[[bytes, UUID], str]

    async def __call__(
        self, request_id: str, rider_id: UUID, ride_id: UUID, contact_ids: Sequence[UUID] = ()
    ) -> tuple[str, datetime]:
        """Return the secret of a new link, and when it ends; trusted contacts that are named are sent it.

        Asked again: the same link, of which nobody is told again. Without a `request_id` each call makes a link.

        Raises:
            NotFound: `ride_not_found`.
            Conflict: `ride_over`, `link_sent_too_often`.
        """
        fields = (str(ride_id), *map(str, contact_ids))
        async with self.store.transaction() as tx:
            answer = await tx.claim(RequestKey(rider_id, "ShareRide", request_id, fields)) if request_id else None
            if answer is not None:
                expires_at, _, token = self.open_answer(answer, ride_id).partition(" ")
                return token, datetime.fromisoformat(expires_at)
            ride = await tx.lock_ride(ride_id, rider_id=rider_id)
            if ride is None:
                raise ride_not_found()
            now, token = self.clock.now(), self.new_token()
            made = share(ride, _hash(token), now)
            await tx.keep_share(made, is_sent=bool(contact_ids))
            if contact_ids:
                await tx.tell(RideShared(ride, now, tuple(contact_ids), self.seal(token, ride.id)))
            if request_id:
                await tx.complete(self.seal_answer(f"{made.expires_at.isoformat()} {token}", ride.id))
        return token, made.expires_at

    async def revoke(self, ride_id: UUID, rider_id: UUID) -> None:
        """End the link of a ride. Raises NotFound `ride_not_found`."""
        if await self.reader.ride(ride_id, rider_id=rider_id) is None:
            raise ride_not_found()
        await self.shares.revoke(ride_id)


@dataclass(frozen=True, slots=True)
class ReadSharedRide:
    """GetSharedRide."""

    reader: RideReader
    shares: Shares
    locations: LiveLocations
    clock: Clock

    async def __call__(self, token: str) -> SharedRide:
        """Return the ride of a link. Raises NotFound `share_not_found`."""
        now = self.clock.now()
        found = await self.shares.find(_hash(token), now)
        ride = None if found is None else await self.reader.ride(found.ride_id)
        if found is None or ride is None or not is_shown(ride, now):
            raise NotFound("share_not_found", "there is no such link, or it has ended")
        place, measured_at = await self._seen(ride, now)
        return SharedRide(
            ride, blurred(ride.pickup.point), blurred(ride.dropoff.point), place, measured_at, found.expires_at
        )

    async def _seen(self, ride: Ride, now: datetime) -> tuple[GeoPoint | None, datetime | None]:
        if ride.driver is None or not shows_location(ride):
            return None, None
        position = await self.locations.last(ride.driver.driver_id)
        if position is None or now.timestamp() - position.measured_at > GONE_SECONDS:
            return None, None
        return blurred(position.point), datetime.fromtimestamp(position.measured_at, UTC)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
