"""What a PSP answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from payment_service.domain.dispute import SeenDispute
from payment_service.domain.payment_method import Card
from payment_service.domain.payout_account import Bank
from payment_service.domain.psp_transaction import PspTransaction
from payment_service.domain.refund import SeenRefund


@dataclass(frozen=True, slots=True)
class Succeeded:
    """Done. `psp_object_id` names what was made or changed.

    `card` is told where one was attached, `capture_before` where a hold was placed: when the PSP will let go of it,
    `bank` where a bank account was added.
    `refund` and `dispute` are told where an operation was about one: as the PSP shows it after that.
    """

    psp_object_id: str
    card: Card | None = None
    capture_before: datetime | None = None
    refund: SeenRefund | None = None
    dispute: SeenDispute | None = None
    bank: Bank | None = None


@dataclass(frozen=True, slots=True)
class Declined:
    """Refused for good, and nothing was done; a stable reason, for example insufficient_funds."""

    reason: str


@dataclass(frozen=True, slots=True)
class HolderAction:
    """What a card's holder has to do: its kind in the PSP's words, the secret for the PSP's library in the app, and the
    bank's page where it is one. The secret is for the rider alone and is kept nowhere.
    """

    kind: str
    client_secret: str = field(repr=False)
    redirect_url: str = ""


@dataclass(frozen=True, slots=True)
class ActionRequired:
    """The payer would have to do something first, and no money is held. `action` is told where a card is set up."""

    psp_object_id: str
    action: HolderAction | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """Begun; the object will tell how it ends."""

    psp_object_id: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """The request did not reach the PSP, or it was turned away unread: certainly nothing was done."""

    detail: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer, or one that proves nothing.

    `key_is_spent`: the PSP is done with this key (it repeats a failure, or has forgotten it), and a look showed no
    effect: a new key is safe.
    """

    detail: str
    key_is_spent: bool = False


Outcome = Succeeded | Declined | ActionRequired | Pending | NotSent | Unknown


@dataclass(frozen=True, slots=True)
class TransactionPage:
    """A page of the PSP's list of what moved our balance."""

    transactions: tuple[PspTransaction, ...]
    has_more: bool
