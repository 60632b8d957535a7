"""The PSP port on Stripe's own library: cards, holds by manual capture, captures, voids, charges and look-ups.

Refunds, disputes and what is only read are in modules of their own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import stripe

from payment_service.adapters import stripe_setups
from payment_service.adapters.stripe_amounts import to_stripe
from payment_service.adapters.stripe_calls import told as _told
from payment_service.adapters.stripe_disputes import StripeDisputes
from payment_service.adapters.stripe_http import BoundedHttpClient
from payment_service.adapters.stripe_intents import judge
from payment_service.adapters.stripe_payments import StripePayments
from payment_service.adapters.stripe_payouts import StripePayouts
from payment_service.adapters.stripe_refunds import StripeRefunds
from payment_service.adapters.stripe_transactions import page_of_transactions
from payment_service.domain.operation import Operation
from payment_service.domain.orders import (
    AcceptDisputeOrder,
    CaptureOrder,
    ChargeOrder,
    EvidenceOrder,
    FinishCardSetupOrder,
    HoldOrder,
    IncrementOrder,
    RefundOrder,
    RemoveCardOrder,
    SetUpCardOrder,
    VoidOrder,
)
from payment_service.domain.payout_orders import PayoutOrder
from payment_service.use_cases.outcomes import Declined, Outcome, Succeeded, TransactionPage, Unknown

_LOOK_BACK = timedelta(hours=1)
"""How far the PSP's clock may be behind ours."""
_PAGE = 100
_MOST_SEEN = 1000


class StripePsp(StripePayments, StripeRefunds, StripeDisputes, StripePayouts):
    """See `ports.PaymentServiceProvider`."""

    def __init__(self, url: str, api_key: str, *, timeout_seconds: float) -> None:
        """Make it.

        Args:
            url: where the API is, without a slash at its end.
            api_key: the secret key.
            timeout_seconds: for a free connection, for connecting, and between two signs of life.
        """
        stripe.enable_telemetry = False
        self._http = BoundedHttpClient(timeout_seconds)
        # No retries in the library: every sending is an operation's try, and is written down.
        client = stripe.StripeClient(
            api_key, base_addresses={"api": url.rstrip("/")}, http_client=self._http, max_network_retries=0
        )
        self._api = client.v1

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close_async()

    async def create_customer(self, key: str, rider_id: UUID) -> Outcome:
        async def call() -> Outcome:
            customer = await self._api.customers.create_async(
                {"metadata": {"rider_id": str(rider_id)}}, {"idempotency_key": key}
            )
            return Succeeded(customer.id)

        return await _told(call)

    async def attach_card(self, key: str, customer_id: str, token: str) -> Outcome:
        async def call() -> Outcome:
            method = await self._api.payment_methods.attach_async(
                token, {"customer": customer_id}, {"idempotency_key": key}
            )
            return _attached(method)

        outcome = await _told(call)
        if outcome == Declined("payment_method_already_attached"):
            return await _told(lambda: self._already_attached(customer_id, token))
        if outcome == Declined("resource_missing"):
            return Declined("invalid_card_token")
        return outcome

    async def detach_card(self, key: str, order: RemoveCardOrder) -> Outcome:
        async def call() -> Outcome:
            method = await self._api.payment_methods.detach_async(order.psp_card_id, None, {"idempotency_key": key})
            return Succeeded(method.id)

        return await _told(call)

    async def set_up_card(self, key: str, operation_id: UUID, customer_id: str, order: SetUpCardOrder) -> Outcome:
        outcome = await _told(
            lambda: stripe_setups.set_up(self._api.setup_intents, key, operation_id, customer_id, order)
        )
        return Declined("invalid_card_token") if outcome == Declined("resource_missing") else outcome

    async def read_card_setup(self, psp_setup_id: str) -> Outcome:
        return await _told(lambda: stripe_setups.read(self._api.setup_intents, psp_setup_id))

    async def authorize(self, key: str, operation_id: UUID, order: HoldOrder) -> Outcome:
        async def call() -> Outcome:
            intent = await self._api.payment_intents.create_async(
                {
                    "amount": to_stripe(order.amount),
                    "currency": order.amount.currency_code.lower(),
                    "customer": order.customer_id,
                    "payment_method": order.psp_card_id,
                    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                    "capture_method": "manual",
                    "confirm": True,
                    # The rider waits for a car, not at a bank's page: a card that asks for more is declined.
                    "off_session": True,
                    "expand": ["latest_charge"],
                    "payment_method_options": {"card": {"request_incremental_authorization": "if_available"}},
                    "metadata": {"op_id": str(operation_id), "ride_id": str(order.ride_id)},
                },
                {"idempotency_key": key},
            )
            return judge(intent, order) or Unknown("no_effect_shown")

        return await _told(call)

    async def charge(self, key: str, operation_id: UUID, order: ChargeOrder) -> Outcome:
        async def call() -> Outcome:
            intent = await self._api.payment_intents.create_async(
                {
                    "amount": to_stripe(order.amount),
                    "currency": order.amount.currency_code.lower(),
                    "customer": order.customer_id,
                    "payment_method": order.psp_card_id,
                    "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
                    "confirm": True,
                    "off_session": True,
                    "metadata": {"op_id": str(operation_id)},
                },
                {"idempotency_key": key},
            )
            return judge(intent, order) or Unknown("no_effect_shown")

        return await _told(call)

    async def increment(self, key: str, operation_id: UUID, order: IncrementOrder) -> Outcome:
        async def call() -> Outcome:
            intent = await self._api.payment_intents.increment_authorization_async(
                order.psp_payment_id,
                {"amount": to_stripe(order.amount), "metadata": {"increment_op_id": str(operation_id)}},
                {"idempotency_key": key},
            )
            return judge(intent, order) or Unknown("no_effect_shown")

        return await self._or_as_it_stands(order, await _told(call))

    async def capture(self, key: str, operation_id: UUID, order: CaptureOrder) -> Outcome:
        async def call() -> Outcome:
            intent = await self._api.payment_intents.capture_async(
                order.psp_payment_id,
                {"amount_to_capture": to_stripe(order.amount), "metadata": {"capture_op_id": str(operation_id)}},
                {"idempotency_key": key},
            )
            return judge(intent, order) or Unknown("no_effect_shown")

        return await self._or_as_it_stands(order, await _told(call))

    async def void(self, key: str, order: VoidOrder) -> Outcome:
        async def call() -> Outcome:
            intent = await self._api.payment_intents.cancel_async(order.psp_payment_id, None, {"idempotency_key": key})
            return judge(intent, order) or Unknown("no_effect_shown")

        return await self._or_as_it_stands(order, await _told(call))

    async def list_transactions(self, since: datetime | None, after: str, limit: int) -> TransactionPage | Outcome:
        return await _told(lambda: page_of_transactions(self._api, since, after, limit))

    async def look_up(self, operation: Operation) -> Outcome | None:
        order = operation.order
        if isinstance(order, PayoutOrder):
            return await _told(lambda: self.look_up_payout(operation, order))

        async def look() -> Outcome | None:
            match order:
                case CaptureOrder() | VoidOrder() | IncrementOrder():
                    return judge(await self._api.payment_intents.retrieve_async(order.psp_payment_id), order)
                case HoldOrder() | ChargeOrder() if operation.psp_object_id:
                    return judge(await self._api.payment_intents.retrieve_async(operation.psp_object_id), order)
                case HoldOrder() | ChargeOrder():
                    return await self._find(operation, order)
                case SetUpCardOrder() | FinishCardSetupOrder() if operation.psp_object_id:
                    return await stripe_setups.read(self._api.setup_intents, operation.psp_object_id)
                case RefundOrder() | EvidenceOrder() | AcceptDisputeOrder():
                    return await self._find_back(operation, order)
                case _:
                    return Unknown("leaves_no_trace")

        return await _told(look)

    async def _find_back(
        self, operation: Operation, order: RefundOrder | EvidenceOrder | AcceptDisputeOrder
    ) -> Outcome | None:
        if isinstance(order, RefundOrder):
            return await self.find_refund(operation, order)
        return await self.find_dispute(operation, order)

    async def _find(self, operation: Operation, order: HoldOrder | ChargeOrder) -> Outcome | None:
        # Stripe's search lags behind its writes; a list does not, so only a list can show that there is nothing.
        since = int((operation.created_at - _LOOK_BACK).timestamp())
        page = await self._api.payment_intents.list_async(
            {"customer": order.customer_id, "created": {"gte": since}, "limit": _PAGE}
        )
        seen = 0
        async for intent in page.auto_paging_iter():
            seen += 1
            if seen > _MOST_SEEN:
                return Unknown("too_many_to_tell")
            if "op_id" in (intent.metadata or {}) and intent.metadata["op_id"] == str(operation.id):
                return judge(intent, order)
        return None

    async def _or_as_it_stands(self, order: CaptureOrder | VoidOrder | IncrementOrder, outcome: Outcome) -> Outcome:
        # Refused for the state it is in, and that may be the very state we want: an earlier try brought it there.
        if not isinstance(outcome, Declined):
            return outcome

        async def look() -> Outcome:
            intent = await self._api.payment_intents.retrieve_async(order.psp_payment_id)
            return judge(intent, order) or outcome

        return await _told(look)

    async def _already_attached(self, customer_id: str, token: str) -> Outcome:
        method = await self._api.payment_methods.retrieve_async(token)
        owner = method.customer if isinstance(method.customer, str) else None
        return _attached(method) if owner == customer_id else Declined("invalid_card_token")


def _attached(method: stripe.PaymentMethod) -> Outcome:
    card = stripe_setups.card_of(method)
    return Declined("not_a_card") if card is None else Succeeded(method.id, card)
