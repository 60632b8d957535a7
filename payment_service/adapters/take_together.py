"""Takes for a group of works, set by set, what each of them will ask for first: claims, locks and cards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from payment_service.adapters import driver_terms, operations, payment_methods, payments, requests
from payment_service.adapters.driver_terms import PostgresTerms
from payment_service.adapters.operations import PostgresOperations
from payment_service.adapters.payment_methods import PostgresPaymentMethods
from payment_service.adapters.payments import PostgresPayments
from payment_service.adapters.requests import PostgresRequests, name_of
from payment_service.domain.payment import Payment
from payment_service.use_cases.repositories import Needs, RequestKey


class Taking(Protocol):
    """A work of the group, as far as it can be told what is known."""

    claimed: RequestKey | None

    @property
    def requests(self) -> PostgresRequests: ...

    @property
    def payments(self) -> PostgresPayments: ...

    @property
    def payment_methods(self) -> PostgresPaymentMethods: ...

    @property
    def operations(self) -> PostgresOperations: ...

    @property
    def terms(self) -> PostgresTerms: ...


async def take_together(
    connection: AsyncConnection, works: Sequence[Taking], needs: Sequence[Needs], now: datetime
) -> None:
    """Claim and lock what the works need and tell each; what is not found, a work asks for itself."""
    pairs = list(zip(works, needs, strict=True))
    await _claim(connection, pairs, now)
    locked = await _lock_payments(connection, pairs)
    await _lock_operations(connection, pairs, locked)
    await _read_cards(connection, locked)
    await _read_terms(connection, pairs, now)


async def _claim(connection: AsyncConnection, pairs: Sequence[tuple[Taking, Needs]], now: datetime) -> None:
    claims = [need.request for _, need in pairs if need.request is not None]
    if not claims:
        return
    fresh = await requests.claim_all(connection, claims, now)
    for work, need in pairs:
        if need.request is not None and name_of(need.request) in fresh:
            work.claimed = need.request
            work.requests.know_claimed(need.request)


async def _lock_payments(
    connection: AsyncConnection, pairs: Sequence[tuple[Taking, Needs]]
) -> list[tuple[Taking, Payment]]:
    by_ride = {need.ride_id: work for work, need in pairs if need.ride_id is not None}
    by_id = {need.payment_id: work for work, need in pairs if need.payment_id is not None}
    found: list[tuple[Taking, Payment]] = []
    if by_ride:
        found += [
            (by_ride[payment.ride_id], payment)
            for payment in await payments.lock_of_rides(connection, list(by_ride))
            if payment.ride_id is not None
        ]
    if by_id:
        found += [(by_id[payment.id], payment) for payment in await payments.lock_with_ids(connection, list(by_id))]
    for work, payment in found:
        work.payments.know(payment)
    return found


async def _lock_operations(
    connection: AsyncConnection, pairs: Sequence[tuple[Taking, Needs]], locked: Sequence[tuple[Taking, Payment]]
) -> None:
    by_id = {need.operation_id: work for work, need in pairs if need.operation_id is not None}
    if by_id:
        for operation in await operations.lock_all(connection, list(by_id)):
            by_id[operation.id].operations.know(operation)
    beginning = {work for work, need in pairs if need.operation_id is None}
    unasked = {payment.id: work for work, payment in locked if work in beginning}
    if unasked:
        with_open = await operations.with_open(connection, list(unasked))
        for payment_id, work in unasked.items():
            if payment_id not in with_open:
                work.operations.know_none_open(payment_id)


async def _read_cards(connection: AsyncConnection, locked: Sequence[tuple[Taking, Payment]]) -> None:
    wanted = {payment.payment_method_id for _, payment in locked if payment.payment_method_id is not None}
    if not wanted:
        return
    found = {method.id: method for method in await payment_methods.read_all(connection, list(wanted))}
    for work, payment in locked:
        method = None if payment.payment_method_id is None else found.get(payment.payment_method_id)
        if method is not None:
            work.payment_methods.know(method)


async def _read_terms(connection: AsyncConnection, pairs: Sequence[tuple[Taking, Needs]], now: datetime) -> None:
    wanted = {need.driver_id for _, need in pairs if need.driver_id is not None}
    if not wanted:
        return
    found = {terms.driver_id: terms for terms in await driver_terms.read_in_force(connection, list(wanted), now)}
    for work, need in pairs:
        if need.driver_id is not None:
            work.terms.know(need.driver_id, found.get(need.driver_id))
