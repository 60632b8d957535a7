"""The bank accounts of connected accounts: added, listed, changed, removed. Payouts go to the currency's default."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jitney.sandbox.psp import banks
from jitney.sandbox.psp.banks import ExternalAccount
from jitney.sandbox.psp.errors import Json, refused
from jitney.sandbox.psp.operations import AnyOperation, Call, Operation
from jitney.sandbox.psp.parameters import Boolean, ListParams, Metadata, Params, merged_metadata

_MAX_BANKS = 10


class CreateExternalAccount(Params):
    """A bank account for payouts."""

    external_account: ExternalAccount
    default_for_currency: Boolean = False
    metadata: Metadata = Field(default_factory=dict[str, str])


class UpdateExternalAccount(Params):
    """What may still be changed."""

    default_for_currency: Boolean = False
    metadata: Metadata = Field(default_factory=dict[str, str])


class ListExternalAccounts(ListParams):
    """Which external accounts: there are bank accounts only."""

    object: Literal["bank_account"] | None = None


def add(call: Call, account: Json, given: ExternalAccount, metadata: dict[str, str] | None, *, default: bool) -> Json:
    """Add a bank account; `call` is the platform's.

    Raises:
        StripeError: no such token, or there are too many.
    """
    known = all_of(call, account["id"])
    if len(known) >= _MAX_BANKS:
        raise refused(f"You can only have {_MAX_BANKS} external accounts.")
    bank = banks.make(call, account["id"], given, metadata, default=False)
    if default or not any(other["currency"] == bank["currency"] for other in known):
        _make_default(call, bank, known)
    account["payouts_enabled"] = True
    call.objects.save(account)
    call.on_behalf_of(account["id"]).announce("account.external_account.created", bank)
    return bank


def _make_default(call: Call, bank: Json, known: list[Json]) -> None:
    for other in known:
        if other["currency"] == bank["currency"] and other["default_for_currency"]:
            call.objects.save({**other, "default_for_currency": False})
    bank["default_for_currency"] = True
    call.objects.save(bank)


def default_bank(call: Call, account: str, currency: str) -> Json | None:
    """Find where an account's payouts in a currency go; `call` is the platform's."""
    known = [bank for bank in all_of(call, account) if bank["currency"] == currency and bank["default_for_currency"]]
    return known[0] if known else None


def all_of(call: Call, account: str) -> list[Json]:
    """List an account's bank accounts; `call` is the platform's."""
    return call.objects.page(banks.KIND, "", ListParams(limit=_MAX_BANKS), parent=account)["data"]


def _create_bank(call: Call, params: CreateExternalAccount) -> Json:
    account = call.objects.get("account", call.id, "account")
    return add(call, account, params.external_account, params.metadata, default=params.default_for_currency)


def _list_banks(call: Call, params: ListExternalAccounts) -> Json:
    call.objects.get("account", call.id, "account")
    return call.objects.page(banks.KIND, call.url, params, parent=call.id)


def _bank(call: Call) -> Json:
    bank = call.objects.get(banks.KIND, call.path["bank"])
    return bank if bank["account"] == call.id else call.objects.get(banks.KIND, f"{call.path['bank']} of {call.id}")


def _retrieve_bank(call: Call, params: Params) -> Json:
    del params
    return _bank(call)


def _update_bank(call: Call, params: UpdateExternalAccount) -> Json:
    bank = _bank(call)
    bank["metadata"] = merged_metadata(bank["metadata"], params.metadata)
    call.objects.save(bank)
    if params.default_for_currency:
        _make_default(call, bank, all_of(call, call.id))
    call.on_behalf_of(call.id).announce("account.external_account.updated", bank)
    return bank


def _delete_bank(call: Call, params: Params) -> Json:
    del params
    bank = _bank(call)
    if bank["default_for_currency"]:
        raise refused("You cannot delete the default external account for your default currency.")
    call.objects.remove(bank["id"])
    call.on_behalf_of(call.id).announce("account.external_account.deleted", bank)
    return {"id": bank["id"], "object": banks.KIND, "currency": bank["currency"], "deleted": True}


_BANKS = "/v1/accounts/{id}/external_accounts"
OPERATIONS: list[AnyOperation] = [
    Operation("external_accounts.create", "POST", _BANKS, CreateExternalAccount, _create_bank),
    Operation("external_accounts.list", "GET", _BANKS, ListExternalAccounts, _list_banks),
    Operation("external_accounts.retrieve", "GET", _BANKS + "/{bank}", Params, _retrieve_bank),
    Operation("external_accounts.update", "POST", _BANKS + "/{bank}", UpdateExternalAccount, _update_bank),
    Operation("external_accounts.delete", "DELETE", _BANKS + "/{bank}", Params, _delete_bank),
]
