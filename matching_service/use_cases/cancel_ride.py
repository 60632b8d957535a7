"""A rider ends the ride."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from uuid import UUID

from matching_service.domain.events import RideCanceled
from matching_service.domain.ride import Ride
from matching_service.domain.ride_cancels import cancel_fee, canceled_by_rider
from matching_service.domain.ride_states import RideState
from matching_service.use_cases.steps import (
    let_driver_go,
    ride_of_answer,
    ride_of_rider,
    version_moved_on,
    withdraw_offers,
)
from matching_service.use_cases.store_ports import RequestKey, Store, Transaction
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict
from shared_kernel.money import Money


@dataclass(frozen=True, slots=True)
class CancelRide:
    """CancelRide: an offer is withdrawn, a driver let go, the hold released, or the fee collected from it."""

    store: Store
    clock: Clock

    async def __call__(
        self,
        request_id: str,
        rider_id: UUID,
        ride_id: UUID,
        fee_consent_token: str,
        words: str,
        expected_version: int | None = None,
    ) -> Ride:
        """Return the ride after it; a ride that the rider canceled before is returned as it is.

        Raises:
            NotFound: `ride_not_found`.
            Conflict: `not_cancellable`, `fee_consent_required`; `version_moved_on` where another version is expected.
        """
        request = RequestKey(rider_id, "CancelRide", request_id, (str(ride_id), fee_consent_token, words))
        async with self.store.transaction() as tx:
            answer = await tx.claim(request)
            if answer is not None:
                return await ride_of_answer(tx, answer)
            ride = await ride_of_rider(tx, ride_id, rider_id)
            if expected_version is not None and ride.version != expected_version:
                raise version_moved_on(ride)
            if ride.state is not RideState.CANCELED_BY_RIDER:
                ride = await self._cancel(tx, ride, fee_consent_token, words)
            await tx.complete(ride.id.bytes)
            return ride

    async def _cancel(self, tx: Transaction, before: Ride, token: str, words: str) -> Ride:
        now = self.clock.now()
        fee = cancel_fee(before, now)
        if fee.amount_minor:
            await self._check_consent(tx, before, fee, token)
        bound = before.driver.driver_id if before.has_driver and before.driver else None
        told, offered = await withdraw_offers(tx, before, now)
        ride = canceled_by_rider(told, words, now)
        await tx.save_ride(before, ride)
        await tx.tell(RideCanceled(ride, now, bound or offered))
        if bound is not None:
            await let_driver_go(tx, bound, now)
        return ride

    async def _check_consent(self, tx: Transaction, ride: Ride, fee: Money, token: str) -> None:
        consent = await tx.consent_of(ride.id)
        good = (
            consent is not None
            and hmac.compare_digest(consent.token.encode(), token.encode())
            and consent.assigned_at == ride.assigned_at
            and self.clock.now() < consent.expires_at
            and fee <= consent.fee
        )
        if not good:
            raise Conflict(
                "fee_consent_required",
                "this cancel costs a fee; ask for its preview and hand its token over",
                metadata={"currency_code": fee.currency_code, "fee_minor": str(fee.amount_minor)},
            )
