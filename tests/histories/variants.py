"""Broken variants, each of which some history must show."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from unittest.mock import patch
from uuid import UUID, uuid4

from matching_service.domain.ride import Ride
from matching_service.use_cases import accept_offer
from payment_service.adapters.requests import PostgresRequests
from payment_service.domain.adjustment import RiderAdjustment
from payment_service.domain.wallet import WalletBalance
from payment_service.use_cases import adjust_rider
from payment_service.use_cases.get_wallet import GetWallet
from payment_service.use_cases.repositories import EarlierRequest, RequestKey


@dataclass(frozen=True)
class Variant:
    """A way to break a service, and whose histories must show it."""

    whose: Literal["wallet", "offers"]
    broken: Callable[[], AbstractContextManager[None]]


@contextmanager
def _keys_forgotten() -> Generator[None]:
    claim = PostgresRequests.claim

    async def forgetful(self: PostgresRequests, request: RequestKey, now: datetime) -> EarlierRequest | None:
        object.__setattr__(request, "key", f"{uuid4()}")
        return await claim(self, request, now)

    with patch.object(PostgresRequests, "claim", forgetful):
        yield


@contextmanager
def _wallet_read_from_a_cache() -> Generator[None]:
    # Each history has a rider of its own, so that nothing need ever be read anew.
    read, kept = GetWallet.__call__, dict[UUID, Sequence[WalletBalance]]()

    async def stale(self: GetWallet, rider_id: UUID) -> Sequence[WalletBalance]:
        if rider_id not in kept:
            kept[rider_id] = await read(self, rider_id)
        return kept[rider_id]

    with patch.object(GetWallet, "__call__", stale):
        yield


@contextmanager
def _more_taken_back_than_there_is() -> Generator[None]:
    async def pass_it(work: Any, adjustment: RiderAdjustment) -> None:
        del work, adjustment

    with patch.object(adjust_rider, "_refuse_too_much", pass_it):
        yield


@contextmanager
def _other_offers_left_open() -> Generator[None]:
    async def leave(tx: Any, ride: Ride, now: datetime, *, but: UUID | None = None) -> tuple[Ride, Any]:
        del tx, now, but
        return ride, ()

    with patch.object(accept_offer, "withdraw_offers", leave):
        yield


@contextmanager
def _whoever_accepts_is_told_yes() -> Generator[None]:
    accept = accept_offer.AcceptOffer.__call__

    async def polite(self: accept_offer.AcceptOffer, request_id: str, driver_id: UUID, offer_id: UUID) -> Ride:
        try:
            return await accept(self, request_id, driver_id, offer_id)
        except accept_offer.Conflict:
            async with self.store.transaction() as tx:
                offer = await tx.find_offer(offer_id, driver_id)
                ride = None if offer is None else await tx.lock_ride(offer.ride_id)
            if ride is None:
                raise
            return ride

    with patch.object(accept_offer.AcceptOffer, "__call__", polite):
        yield


VARIANTS: Mapping[str, Variant] = {
    "keys are forgotten": Variant("wallet", _keys_forgotten),
    "the wallet is read from a cache": Variant("wallet", _wallet_read_from_a_cache),
    "more is taken back than there is": Variant("wallet", _more_taken_back_than_there_is),
    "who was too late is told yes": Variant("offers", _whoever_accepts_is_told_yes),
    "the other offers of a broadcast stay open": Variant("offers", _other_offers_left_open),
}
