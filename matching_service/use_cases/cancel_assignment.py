"""A driver gives the ride back before the trip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from matching_service.domain import ride_search
from matching_service.domain.offer import ExclusionCause
from matching_service.domain.ride import Ride
from matching_service.use_cases.steps import ride_of_answer, ride_of_driver, take_from_driver, withdraw_offers
from matching_service.use_cases.store_ports import RequestKey, Store
from shared_kernel.clock import Clock

_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class CancelAssignment:
    """CancelAssignment: the rider is matched again without this driver, and keeps the fare."""

    store: Store
    clock: Clock

    async def __call__(
        self, request_id: str, driver_id: UUID, ride_id: UUID, words: str, write: Callable[[Ride], bytes]
    ) -> bytes:
        """Return the ride, looking for a driver again, as `write` writes it; asked again: the same bytes.

        The ride itself goes on without this driver, who would see by a repeated request whom it went to, and where.

        Raises:
            NotFound: `ride_not_found`.
            Conflict: `invalid_transition`.
        """
        async with self.store.transaction() as tx:
            answer = await tx.claim(RequestKey(driver_id, "CancelAssignment", request_id, (str(ride_id), words)))
            if answer is not None:
                # Releases before this one kept the ride's id; no written ride is as short.
                return write(await ride_of_answer(tx, answer)) if len(answer) == _ID_BYTES else answer
            before = await ride_of_driver(tx, ride_id, driver_id)
            now = self.clock.now()
            # Who was asked to come instead is asked anew, as all others are, when the ride looks for a driver again.
            told, _ = await withdraw_offers(tx, before, now)
            ride = ride_search.given_back(told, words, now)
            await take_from_driver(tx, before, ride, ExclusionCause.GAVE_BACK, now)
            written = write(ride)
            await tx.complete(written)
            return written
