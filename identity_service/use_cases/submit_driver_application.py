"""Apply to drive."""

from __future__ import annotations

from uuid import UUID

from identity_service.domain.drivers import (
    ApprovalPolicy,
    Driver,
    DriverStatus,
    Vehicle,
    application,
    check_same_application,
)
from identity_service.domain.events import AccountUpdated, DriverStatusChanged
from identity_service.use_cases.answers import dump, load_driver
from identity_service.use_cases.ports import Request, Store, Transaction
from shared_kernel.clock import Clock
from shared_kernel.errors import NotFound

_AUTOMATIC_REASON = "approved by policy"


class SubmitDriverApplication:
    """Takes an account's one application, names the account after it, and decides if the policy is automatic."""

    def __init__(self, store: Store, policy: ApprovalPolicy, clock: Clock) -> None:
        self._store = store
        self._policy = policy
        self._clock = clock

    async def __call__(self, account_id: UUID, request_id: str, display_name: str, vehicle: Vehicle) -> Driver:
        """Return the driver's standing. The same contents under another request id return it as it is by then.

        Raises:
            AlreadyExists: `application_exists`, with other contents.
            NotFound: `account_not_found`.
            InvalidInput: `invalid_argument`.
            Conflict: `idempotency_key_reused`.
        """
        applied = application(account_id, display_name, vehicle, self._clock.now())
        wanted = applied.vehicle
        fields = (applied.display_name, wanted.model, wanted.color, wanted.plate, wanted.vehicle_class.value)
        request = Request(str(account_id), "SubmitDriverApplication", request_id, fields)
        async with self._store.transaction() as transaction:
            kept = await transaction.requests.claim(request)
            if kept is not None:
                return load_driver(kept)
            driver = await self._apply(transaction, applied)
            await transaction.requests.keep(request, dump(driver))
        return driver

    async def _apply(self, transaction: Transaction, applied: Driver) -> Driver:
        # The account's lock makes applications of one account queue.
        account = await transaction.accounts.find(applied.driver_id, lock=True)
        if account is None:
            raise NotFound("account_not_found", "there is no such account")
        if not await transaction.drivers.add(applied):
            standing = await transaction.drivers.find(applied.driver_id)
            if standing is None:
                raise NotFound("driver_not_found", "there is no such driver")
            check_same_application(standing, applied)
            return standing
        renamed = account.changed(display_name=applied.display_name)
        if renamed is not account:
            await transaction.accounts.save(renamed)
            await transaction.record(AccountUpdated(renamed.account_id, renamed.version, renamed.locale))
        if self._policy is ApprovalPolicy.MANUAL:
            return applied
        approved = applied.decided(DriverStatus.APPROVED, _AUTOMATIC_REASON)
        await transaction.drivers.save(approved)
        await transaction.record(
            DriverStatusChanged(approved.driver_id, approved.version, approved.status, approved.status_reason)
        )
        return approved
