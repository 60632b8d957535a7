"""Payment intents: made, changed, confirmed, found. What moves the money of a held one is in `settlement`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jitney.sandbox.psp import methods
from jitney.sandbox.psp.authorization import authorize
from jitney.sandbox.psp.errors import Json, invalid_parameter, refused
from jitney.sandbox.psp.operations import AnyOperation, Call, Operation
from jitney.sandbox.psp.parameters import (
    AmountMinor,
    Boolean,
    Currency,
    Description,
    Group,
    Identifier,
    ListParams,
    Metadata,
    Params,
    Text,
    described,
    merged_metadata,
)
from jitney.sandbox.psp.search import SearchParams, search

KIND = "payment_intent"


class AutomaticMethods(Group):
    """Whether any method of the account may be used."""

    enabled: Boolean
    allow_redirects: Literal["always", "never"] = "always"


class CardOptions(Group):
    """Options of a card payment."""

    request_incremental_authorization: Literal["if_available", "never"] = "never"


class MethodOptions(Group):
    """Options by type of method."""

    card: CardOptions = CardOptions()


class ConfirmIntent(Params):
    """How an intent is confirmed."""

    payment_method: Identifier | None = None
    off_session: Boolean = False
    error_on_requires_action: Boolean = False
    return_url: Text | None = None


class CreateIntent(ConfirmIntent):
    """What an intent is made with."""

    amount: AmountMinor
    currency: Currency
    customer: Identifier | None = None
    payment_method_types: Annotated[list[Literal["card"]], Field(min_length=1, max_length=1)] | None = None
    automatic_payment_methods: AutomaticMethods | None = None
    payment_method_options: MethodOptions = MethodOptions()
    capture_method: Literal["automatic", "automatic_async", "manual"] = "automatic_async"
    confirm: Boolean = False
    setup_future_usage: Literal["on_session", "off_session"] | None = None
    description: Text | None = None
    statement_descriptor_suffix: Annotated[str, Field(max_length=22)] | None = None
    transfer_group: Text | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])


class ListIntents(ListParams):
    """Whose intents."""

    customer: Identifier | None = None


def _create(call: Call, params: CreateIntent) -> Json:
    if params.payment_method_types and params.automatic_payment_methods:
        raise invalid_parameter(
            "You may only specify one of these parameters: automatic_payment_methods, payment_method_types."
        )
    if params.customer:
        call.objects.get("customer", params.customer, "customer")
    identifier = call.identifiers.stripe("pi")
    automatic = None
    if params.payment_method_types is None:
        automatic = (params.automatic_payment_methods or AutomaticMethods(enabled=True)).model_dump()
    intent: Json = {
        "id": identifier,
        "object": KIND,
        "amount": params.amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "automatic_payment_methods": automatic,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": params.capture_method,
        "client_secret": call.identifiers.stripe(f"{identifier}_secret", 25),
        "confirmation_method": "automatic",
        "created": call.now,
        "currency": params.currency.lower(),
        "customer": params.customer,
        "description": params.description,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": merged_metadata({}, params.metadata),
        "next_action": None,
        "payment_method": None,
        "payment_method_options": params.payment_method_options.model_dump(),
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "setup_future_usage": params.setup_future_usage,
        "shipping": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": params.statement_descriptor_suffix,
        "status": "requires_payment_method",
        "transfer_group": params.transfer_group,
    }
    if params.payment_method:
        methods.put_on(call, intent, params.payment_method)
    call.objects.insert(intent, customer=params.customer)
    call.ledger.open(identifier, intent["currency"])
    call.announce("payment_intent.created", intent)
    return _confirm_now(call, intent, params) if params.confirm else intent


def _confirm(call: Call, params: ConfirmIntent) -> Json:
    intent = call.objects.get(KIND, call.id, "intent")
    if intent["status"] not in {"requires_payment_method", "requires_confirmation", "requires_action"}:
        raise refused(
            f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}.",
            "payment_intent_unexpected_state",
            payment_intent=intent,
        )
    if params.payment_method:
        methods.put_on(call, intent, params.payment_method)
    return _confirm_now(call, intent, params)


def _confirm_now(call: Call, intent: Json, params: ConfirmIntent) -> Json:
    if intent["payment_method"] is None:
        raise refused(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            "payment_intent_unexpected_state",
        )
    automatic = intent["automatic_payment_methods"]
    redirects = automatic is not None and automatic["enabled"] and automatic["allow_redirects"] == "always"
    if redirects and not params.return_url and not params.off_session:
        raise refused(
            "This PaymentIntent may use payment methods that redirect, so confirming it takes a `return_url`. "
            "To take none, set `automatic_payment_methods[enabled]` to `true` and "
            "`automatic_payment_methods[allow_redirects]` to `never`.",
        )
    return authorize(
        call, intent, off_session=params.off_session, error_on_requires_action=params.error_on_requires_action
    )


def _update(call: Call, params: Description) -> Json:
    intent = described(call.objects.get(KIND, call.id, "intent"), params)
    call.objects.save(intent)
    return intent


def _retrieve(call: Call, params: Params) -> Json:
    del params
    return call.objects.get(KIND, call.id, "intent")


def _list(call: Call, params: ListIntents) -> Json:
    return call.objects.page(KIND, call.url, params, customer=params.customer)


def _search(call: Call, params: SearchParams) -> Json:
    return search(call.connection, KIND, call.url, params, call.account)


OPERATIONS: list[AnyOperation] = [
    Operation("payment_intents.create", "POST", "/v1/payment_intents", CreateIntent, _create),
    Operation("payment_intents.list", "GET", "/v1/payment_intents", ListIntents, _list),
    Operation("payment_intents.search", "GET", "/v1/payment_intents/search", SearchParams, _search),
    Operation("payment_intents.retrieve", "GET", "/v1/payment_intents/{id}", Params, _retrieve),
    Operation("payment_intents.update", "POST", "/v1/payment_intents/{id}", Description, _update),
    Operation("payment_intents.confirm", "POST", "/v1/payment_intents/{id}/confirm", ConfirmIntent, _confirm),
]
