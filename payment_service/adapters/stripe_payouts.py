"""Drivers' money on Stripe Connect: a connected account a driver, transfers to it, payouts from it to the bank."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import stripe

from payment_service.adapters import stripe_amounts
from payment_service.adapters.stripe_amounts import to_stripe
from payment_service.adapters.stripe_calls import PAGE, told
from payment_service.domain.operation import Operation
from payment_service.domain.payout_account import Bank
from payment_service.domain.payout_orders import PayoutOrder, SendPayoutOrder, TakeBackOrder, TransferOrder
from payment_service.use_cases.outcomes import Declined, NotSent, Outcome, Succeeded, Unknown
from payment_service.use_cases.payout_psp import PayoutFate, PayoutSeen
from shared_kernel.money import Money

_LOOK_BACK = timedelta(hours=1)
"""How far the PSP's clock may be behind ours."""
_FATES = {"paid": PayoutFate.PAID, "failed": PayoutFate.FAILED, "canceled": PayoutFate.FAILED}


class StripePayouts:
    """See `payout_psp.PayoutProvider`."""

    _api: stripe.V1Services

    async def open_driver_account(self, key: str, driver_id: UUID, country_code: str) -> Outcome:
        async def call() -> Outcome:
            account = await self._api.accounts.create_async(
                {
                    "type": "custom",
                    "country": country_code,
                    "business_type": "individual",
                    "capabilities": {"transfers": {"requested": True}},
                    # Stripe pays nothing out by itself: when and how much is decided here.
                    "settings": {"payouts": {"schedule": {"interval": "manual"}}},
                    "metadata": {"driver_id": str(driver_id)},
                },
                {"idempotency_key": key},
            )
            return Succeeded(account.id)

        return await told(call)

    async def add_bank(self, key: str, operation_id: UUID, psp_account_id: str, token: str) -> Outcome:
        async def call() -> Outcome:
            bank = await self._api.accounts.external_accounts.create_async(
                psp_account_id,
                {
                    "external_account": token,
                    "default_for_currency": True,
                    "metadata": {"op_id": str(operation_id)},
                },
                {"idempotency_key": key},
            )
            return _added(bank)

        outcome = await told(call)
        if not isinstance(outcome, Declined):
            return outcome
        # A token is taken once: an earlier try may have used it up for this very operation.
        found = await told(lambda: self._bank_of(operation_id, psp_account_id))
        if found is not None:
            return found
        return Declined("invalid_bank_token") if outcome.reason in _BAD_TOKENS else outcome

    def payable(self, amount: Money) -> Money:
        return stripe_amounts.payable(amount)

    async def transfer(self, key: str, operation_id: UUID, order: TransferOrder) -> Outcome:
        async def call() -> Outcome:
            transfer = await self._api.transfers.create_async(
                {
                    "amount": to_stripe(order.amount),
                    "currency": order.amount.currency_code.lower(),
                    "destination": order.psp_account_id,
                    "transfer_group": str(order.payout_id),
                    "metadata": {"op_id": str(operation_id), "payout_id": str(order.payout_id)},
                },
                {"idempotency_key": key},
            )
            return Succeeded(transfer.id)

        return await told(call)

    async def send_payout(self, key: str, operation_id: UUID, order: SendPayoutOrder) -> Outcome:
        async def call() -> Outcome:
            payout = await self._api.payouts.create_async(
                {
                    "amount": to_stripe(order.amount),
                    "currency": order.amount.currency_code.lower(),
                    "destination": order.psp_bank_id,
                    "metadata": {"op_id": str(operation_id), "payout_id": str(order.payout_id)},
                },
                {"idempotency_key": key, "stripe_account": order.psp_account_id},
            )
            return Succeeded(payout.id)

        return await told(call)

    async def take_back(self, key: str, order: TakeBackOrder) -> Outcome:
        async def call() -> Outcome:
            reversal = await self._api.transfers.reversals.create_async(
                order.psp_transfer_id, None, {"idempotency_key": key}
            )
            return Succeeded(reversal.id)

        outcome = await told(call)
        if isinstance(outcome, Declined):
            # It may be reversed already: an earlier try did it.
            return await told(lambda: self._reversal_of(order)) or outcome
        return outcome

    async def see_payout(self, psp_account_id: str, psp_payout_id: str) -> PayoutSeen | Declined | NotSent | Unknown:
        async def look() -> PayoutSeen:
            payout = await self._api.payouts.retrieve_async(psp_payout_id, None, {"stripe_account": psp_account_id})
            fate = _FATES.get(payout.status, PayoutFate.UNDER_WAY)
            reason = (payout.failure_code or payout.status) if fate is PayoutFate.FAILED else ""
            return PayoutSeen(fate, reason)

        return await told(look)

    async def look_up_payout(self, operation: Operation, order: PayoutOrder) -> Outcome | None:
        """Look for a step's effect: see `PaymentServiceProvider.look_up`. May raise what the library raises."""
        since = int((operation.created_at - _LOOK_BACK).timestamp())
        match order:
            case TransferOrder():
                transfers = await self._api.transfers.list_async(
                    {"destination": order.psp_account_id, "created": {"gte": since}, "limit": PAGE}
                )
                named, has_more = [(it.id, it.metadata) for it in transfers.data], transfers.has_more
            case SendPayoutOrder():
                payouts = await self._api.payouts.list_async(
                    {"created": {"gte": since}, "limit": PAGE}, {"stripe_account": order.psp_account_id}
                )
                named, has_more = [(it.id, it.metadata or {}) for it in payouts.data], payouts.has_more
            case TakeBackOrder():
                return await self._reversal_of(order)
        for psp_id, metadata in named:
            if "op_id" in metadata and metadata["op_id"] == str(operation.id):
                return Succeeded(psp_id)
        return Unknown("too_many_to_tell") if has_more else None

    async def _reversal_of(self, order: TakeBackOrder) -> Outcome | None:
        transfer = await self._api.transfers.retrieve_async(order.psp_transfer_id)
        if not transfer.reversed:
            return None
        reversals = transfer.reversals.data
        return Succeeded(reversals[0].id if reversals else transfer.id)

    async def _bank_of(self, operation_id: UUID, psp_account_id: str) -> Outcome | None:
        known = await self._api.accounts.external_accounts.list_async(
            psp_account_id, {"object": "bank_account", "limit": PAGE}
        )
        for bank in known.data:
            metadata = bank.metadata or {}
            if "op_id" in metadata and metadata["op_id"] == str(operation_id):
                return _added(bank)
        return None


_BAD_TOKENS = ("resource_missing", "token_already_used", "token_invalid", "invalid_request")


def _added(bank: stripe.BankAccount | stripe.Card) -> Outcome:
    if not isinstance(bank, stripe.BankAccount):
        return Declined("not_a_bank_account")
    return Succeeded(
        bank.id,
        bank=Bank(
            psp_bank_id=bank.id,
            currency_code=bank.currency.upper(),
            country_code=bank.country,
            bank_name=bank.bank_name or "",
            last_digits=bank.last4,
        ),
    )
