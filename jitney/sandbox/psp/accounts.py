"""Connected accounts: the drivers, as the processor knows them. Every capability that is asked for is active at once.

Payouts from them are made when the platform says so (Stripe's `settings[payouts][schedule][interval]=manual`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from jitney.sandbox.psp.banks import ExternalAccount
from jitney.sandbox.psp.errors import Json
from jitney.sandbox.psp.external_accounts import add, all_of
from jitney.sandbox.psp.operations import AnyOperation, Call, Operation
from jitney.sandbox.psp.parameters import (
    Boolean,
    Currency,
    Group,
    ListParams,
    Metadata,
    Params,
    Text,
    merged_metadata,
)

_CURRENCIES = {"US": "usd", "CA": "cad", "GB": "gbp", "AU": "aud", "JP": "jpy", "CH": "chf", "SE": "sek", "NO": "nok"}


class Capability(Group):
    """Whether it is asked for."""

    requested: Boolean


class WriteAccount(Params):
    """What an account is made or changed with. What is said of the person is taken and not checked."""

    email: Text | None = None
    business_type: Literal["company", "government_entity", "individual", "non_profit"] | None = None
    business_profile: dict[str, Any] | None = None
    individual: dict[str, Any] | None = None
    company: dict[str, Any] | None = None
    tos_acceptance: dict[str, Any] | None = None
    settings: dict[str, Any] | None = None
    capabilities: Annotated[dict[str, Capability], Field(max_length=20)] | None = None
    external_account: ExternalAccount | None = None
    default_currency: Currency | None = None
    metadata: Metadata = Field(default_factory=dict[str, str])


class CreateAccount(WriteAccount):
    """What a new one is made with."""

    type: Literal["custom", "express", "standard"] = "custom"
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "US"
    controller: dict[str, Any] | None = None


def _create(call: Call, params: CreateAccount) -> Json:
    account: Json = {
        "id": call.identifiers.stripe("acct", 16),
        "object": "account",
        "business_profile": params.business_profile,
        "business_type": params.business_type,
        "capabilities": {},
        "charges_enabled": False,
        "controller": {"type": "application", "is_controller": True},
        "country": params.country,
        "created": call.now,
        "default_currency": (params.default_currency or _CURRENCIES.get(params.country, "eur")).lower(),
        "details_submitted": True,
        "email": params.email,
        "metadata": {},
        "payouts_enabled": False,
        "requirements": {"currently_due": [], "disabled_reason": None, "errors": [], "past_due": []},
        "settings": {"payouts": {"schedule": {"delay_days": 2, "interval": "manual"}}},
        "type": params.type,
    }
    call.objects.insert(account)
    return _write(call, account, params)


def _update(call: Call, params: WriteAccount) -> Json:
    account = call.objects.get("account", call.id, "account")
    for name in ("email", "business_type", "business_profile", "default_currency"):
        if name in params.model_fields_set:
            account[name] = getattr(params, name)
    return _write(call, account, params)


def _write(call: Call, account: Json, params: WriteAccount) -> Json:
    for name, capability in (params.capabilities or {}).items():
        account["capabilities"][name] = "active" if capability.requested else "inactive"
    account["charges_enabled"] = account["capabilities"].get("card_payments") == "active"
    account["metadata"] = merged_metadata(account["metadata"], params.metadata)
    if params.external_account is not None:
        add(call, account, params.external_account, {}, default=True)
    call.objects.save(account)
    call.on_behalf_of(account["id"]).announce("account.updated", account)
    return _shown(call, account)


def _shown(call: Call, account: Json) -> Json:
    known = all_of(call, account["id"])
    url = f"/v1/accounts/{account['id']}/external_accounts"
    listing = {"object": "list", "data": known, "has_more": False, "total_count": len(known), "url": url}
    return {**account, "external_accounts": listing}


def _retrieve(call: Call, params: Params) -> Json:
    del params
    return _shown(call, call.objects.get("account", call.id, "account"))


def _list(call: Call, params: ListParams) -> Json:
    page = call.objects.page("account", call.url, params)
    return {**page, "data": [_shown(call, account) for account in page["data"]]}


OPERATIONS: list[AnyOperation] = [
    Operation("accounts.create", "POST", "/v1/accounts", CreateAccount, _create),
    Operation("accounts.list", "GET", "/v1/accounts", ListParams, _list),
    Operation("accounts.retrieve", "GET", "/v1/accounts/{id}", Params, _retrieve),
    Operation("accounts.update", "POST", "/v1/accounts/{id}", WriteAccount, _update),
]
