"""Customers: who owns payment methods."""

from __future__ import annotations

from pydantic import Field

from jitney.sandbox.psp.errors import Json
from jitney.sandbox.psp.operations import AnyOperation, Call, Operation
from jitney.sandbox.psp.parameters import ListParams, Metadata, Params, Text, merged_metadata


class WriteCustomer(Params):
    """What a customer is made or changed with."""

    name: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    description: Text | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])


def _create(call: Call, params: WriteCustomer) -> Json:
    customer: Json = {
        "id": call.identifiers.stripe("cus", 14),
        "object": "customer",
        "balance": 0,
        "created": call.now,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": params.description,
        "email": params.email,
        "invoice_settings": {"default_payment_method": None},
        "livemode": False,
        "metadata": merged_metadata({}, params.metadata),
        "name": params.name,
        "phone": params.phone,
    }
    call.objects.insert(customer)
    call.announce("customer.created", customer)
    return customer


def _update(call: Call, params: WriteCustomer) -> Json:
    customer = call.objects.get("customer", call.id)
    customer.update({name: getattr(params, name) for name in params.model_fields_set - {"metadata", "expand"}})
    customer["metadata"] = merged_metadata(customer["metadata"], params.metadata)
    call.objects.save(customer)
    call.announce("customer.updated", customer)
    return customer


def _retrieve(call: Call, params: Params) -> Json:
    del params
    return call.objects.get("customer", call.id)


def _list(call: Call, params: ListParams) -> Json:
    return call.objects.page("customer", call.url, params)


OPERATIONS: list[AnyOperation] = [
    Operation("customers.create", "POST", "/v1/customers", WriteCustomer, _create),
    Operation("customers.list", "GET", "/v1/customers", ListParams, _list),
    Operation("customers.retrieve", "GET", "/v1/customers/{id}", Params, _retrieve),
    Operation("customers.update", "POST", "/v1/customers/{id}", WriteCustomer, _update),
]
