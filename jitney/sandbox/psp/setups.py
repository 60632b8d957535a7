"""Setup intents: a card is put on file for charges in its holder's absence, who may have to authenticate it first."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jitney.sandbox.psp import methods
from jitney.sandbox.psp.authorization import NEXT_ACTION
from jitney.sandbox.psp.cards import Decline, decline_by_code
from jitney.sandbox.psp.errors import Json, StripeError, refused
from jitney.sandbox.psp.intents import AutomaticMethods
from jitney.sandbox.psp.operations import AnyOperation, Call, Operation
from jitney.sandbox.psp.parameters import (
    Boolean,
    Description,
    Identifier,
    ListParams,
    Metadata,
    Params,
    Text,
    described,
    merged_metadata,
)

KIND = "setup_intent"
_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


class ConfirmSetup(Params):
    """How a setup is confirmed."""

    payment_method: Identifier | None = None
    return_url: Text | None = None


class CreateSetup(ConfirmSetup):
    """What a setup is made with."""

    customer: Identifier | None = None
    usage: Literal["on_session", "off_session"] = "off_session"
    payment_method_types: Annotated[list[Literal["card"]], Field(min_length=1, max_length=1)] | None = None
    automatic_payment_methods: AutomaticMethods | None = None
    confirm: Boolean = False
    description: Text | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])


class CancelSetup(Params):
    """Why it is canceled."""

    cancellation_reason: Literal["abandoned", "requested_by_customer", "duplicate"] | None = None


class ListSetups(ListParams):
    """Whose setups, or those of a card."""

    customer: Identifier | None = None
    payment_method: Identifier | None = None


def _create(call: Call, params: CreateSetup) -> Json:
    if params.customer:
        call.objects.get("customer", params.customer, "customer")
    identifier = call.identifiers.stripe("seti")
    automatic = params.automatic_payment_methods.model_dump() if params.automatic_payment_methods else None
    setup: Json = {
        "id": identifier,
        "object": KIND,
        "application": None,
        "automatic_payment_methods": automatic,
        "cancellation_reason": None,
        "client_secret": call.identifiers.stripe(f"{identifier}_secret", 25),
        "created": call.now,
        "customer": params.customer,
        "description": params.description,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": merged_metadata({}, params.metadata),
        "next_action": None,
        "payment_method": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        "usage": params.usage,
    }
    if params.payment_method:
        methods.put_on(call, setup, params.payment_method)
    call.objects.insert(setup, customer=params.customer, parent=setup["payment_method"])
    call.announce("setup_intent.created", setup)
    return _confirm_now(call, setup) if params.confirm else setup


def _confirm(call: Call, params: ConfirmSetup) -> Json:
    setup = call.objects.get(KIND, call.id, "intent")
    if setup["status"] not in _OPEN:
        raise _unexpected_state(setup, "confirmed")
    if params.payment_method:
        methods.put_on(call, setup, params.payment_method)
    return _confirm_now(call, setup)


def _confirm_now(call: Call, setup: Json) -> Json:
    if setup["payment_method"] is None:
        raise refused(
            "You cannot confirm this SetupIntent because it's missing a payment method.",
            "setup_intent_unexpected_state",
        )
    method = call.objects.get("payment_method", setup["payment_method"], "payment_method")
    card = methods.card_of(call, method)
    decline = decline_by_code(call.decline_code) if call.decline_code else card.decline
    if decline and (call.decline_code or card.declines_at_attach):
        _refuse(call, setup, method, decline)
        raise decline.error(setup_intent=setup, payment_method=method)
    if card.authentication in {"always", "unless_set_up"}:
        setup.update(status="requires_action", next_action=NEXT_ACTION)
        call.objects.save(setup)
        call.announce("setup_intent.requires_action", setup)
        return setup
    return _succeed(call, setup, method)


def authenticate_setup(call: Call, setup_id: str, *, succeeds: bool) -> Json:
    """Do what the cardholder does on the issuer's page: pass or fail the authentication.

    Raises:
        StripeError: no such setup, or it is not waiting for its cardholder.
    """
    setup = call.objects.get(KIND, setup_id, "intent")
    if setup["status"] != "requires_action":
        raise _unexpected_state(setup, "authenticated")
    setup["next_action"] = None
    method = call.objects.get("payment_method", setup["payment_method"], "payment_method")
    if succeeds:
        return _succeed(call, setup, method)
    failure = Decline(
        "setup_intent_authentication_failure",
        "",
        "The latest attempt to set up the payment method has failed because authentication failed.",
    )
    _refuse(call, setup, method, failure)
    return setup


def _succeed(call: Call, setup: Json, method: Json) -> Json:
    if setup["usage"] == "off_session":
        methods.set_up(call, method, setup["customer"])
    setup.update(status="succeeded", next_action=None, last_setup_error=None)
    call.objects.save(setup)
    call.announce("setup_intent.succeeded", setup)
    return setup


def _refuse(call: Call, setup: Json, method: Json, decline: Decline) -> None:
    error: Json = {"code": decline.code, "message": decline.message, "payment_method": method, "type": "card_error"}
    if decline.decline_code:
        error["decline_code"] = decline.decline_code
    setup.update(status="requires_payment_method", payment_method=None, last_setup_error=error)
    call.objects.save(setup)
    call.announce("setup_intent.setup_failed", setup)


def _cancel(call: Call, params: CancelSetup) -> Json:
    setup = call.objects.get(KIND, call.id, "intent")
    if setup["status"] not in _OPEN:
        raise _unexpected_state(setup, "canceled")
    setup.update(status="canceled", cancellation_reason=params.cancellation_reason, next_action=None)
    call.objects.save(setup)
    call.announce("setup_intent.canceled", setup)
    return setup


def _update(call: Call, params: Description) -> Json:
    setup = described(call.objects.get(KIND, call.id, "intent"), params)
    call.objects.save(setup)
    return setup


def _retrieve(call: Call, params: Params) -> Json:
    del params
    return call.objects.get(KIND, call.id, "intent")


def _list(call: Call, params: ListSetups) -> Json:
    return call.objects.page(KIND, call.url, params, customer=params.customer, parent=params.payment_method)


def _unexpected_state(setup: Json, participle: str) -> StripeError:
    return refused(
        f"This SetupIntent could not be {participle} because it has a status of {setup['status']}.",
        "setup_intent_unexpected_state",
        setup_intent=setup,
    )


OPERATIONS: list[AnyOperation] = [
    Operation("setup_intents.create", "POST", "/v1/setup_intents", CreateSetup, _create),
    Operation("setup_intents.list", "GET", "/v1/setup_intents", ListSetups, _list),
    Operation("setup_intents.retrieve", "GET", "/v1/setup_intents/{id}", Params, _retrieve),
    Operation("setup_intents.update", "POST", "/v1/setup_intents/{id}", Description, _update),
    Operation("setup_intents.confirm", "POST", "/v1/setup_intents/{id}/confirm", ConfirmSetup, _confirm),
    Operation("setup_intents.cancel", "POST", "/v1/setup_intents/{id}/cancel", CancelSetup, _cancel),
]
