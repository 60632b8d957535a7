"""Cards set up for charges in their holders' absence, and the default card."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from chassis.idempotency import fingerprint
from payment_service.domain.card_setup import CARD_SETUP_TRANSITIONS, CardSetupStatus
from payment_service.use_cases.repositories import RequestKey
from payment_service.use_cases.show_card_setup import ShownCardSetup
from shared_kernel.errors import Conflict, InvalidInput, NotFound, Unavailable, Unknown
from tests.fakes.payment_clock import StillClock
from tests.fakes.payment_psp import FakePsp, Fault
from tests.integration.payment.conftest import Payments

ASKS_HOLDER = "pm_card_authenticationRequiredOnSetup"


@dataclass
class Cards:
    """A rider without a card yet."""

    payments: Payments
    rider_id: UUID

    def _key(self, method: str, key: str | None, field: object) -> RequestKey:
        return RequestKey(f"rider:{self.rider_id}", method, key or str(uuid4()), fingerprint(str(field)))

    async def set_up(self, token: str, *, key: str | None = None) -> ShownCardSetup:
        request = self._key("SetUpPaymentMethod", key, token)
        return await self.payments.core.use_cases.set_up_payment_method(request, self.rider_id, token)

    async def finish(self, setup_id: UUID, *, key: str | None = None) -> ShownCardSetup:
        request = self._key("FinishPaymentMethodSetup", key, setup_id)
        return await self.payments.core.use_cases.finish_payment_method_setup(request, self.rider_id, setup_id)

    async def choose(self, method_id: UUID) -> None:
        request = self._key("SetDefaultPaymentMethod", None, method_id)
        await self.payments.core.use_cases.set_default_payment_method(request, self.rider_id, method_id)

    async def remove(self, method_id: UUID) -> None:
        request = self._key("RemovePaymentMethod", None, method_id)
        await self.payments.core.use_cases.remove_payment_method(request, self.rider_id, method_id)

    async def listed(self) -> dict[UUID, bool]:
        """Return each card, newest first, and whether it is the default."""
        methods = await self.payments.core.use_cases.list_payment_methods(self.rider_id, 100)
        return {method.id: method.is_default for method in methods}


@pytest.fixture
def cards(payments: Payments) -> Cards:
    return Cards(payments, uuid4())


async def test_plain_card_is_set_up_and_kept_at_once(cards: Cards, psp: FakePsp) -> None:
    shown = await cards.set_up("pm_card_visa", key="k")

    assert (shown.setup.status, shown.action) == (CardSetupStatus.SUCCEEDED, None)
    assert shown.method is not None
    assert await cards.listed() == {shown.method.id: True}
    assert await cards.set_up("pm_card_visa", key="k") == shown
    assert [method for method, _ in psp.calls].count("set_up_card") == 1


async def test_card_whose_holder_has_to_act_is_kept_after_that(cards: Cards, psp: FakePsp) -> None:
    shown = await cards.set_up(ASKS_HOLDER)
    assert (shown.setup.status, shown.method) == (CardSetupStatus.ACTION_REQUIRED, None)
    assert shown.action is not None
    assert shown.action.client_secret not in repr(shown)
    assert (await cards.finish(shown.setup.id)).setup.status is CardSetupStatus.ACTION_REQUIRED
    assert await cards.listed() == {}

    psp.authenticate(shown.setup.psp_setup_id, succeed=True)

    finished = await cards.finish(shown.setup.id)
    assert finished.setup.status is CardSetupStatus.SUCCEEDED
    assert finished.method is not None
    assert await cards.listed() == {finished.method.id: True}
    assert await cards.finish(shown.setup.id) == finished


async def test_secret_of_a_setup_is_kept_nowhere(cards: Cards) -> None:
    shown = await cards.set_up(ASKS_HOLDER)

    assert shown.action is not None
    for table in ("card_setup", "request", "psp_operation"):
        statement = f"SELECT count(*) AS found FROM {table} AS t WHERE t::text LIKE :secret"  # noqa: S608 (of this test)
        rows = await cards.payments.rows(statement, secret=f"%{shown.action.client_secret}%")
        assert rows == [{"found": 0}]


async def test_holder_who_fails_to_prove_it_is_declined(cards: Cards, psp: FakePsp) -> None:
    shown = await cards.set_up(ASKS_HOLDER)
    psp.authenticate(shown.setup.psp_setup_id, succeed=False)

    finished = await cards.finish(shown.setup.id)

    assert finished.setup.decline_reason == "setup_intent_authentication_failure"
    assert await cards.listed() == {}


async def test_declined_card_is_an_answer_and_an_unknown_one_is_refused(cards: Cards) -> None:
    shown = await cards.set_up("pm_card_visa_chargeDeclined")
    assert (shown.setup.status, shown.setup.decline_reason) == (CardSetupStatus.DECLINED, "generic_decline")

    with pytest.raises(InvalidInput) as caught:
        await cards.set_up("pm_nonsense")
    assert caught.value.reason == "invalid_card_token"


@pytest.mark.parametrize("fault", [Fault.TIMEOUT_AFTER_EFFECT, Fault.ERROR_BEFORE_EFFECT, Fault.PENDING])
async def test_setup_of_unknown_outcome_is_pending_and_ends_by_itself(
    cards: Cards, psp: FakePsp, clock: StillClock, fault: Fault
) -> None:
    psp.fail("set_up_card", fault)
    assert (await cards.set_up("pm_card_visa", key="k")).setup.status is CardSetupStatus.PENDING

    for seconds in (11, 21, 41):
        clock.advance(seconds=seconds)
        await cards.payments.core.sweep()

    shown = await cards.set_up("pm_card_visa", key="k")
    assert shown.setup.status is CardSetupStatus.SUCCEEDED
    assert len(await cards.listed()) == 1


async def test_setup_whose_action_cannot_be_asked_for_is_asked_again(cards: Cards, psp: FakePsp) -> None:
    psp.fail("read_card_setup", Fault.NOT_CONNECTED)
    with pytest.raises(Unavailable) as caught:
        await cards.set_up(ASKS_HOLDER, key="k")
    assert caught.value.reason == "psp_unavailable"

    assert (await cards.set_up(ASKS_HOLDER, key="k")).action is not None
    assert len(psp.setups) == 1


async def test_setup_of_another_rider_is_not_found(cards: Cards) -> None:
    shown = await cards.set_up(ASKS_HOLDER)

    with pytest.raises(NotFound) as caught:
        await Cards(cards.payments, uuid4()).finish(shown.setup.id)
    assert caught.value.reason == "setup_not_found"


async def test_set_up_cards_count_against_the_limit(cards: Cards, psp: FakePsp) -> None:
    waiting = await cards.set_up(ASKS_HOLDER)
    for _ in range(20):
        await cards.set_up("pm_card_visa")
    psp.authenticate(waiting.setup.psp_setup_id, succeed=True)

    for attempt in (cards.set_up("pm_card_visa"), cards.finish(waiting.setup.id)):
        with pytest.raises(Conflict) as caught:
            await attempt
        assert caught.value.reason == "too_many_payment_methods"


async def test_first_card_is_the_default_until_another_is_chosen_or_it_is_removed(cards: Cards) -> None:
    first, second, third = [
        await cards.payments.add_card("pm_card_visa", cards.rider_id, key=f"{cards.rider_id}:{n}") for n in range(3)
    ]
    assert await cards.listed() == {third: False, second: False, first: True}

    await cards.choose(second)
    assert await cards.listed() == {third: False, second: True, first: False}
    await cards.remove(second)
    assert await cards.listed() == {third: True, first: False}
    await cards.remove(first)
    await cards.remove(third)
    assert await cards.listed() == {}
    fourth = await cards.payments.add_card("pm_card_visa", cards.rider_id)
    assert await cards.listed() == {fourth: True}


async def test_card_of_another_rider_cannot_be_chosen(cards: Cards) -> None:
    with pytest.raises(NotFound):
        await cards.choose(cards.payments.method_id)


async def test_card_whose_outcome_is_unknown_is_listed_as_soon_as_it_is_settled(
    cards: Cards, psp: FakePsp, clock: StillClock
) -> None:
    psp.fail("attach_card", Fault.TIMEOUT_AFTER_EFFECT)
    with pytest.raises(Unknown) as caught:
        await cards.payments.add_card("pm_card_visa", cards.rider_id, key=str(cards.rider_id))
    assert (caught.value.reason, await cards.listed()) == ("outcome_unknown", {})

    clock.advance(seconds=11)
    await cards.payments.core.sweep()

    assert list((await cards.listed()).values()) == [True]


async def test_the_database_allows_the_moves_of_a_setup_and_no_others(payments: Payments) -> None:
    rows = await payments.rows("SELECT previous, status FROM card_setup_transition")

    assert {(row["previous"], row["status"]) for row in rows} == {(a, b.value) for a, b in CARD_SETUP_TRANSITIONS}
