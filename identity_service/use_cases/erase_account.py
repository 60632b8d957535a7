"""Erase a person over all services, and tell them before what is kept."""

from __future__ import annotations

import logging
from dataclasses import asdict
from uuid import UUID

from identity_service.domain.actors import POLICY, ActingStaff
from identity_service.domain.audit import Act
from identity_service.domain.drivers import DriverStatus
from identity_service.domain.erasures import Erasure, erasure
from identity_service.domain.events import AccountErased, DriverStatusChanged, SessionEnded
from identity_service.domain.sign_ins import EndReason
from identity_service.domain.texts import clean_text
from identity_service.use_cases.answers import dump_json
from identity_service.use_cases.people_ports import PersonalDataKeepers
from identity_service.use_cases.ports import Store, Transaction
from shared_kernel.clock import Clock
from shared_kernel.erasures import erasure_blocked
from shared_kernel.errors import DomainError, NotFound

_log = logging.getLogger(__name__)
_LAST_WORD = "the account was erased"


class EraseAccount:
    """Takes requests and works them off. Services are called outside of transactions; each answer is written down."""

    def __init__(self, store: Store, keepers: PersonalDataKeepers, clock: Clock) -> None:
        self._store = store
        self._keepers = keepers
        self._clock = clock

    async def request(self, actor: ActingStaff, account_id: UUID, reason: str, *, by_staff: bool) -> Erasure:
        """Begin an erasure; one that was asked for before stands as it is.

        Raises:
            NotFound: `account_not_found`.
            Conflict: `erasure_blocked`.
            InvalidInput: `invalid_argument`, staff gave no reason.
        """
        why = clean_text("reason", reason, required=by_staff)
        standing = await self._standing(account_id)
        if standing is not None:
            return standing
        blockers = await self._keepers.blockers(account_id)
        if blockers:
            raise erasure_blocked(blockers)
        now = self._clock.now()
        async with self._store.transaction() as transaction:
            # The account's lock makes requests queue.
            if await transaction.accounts.find(account_id, lock=True) is None:
                raise NotFound("account_not_found", "there is no such account")
            standing = await transaction.erasures.find(account_id)
            if standing is not None:
                return standing
            fresh = erasure(account_id, now)
            await transaction.erasures.add(fresh)
            for sign_in_id in await transaction.sign_ins.end_all(account_id, EndReason.ERASED, now):
                await transaction.record(SessionEnded(sign_in_id, account_id, EndReason.ERASED))
            await _stop_driving(transaction, account_id)
            await transaction.audit.append(Act(actor, "erasure_requested", "account", str(account_id), why))
        return fresh

    async def read(self, account_id: UUID) -> Erasure:
        """Return how far an erasure has come. Raises NotFound `erasure_not_found`."""
        standing = await self._standing(account_id)
        if standing is None:
            raise NotFound("erasure_not_found", "nobody asked to erase this account")
        return standing

    async def export(self, account_id: UUID) -> bytes:
        """Return all that is kept of a person as one JSON object with a member for each service."""
        others = await self._keepers.export(account_id)
        async with self._store.transaction() as transaction:
            contact = await transaction.accounts.contact(account_id)
            if contact is None:
                raise NotFound("account_not_found", "there is no such account")
            own = await transaction.erasures.own_rows(account_id)
            places = [asdict(place) for place in await transaction.places.of(account_id)]
        numbers = {"phone_number": contact.phone_number, "mail_address": contact.mail_address}
        identity = {**numbers, **own, "places": places}
        return dump_json({"exported_at": self._clock.now(), "account_id": account_id, "identity": identity, **others})

    async def one(self) -> bool:
        """Take one erasure a round further; False if none is due."""
        now = self._clock.now()
        async with self._store.transaction() as transaction:
            due = await transaction.erasures.claim_due(now)
            if due is None:
                return False
            current = due.begun(now)
            await transaction.erasures.save(current)
        for service in current.left:
            try:
                await self._keepers.erase(service, current.account_id)
            except DomainError as error:
                await self._save(current.held_up(f"{service}: {error.reason}"))
                _log.warning("an erasure is held up", extra={"service": service, "cause": error.reason})
                return True
            current = current.erased_by(service)
            await self._save(current)
        await self._finish(current)
        return True

    async def _finish(self, current: Erasure) -> None:
        now = self._clock.now()
        async with self._store.transaction() as transaction:
            await transaction.erasures.empty_account(current.account_id, now)
            await transaction.erasures.save(current.completed(now))
            account = await transaction.accounts.find(current.account_id)
            await transaction.record(AccountErased(current.account_id, account.version if account else 1))
            await transaction.audit.append(Act(POLICY, "account_erased", "account", str(current.account_id)))

    async def _save(self, current: Erasure) -> None:
        async with self._store.transaction() as transaction:
            await transaction.erasures.save(current)

    async def _standing(self, account_id: UUID) -> Erasure | None:
        async with self._store.transaction() as transaction:
            return await transaction.erasures.find(account_id)


async def _stop_driving(transaction: Transaction, account_id: UUID) -> None:
    driver = await transaction.drivers.find(account_id, lock=True)
    if driver is None or driver.status in (DriverStatus.REJECTED, DriverStatus.SUSPENDED):
        return
    wanted = DriverStatus.SUSPENDED if driver.status is DriverStatus.APPROVED else DriverStatus.REJECTED
    stopped = driver.decided(wanted, _LAST_WORD)
    await transaction.drivers.save(stopped)
    await transaction.record(DriverStatusChanged(account_id, stopped.version, stopped.status, stopped.status_reason))
