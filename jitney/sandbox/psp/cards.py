"""Stripe's test cards, by their tokens: `tok_visa` and `pm_card_visa` are the same card, and so on.

Names and behaviors are those of Stripe's testing guide. A card whose issuer refuses is refused already when it is
attached to a customer, as there; `chargeCustomerFail` is the one that attaches and is refused when it is charged. To
have any other card refused at a chosen moment, script the fault `decline`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from jitney.sandbox.psp.errors import StripeError


@dataclass(frozen=True, slots=True)
class Decline:
    """An issuer's refusal: Stripe's code and decline code, and the words for the cardholder."""

    code: str
    decline_code: str
    message: str

    def error(self, **fields: Any) -> StripeError:
        """Make the 402 of it."""
        return StripeError(402, "card_error", self.message, code=self.code, decline_code=self.decline_code, **fields)


Authentication = Literal["never", "always", "unless_set_up", "on_session"]
"""When the cardholder must authenticate: never, always, on-session and until it was set up, or on-session only."""


@dataclass(frozen=True, slots=True)
class TestCard:
    """A test card and how it behaves."""

    __test__ = False  # pytest: not a test

    brand: str
    last4: str
    funding: str = "credit"
    decline: Decline | None = None
    declines_at_attach: bool = True
    authentication: Authentication = "never"
    refund: Literal["succeeds", "pending", "fails"] = "succeeds"
    dispute: Literal["", "fraudulent", "product_not_received", "inquiry"] = ""
    bypasses_pending: bool = False

    def asks_cardholder(self, *, off_session: bool, set_up: bool) -> bool:
        """Tell whether the issuer wants the cardholder to authenticate."""
        match self.authentication:
            case "never":
                return False
            case "always":
                return True
            case "unless_set_up":
                return not (off_session and set_up)
            case "on_session":
                return not off_session


_DECLINED = "Your card was declined."
GENERIC_DECLINE: Final = Decline("card_declined", "generic_decline", _DECLINED)
AUTHENTICATION_REQUIRED: Final = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)
_DECLINES: Final = {
    decline.decline_code: decline
    for decline in (
        GENERIC_DECLINE,
        AUTHENTICATION_REQUIRED,
        Decline("card_declined", "insufficient_funds", "Your card has insufficient funds."),
        Decline("card_declined", "lost_card", _DECLINED),
        Decline("card_declined", "stolen_card", _DECLINED),
        Decline("card_declined", "card_velocity_exceeded", _DECLINED),
        Decline("expired_card", "expired_card", "Your card has expired."),
        Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."),
        Decline(
            "processing_error",
            "processing_error",
            "An error occurred while processing your card. Try again in a little bit.",
        ),
    )
}

_CARDS: Final = {
    "visa": TestCard("visa", "4242"),
    "visa_debit": TestCard("visa", "5556", "debit"),
    "mastercard": TestCard("mastercard", "4444"),
    "mastercard_debit": TestCard("mastercard", "8210", "debit"),
    "mastercard_prepaid": TestCard("mastercard", "5100", "prepaid"),
    "amex": TestCard("amex", "8431"),
    "discover": TestCard("discover", "9424"),
    "diners": TestCard("diners", "0004"),
    "jcb": TestCard("jcb", "0505"),
    "unionpay": TestCard("unionpay", "0005"),
    "chargeCustomerFail": TestCard("visa", "0341", decline=GENERIC_DECLINE, declines_at_attach=False),
    "chargeDeclined": TestCard("visa", "0002", decline=GENERIC_DECLINE),
    "chargeDeclinedInsufficientFunds": TestCard("visa", "9995", decline=_DECLINES["insufficient_funds"]),
    "chargeDeclinedLostCard": TestCard("visa", "9987", decline=_DECLINES["lost_card"]),
    "chargeDeclinedStolenCard": TestCard("visa", "9979", decline=_DECLINES["stolen_card"]),
    "chargeDeclinedExpiredCard": TestCard("visa", "0069", decline=_DECLINES["expired_card"]),
    "chargeDeclinedIncorrectCvc": TestCard("visa", "0127", decline=_DECLINES["incorrect_cvc"]),
    "chargeDeclinedProcessingError": TestCard("visa", "0119", decline=_DECLINES["processing_error"]),
    "chargeDeclinedVelocityLimitExceeded": TestCard("visa", "6975", decline=_DECLINES["card_velocity_exceeded"]),
    "authenticationRequired": TestCard("visa", "3184", authentication="always"),
    "threeDSecure2Required": TestCard("visa", "3220", authentication="always"),
    "threeDSecureRequired": TestCard("visa", "3063", authentication="always"),
    "authenticationRequiredOnSetup": TestCard("visa", "3155", authentication="unless_set_up"),
    "authenticationRequiredSetupForOffSession": TestCard("visa", "0446", authentication="on_session"),
    "authenticationRequiredChargeDeclinedInsufficientFunds": TestCard(
        "visa",
        "3178",
        decline=_DECLINES["insufficient_funds"],
        declines_at_attach=False,
        authentication="unless_set_up",
    ),
    "pendingRefund": TestCard("visa", "7726", refund="pending"),
    "refundFail": TestCard("visa", "5126", refund="fails"),
    "createDispute": TestCard("visa", "0259", dispute="fraudulent"),
    "createDisputeProductNotReceived": TestCard("visa", "2685", dispute="product_not_received"),
    "createDisputeInquiry": TestCard("visa", "1976", dispute="inquiry"),
    "bypassPending": TestCard("visa", "0077", bypasses_pending=True),
}


def card_name(token: str) -> str | None:
    """Find which card a token (`tok_…`, `pm_card_…`) stands for; None: none."""
    for prefix in ("pm_card_", "tok_"):
        name = token.removeprefix(prefix)
        if name != token:
            # Stripe writes some of these with the brand and some without: pm_card_visa_chargeDeclined,
            # tok_chargeDeclined.
            name = name.removeprefix("visa_") if name.startswith("visa_charge") else name
            return name if name in _CARDS else None
    return None


def all_names() -> list[str]:
    """Name every card."""
    return list(_CARDS)


def card_named(name: str) -> TestCard:
    """Get the card by the name that `card_name` found."""
    return _CARDS[name]


def decline_by_code(decline_code: str) -> Decline:
    """Find a refusal; one that is not known reads as a declined card with this code."""
    return _DECLINES.get(decline_code) or Decline("card_declined", decline_code, _DECLINED)
