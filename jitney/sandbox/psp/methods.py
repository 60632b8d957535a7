"""Payment methods: cards made from test tokens (never from numbers), attached to customers and detached for good."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jitney.sandbox.psp.cards import TestCard, card_name, card_named, decline_by_code
from jitney.sandbox.psp.errors import Json, refused, resource_missing
from jitney.sandbox.psp.operations import AnyOperation, Call, Operation
from jitney.sandbox.psp.parameters import Group, Identifier, ListParams, Metadata, Params, merged_metadata

_KIND = "payment_method"
_DETACHED = "detached"
_SET_UP = " set up"


class CardToken(Group):
    """A card, by its test token."""

    token: Identifier


class CreateMethod(Params):
    """What a payment method is made with."""

    type: Literal["card"]
    card: CardToken
    metadata: Metadata = Field(default_factory=dict[str, str])


class AttachMethod(Params):
    """Whom it is attached to."""

    customer: Identifier


class ListMethods(ListParams):
    """Whose methods."""

    customer: Identifier | None = None
    type: Literal["card"] | None = None


class ListCustomersMethods(ListParams):
    """The same, for the path that names the customer."""

    type: Literal["card"] | None = None


def resolve(call: Call, reference: str, param: str) -> Json:
    """Find a payment method, or make one if the reference is a test token such as `pm_card_visa`.

    Raises:
        StripeError: `resource_missing`.
    """
    name = card_name(reference) if reference.startswith("pm_card_") else None
    if name is not None:
        return _make(call, name, {})
    method = call.objects.find(_KIND, reference)
    if method is None:
        raise resource_missing("PaymentMethod", reference, param)
    return method


def card_of(call: Call, method: Json) -> TestCard:
    """Tell how the card behind a method behaves.

    Raises:
        StripeError: the method was detached, and a detached one is of no more use.
    """
    name = call.objects.private(method["id"])
    if name == _DETACHED:
        raise refused(f"The payment method {method['id']} was detached from its Customer and may not be used again.")
    return card_named(name.removesuffix(_SET_UP))


def is_set_up(call: Call, method: Json) -> bool:
    """Tell whether the cardholder has authenticated the card for charges in their absence."""
    return call.objects.private(method["id"]).endswith(_SET_UP)


def set_up(call: Call, method: Json, customer: str | None) -> None:
    """Note that the cardholder did so; the card belongs to the customer from now on, if there is one."""
    if not is_set_up(call, method):
        call.objects.set_private(method["id"], call.objects.private(method["id"]) + _SET_UP)
    if customer and method["customer"] is None:
        method["customer"] = customer
        call.objects.save(method)
        call.announce("payment_method.attached", method)


def put_on(call: Call, intent: Json, reference: str) -> None:
    """Put a method on a payment or setup intent, which is then to be confirmed.

    Raises:
        StripeError: there is none, it belongs to another customer, or it was detached.
    """
    method = resolve(call, reference, "payment_method")
    if method["customer"] is not None and method["customer"] != intent["customer"]:
        raise refused(
            f"The payment method {method['id']} belongs to a Customer. "
            "Please include this Customer in the `customer` parameter.",
            param="payment_method",
        )
    card_of(call, method)
    intent["payment_method"] = method["id"]
    intent["status"] = "requires_confirmation"


def _make(call: Call, name: str, metadata: dict[str, str]) -> Json:
    card = card_named(name)
    method: Json = {
        "id": call.identifiers.stripe("pm"),
        "object": _KIND,
        "allow_redisplay": "unspecified",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "card": {
            "brand": card.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": "US",
            "display_brand": card.brand,
            "exp_month": 12,
            "exp_year": 2040,
            "fingerprint": f"sandbox{card.last4}{card.funding}",
            "funding": card.funding,
            "last4": card.last4,
            "networks": {"available": [card.brand], "preferred": None},
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": call.now,
        "customer": None,
        "livemode": False,
        "metadata": metadata,
        "type": "card",
    }
    call.objects.insert(method, private=name)
    return method


def _create(call: Call, params: CreateMethod) -> Json:
    name = card_name(params.card.token)
    if name is None:
        raise resource_missing("token", params.card.token, "card[token]")
    return _make(call, name, merged_metadata({}, params.metadata))


def _attach(call: Call, params: AttachMethod) -> Json:
    call.objects.get("customer", params.customer, "customer")
    method = resolve(call, call.id, "payment_method")
    if method["customer"] is not None:
        raise refused(
            "The payment method you provided has already been attached to a customer.",
            "payment_method_already_attached",
        )
    card = card_of(call, method)
    if call.decline_code:
        raise decline_by_code(call.decline_code).error()
    if card.decline and card.declines_at_attach:
        raise card.decline.error()
    method["customer"] = params.customer
    call.objects.save(method)
    call.announce("payment_method.attached", method)
    return method


def _detach(call: Call, params: Params) -> Json:
    del params
    method = call.objects.get(_KIND, call.id, "payment_method")
    if method["customer"] is None:
        raise refused("The payment method you provided is not attached to a customer so detachment is impossible.")
    method["customer"] = None
    call.objects.save(method)
    call.objects.set_private(method["id"], _DETACHED)
    call.announce("payment_method.detached", method)
    return method


def _retrieve(call: Call, params: Params) -> Json:
    del params
    return resolve(call, call.id, "payment_method")


def _list(call: Call, params: ListMethods) -> Json:
    if params.customer:
        call.objects.get("customer", params.customer, "customer")
    return call.objects.page(_KIND, call.url, params, customer=params.customer)


def _list_of_customer(call: Call, params: ListCustomersMethods) -> Json:
    call.objects.get("customer", call.id, "customer")
    return call.objects.page(_KIND, call.url, params, customer=call.id)


OPERATIONS: list[AnyOperation] = [
    Operation("payment_methods.create", "POST", "/v1/payment_methods", CreateMethod, _create),
    Operation("payment_methods.list", "GET", "/v1/payment_methods", ListMethods, _list),
    Operation("payment_methods.retrieve", "GET", "/v1/payment_methods/{id}", Params, _retrieve),
    Operation("payment_methods.attach", "POST", "/v1/payment_methods/{id}/attach", AttachMethod, _attach),
    Operation("payment_methods.detach", "POST", "/v1/payment_methods/{id}/detach", Params, _detach),
    Operation(
        "customers.list_payment_methods",
        "GET",
        "/v1/customers/{id}/payment_methods",
        ListCustomersMethods,
        _list_of_customer,
    ),
]
