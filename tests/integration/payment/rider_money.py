"""What riders and operators ask for in the tests of wallets, tips and arrears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from chassis.idempotency import fingerprint
from payment_service.domain.adjustment import AdjustmentKind, RiderAdjustment
from payment_service.domain.ledger import AccountKind
from payment_service.domain.payment import Funding, Payment
from payment_service.domain.wallet import WalletBalance
from payment_service.domain.withdrawal import Withdrawal
from payment_service.use_cases.adjust_rider import AdjustmentRequest
from payment_service.use_cases.repositories import RequestKey
from ridesharing.payment.v1 import events_pb2
from shared_kernel.money import Money
from tests.fakes.payment_psp import FakePsp
from tests.integration.payment.conftest import USD, Payments, fare, usd

OPERATOR_ID = UUID(int=3)


@dataclass
class RiderMoney:
    """The use cases of a rider's money, asked by the rider of `payments` and by an operator."""

    payments: Payments

    def key(self, method: str, key: str | None, *fields: object) -> RequestKey:
        return RequestKey(f"rider:{self.payments.rider_id}", method, key or str(uuid4()), fingerprint(*fields))

    async def top_up(self, amount_minor: int, *, key: str | None = None, method_id: UUID | None = None) -> Payment:
        request = self.key("TopUpWallet", key, amount_minor, str(method_id))
        wallet = self.payments.core.wallet
        return await wallet.top_up_wallet(request, self.payments.rider_id, method_id, usd(amount_minor))

    async def tip(
        self, ride_id: UUID, amount_minor: int, *, key: str | None = None, currency_code: str = USD
    ) -> Payment:
        request = self.key("AddTip", key, str(ride_id), amount_minor, currency_code)
        amount = Money(currency_code, amount_minor)
        return await self.payments.core.use_cases.add_tip(request, self.payments.rider_id, ride_id, amount)

    async def pay_arrears(self, *, key: str | None = None, currency_code: str = USD) -> Payment:
        request = self.key("PayArrears", key, currency_code)
        return await self.payments.core.wallet.pay_arrears(request, self.payments.rider_id, None, currency_code)

    async def withdraw(self, amount_minor: int, *, key: str | None = None) -> Withdrawal:
        request = self.key("WithdrawFromWallet", key, amount_minor)
        wallet = self.payments.core.wallet
        return await wallet.withdraw_from_wallet(request, self.payments.rider_id, usd(amount_minor))

    async def withdrawals(self) -> Sequence[Withdrawal]:
        return (await self.payments.core.wallet.list_withdrawals(self.payments.rider_id, 50, None))[0]

    async def adjust(
        self, kind: AdjustmentKind, amount_minor: int, *, key: str | None = None, rider_id: UUID | None = None
    ) -> RiderAdjustment:
        owner = rider_id or self.payments.rider_id
        wanted = AdjustmentRequest(kind, owner, OPERATOR_ID, usd(amount_minor), "a late driver")
        request = self.key("Adjust", key, kind.value, str(owner), amount_minor)
        return await self.payments.core.wallet.adjust_rider(request, wanted)

    async def balance(self) -> WalletBalance:
        (balance,) = await self.payments.core.wallet.get_wallet(self.payments.rider_id)
        return balance

    async def owe(self, psp: FakePsp, amount_minor: int) -> None:
        """Let the rider owe an amount: a ride's charge above its hold that the card refuses."""
        ride_id = uuid4()
        await self.payments.hold(ride_id, 1000)
        await self.payments.capture(ride_id, fare(1000 + amount_minor))
        psp.decline_charges = True
        await self.payments.core.sweep()
        psp.decline_charges = False

    async def captured(self, funding: Funding = Funding.CARD, *, driver_id: UUID | None = None) -> UUID:
        """Return a ride of 2000 that was paid for."""
        ride_id = uuid4()
        await self.payments.hold(ride_id, 2500, funding=funding)
        await self.payments.capture(ride_id, fare(2000), driver_id=driver_id)
        return ride_id

    async def tipped_drivers(self, payment: Payment) -> list[str]:
        """Return whom the events of a payment that was collected at once name as tipped."""
        statement = "SELECT payload FROM outbox WHERE aggregate_id = :id AND type LIKE '%ChargeCollected' ORDER BY seq"
        rows = await self.payments.rows(statement, id=payment.id)
        return [events_pb2.ChargeCollected.FromString(row["payload"]).tipped_driver_id for row in rows]

    async def posted(self, payment_id: UUID) -> list[tuple[str, str, int]]:
        """Return kind, account kind and amount of every posting of a source."""
        rows = await self.payments.rows(
            "SELECT e.kind, a.kind AS account, p.amount_minor FROM journal_entry e JOIN posting p ON p.entry_id = e.id "
            "JOIN account a ON a.id = p.account_id WHERE e.source_id = :id ORDER BY a.kind",
            id=payment_id,
        )
        return [(row["kind"], row["account"], row["amount_minor"]) for row in rows]

    async def wallet_minor(self) -> int:
        return await self.payments.balance(AccountKind.RIDER_WALLET, self.payments.rider_id)

    async def owed_minor(self) -> int:
        return await self.payments.balance(AccountKind.RIDER_RECEIVABLE, self.payments.rider_id)
