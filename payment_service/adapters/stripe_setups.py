"""Set-up intents at Stripe: cards set up for charges in their holders' absence."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import stripe

from payment_service.domain.orders import SetUpCardOrder
from payment_service.domain.payment_method import Card
from payment_service.use_cases.outcomes import (
    ActionRequired,
    Declined,
    HolderAction,
    Outcome,
    Pending,
    Succeeded,
    Unknown,
)

_EXPAND = ["payment_method"]


async def set_up(
    api: stripe.SetupIntentService, key: str, operation_id: UUID, customer_id: str, order: SetUpCardOrder
) -> Outcome:
    """Make and confirm a set-up of the card of a token for a customer."""
    setup = await api.create_async(
        {
            "customer": customer_id,
            "payment_method": order.token,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "usage": "off_session",
            "confirm": True,
            "expand": [*_EXPAND],
            "metadata": {"op_id": str(operation_id)},
        },
        {"idempotency_key": key},
    )
    return judge_setup(setup)


async def read(api: stripe.SetupIntentService, psp_setup_id: str) -> Outcome:
    """Tell how a set-up stands."""
    return judge_setup(await api.retrieve_async(psp_setup_id, {"expand": [*_EXPAND]}))


def judge_setup(setup: stripe.SetupIntent) -> Outcome:
    """Return what has come of a set-up; one that wants another card is over."""
    match setup.status:
        case "succeeded":
            return _succeeded(setup)
        case "processing":
            return Pending(setup.id)
        case "requires_action" | "requires_confirmation":
            return ActionRequired(setup.id, _action(setup))
        case "requires_payment_method":
            return Declined(_last_error(setup))
        case "canceled":
            return Declined("canceled")
        case _:
            return Unknown(f"unexpected_{setup.status}")


def card_of(method: stripe.PaymentMethod) -> Card | None:
    """Describe the card that a payment method is, None where it is something else."""
    card = method.card
    return None if card is None else Card(method.id, card.brand, card.last4 or "", card.exp_month, card.exp_year)


def _succeeded(setup: stripe.SetupIntent) -> Outcome:
    method = setup.payment_method
    if method is None or isinstance(method, str):
        return Unknown("no_card_shown")
    card = card_of(method)
    return Declined("not_a_card") if card is None else Succeeded(setup.id, card)


def _action(setup: stripe.SetupIntent) -> HolderAction:
    action = setup.next_action
    # Stripe leaves out what does not apply to the kind of action.
    redirect = getattr(action, "redirect_to_url", None)
    return HolderAction(
        "" if action is None else action.type,
        setup.client_secret or "",
        "" if redirect is None else redirect.url or "",
    )


def _last_error(setup: stripe.SetupIntent) -> str:
    error = cast("Any", setup.last_setup_error)
    if error is None:
        return "card_declined"
    return str(getattr(error, "decline_code", None) or getattr(error, "code", None) or "card_declined")
