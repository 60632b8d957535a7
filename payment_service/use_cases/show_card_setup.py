"""Show how the set-up of a card stands, and what its holder has to do."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from payment_service.domain.card_setup import CardSetup, CardSetupStatus
from payment_service.domain.payment_method import PaymentMethod
from payment_service.use_cases.outcomes import ActionRequired, HolderAction, NotSent, Unknown
from payment_service.use_cases.ports import PaymentServiceProvider, Store
from shared_kernel.errors import Unavailable


@dataclass(frozen=True, slots=True)
class ShownCardSetup:
    """A set-up with the card it brought, or what the card's holder has to do (None where nothing is left to do)."""

    setup: CardSetup
    method: PaymentMethod | None
    action: HolderAction | None


async def show_card_setup(store: Store, psp: PaymentServiceProvider, setup_id: UUID) -> ShownCardSetup:
    """Return a set-up as it stands.

    What the holder has to do is asked of the PSP each time: the secret that goes with it is not kept here.

    Raises:
        NotFound: `setup_not_found`.
        Unavailable: `psp_unavailable`.
    """
    async with store.transaction() as work:
        setup = await work.card_setups.get(setup_id)
        method_id = setup.payment_method_id
        method = None if method_id is None else await work.payment_methods.get(method_id)
    if setup.status is not CardSetupStatus.ACTION_REQUIRED:
        return ShownCardSetup(setup, method, None)
    outcome = await psp.read_card_setup(setup.psp_setup_id)
    if isinstance(outcome, NotSent | Unknown):
        raise Unavailable("psp_unavailable", "the PSP does not answer", retry_after_seconds=1.0)
    # None where the holder has acted meanwhile: to finish the set-up is all that is left.
    return ShownCardSetup(setup, None, outcome.action if isinstance(outcome, ActionRequired) else None)
