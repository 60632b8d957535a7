"""Edits of rides: their price, the hold, the driver's word, and rides that go on meanwhile."""

from dataclasses import replace
from datetime import time
from uuid import UUID

from matching_service.adapters.fixed_cities import FixedCities
from matching_service.domain.city import VehicleClass
from matching_service.domain.edit import MAX_EDITS, EditState, RideEdit
from matching_service.domain.eta import CrowFliesEta
from matching_service.domain.fare_book import FareRule, Rates, Scope, Toll, Window
from matching_service.domain.locations import DriverPosition
from matching_service.domain.pricing import PricedTrip, price_trip
from matching_service.domain.quote import FareLineKind, Place
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import PaymentState, RideState
from matching_service.domain.terms import ChargeLine
from matching_service.domain.zones import Gate
from matching_service.use_cases.edit_policies import EditPolicies
from matching_service.use_cases.quote_ride_edit import EditCommand
from shared_kernel.errors import Unknown
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_other_services import FakePayments
from tests.fakes.matching_stage import CITY, DROPOFF, FARE, PICKUP, Stage, usd
from tests.unit.matching.test_requests import refusal
from tests.unit.matching.test_stops import BAKERY, SCHOOL

FAR = Place(GeoPoint(37.7080, -122.4700), "Daly City")
AIRPORT = Place(GeoPoint(37.6213, -122.3790), "Airport")
PALO_ALTO = Place(GeoPoint(37.4419, -122.1430), "Palo Alto")
NEXT_DOOR = Place(GeoPoint(37.7760, -122.4180), "Next door")
TEN_BLOCKS = Place(GeoPoint(37.7860, -122.4280), "Ten blocks on")


async def quoted(stage: Stage, ride: Ride, command: EditCommand) -> RideEdit:
    """An edit of a ride by its rider, with its price."""
    return await stage.quote_edit(stage.key(), ride.rider_id, ride.id, command, rider_id=ride.rider_id)


async def accepted(stage: Stage, edit: RideEdit) -> RideEdit:
    """The edit after its rider's yes."""
    ride = await stage.reader.ride(edit.ride_id)
    assert ride is not None
    return await stage.accept_edit(stage.key(), ride.rider_id, ride.id, edit.id, rider_id=ride.rider_id)


async def edited(stage: Stage, ride: Ride, command: EditCommand) -> RideEdit:
    """An edit that was accepted."""
    return await accepted(stage, await quoted(stage, ride, command))


async def agreed_while_the_hold_is_unknown(
    stage: Stage, payments: FakePayments, ride: Ride, driver_id: UUID
) -> RideEdit:
    """An edit to a much longer trip, after its driver's yes and before the hold's outcome."""
    edit = await edited(stage, ride, EditCommand(dropoff=PALO_ALTO))
    payments.failures = [Unknown("rpc_deadline_exceeded", "")]
    agreed = await stage.answer_edit(stage.key(), driver_id, ride.id, edit.id, agreed=True)
    assert agreed.state is EditState.HOLD_PENDING
    return agreed


async def swept(stage: Stage, edit: RideEdit) -> RideEdit:
    """The edit after its hold was asked for again."""
    stage.clock.advance(1)
    assert await stage.edits() == 1
    after = await stage.reader.edit(edit.ride_id, edit.id)
    assert after is not None
    return after


def stand(stage: Stage, driver_id: UUID, place: Place) -> None:
    """The driver's device tells where it is."""
    at = stage.clock.now().timestamp()
    stage.locations.positions[driver_id] = DriverPosition(
        driver_id, place.point.latitude, place.point.longitude, at, 1, VehicleClass.ECONOMY, 0
    )


class TestEdits:
    """QuoteRideEdit, AcceptRideEdit, AnswerRideEdit and their sweep."""

    async def test_another_dropoff_is_priced_and_binds_nobody_until_it_is_accepted(self, stage: Stage):
        ride, _ = await stage.assigned()
        edit = await quoted(stage, ride, EditCommand(dropoff=FAR))
        assert (edit.state, edit.fare_before) == (EditState.QUOTED, FARE.total)
        product = CITY.products["economy"]
        plan = edit.plan
        places = [ride.pickup.point, FAR.point]
        trip = PricedTrip(ride.requested_at, places, plan.distance_meters, plan.trip_seconds, places)
        assert plan.fare == price_trip(CITY, product, trip)
        assert edit.difference_minor == plan.fare.total.amount_minor - FARE.total.amount_minor > 0
        assert await stage.now(ride) == ride

    async def test_a_new_way_keeps_what_the_drivers_wait_cost(self, stage: Stage):
        ride, driver_id = await stage.arrived()
        stage.clock.advance(CITY.fees.waiting_grace_seconds + 120)
        started = await stage.start(stage.key(), driver_id, ride.id, ride.start_pin)
        waiting = started.fare.amount_of(FareLineKind.WAITING)
        assert waiting.amount_minor == 78
        plan = (await quoted(stage, started, EditCommand(dropoff=FAR))).plan
        assert plan.fare.amount_of(FareLineKind.WAITING) == waiting
        assert plan.fare.amount_of(FareLineKind.SURGE).amount_minor == 0

    async def test_a_new_way_is_priced_by_the_surge_of_the_first_price(self, stage: Stage):
        rider_id = stage.new_id()
        quote = replace(await stage.quote(rider_id), id=stage.new_id(), surge_permille=1400)
        await stage.quotes.add([quote])
        ride = await stage.request_ride(stage.key(), rider_id, quote.id, stage.card(), "")
        fare = (await quoted(stage, ride, EditCommand(dropoff=FAR))).plan.fare
        plain = [FareLineKind.BASE, FareLineKind.DISTANCE, FareLineKind.TIME, FareLineKind.MINIMUM]
        raised = sum(fare.amount_of(kind).amount_minor for kind in plain) * 400
        assert fare.amount_of(FareLineKind.SURGE).amount_minor == (raised + 500) // 1000

    async def test_a_new_way_is_priced_by_the_hour_of_the_first_price(self, stage: Stage):
        night = Window(frozenset(range(7)), time(22), time(5, 2))  # it is five by the city's clock
        rule = FareRule("night", Scope(windows=(night,)), Rates(per_minute=usd(100)))
        city = replace(CITY, fares=replace(CITY.fares, rules=(rule,)))
        stage.quote_edit = replace(stage.quote_edit, policies=EditPolicies(stage.reader, FixedCities(city)))
        quoted_at, rider_id = stage.clock.now(), stage.new_id()
        quote = await stage.quote(rider_id)
        stage.clock.advance(CITY.quote_seconds - 1)
        ride = await stage.request_ride(stage.key(), rider_id, quote.id, stage.card(), "")
        plan = (await quoted(stage, ride, EditCommand(dropoff=FAR))).plan
        places = [ride.pickup.point, FAR.point]
        trip = PricedTrip(quoted_at, places, plan.distance_meters, plan.trip_seconds, places)
        by_day = price_trip(city, city.products["economy"], trip._replace(at=ride.requested_at))
        assert plan.fare == price_trip(city, city.products["economy"], trip) != by_day

    async def test_a_dearer_ride_has_its_hold_raised_and_then_goes_there_at_that_fare(
        self, stage: Stage, payments: FakePayments
    ):
        ride, driver_id = await stage.under_way()
        edit = await edited(stage, ride, EditCommand(dropoff=FAR))
        assert edit.state is EditState.APPLIED
        assert payments.raised == {ride.id: edit.plan.fare.total}
        assert payments.calls[-1] == (f"{edit.id}:increment", ride.id)
        after = await stage.now(ride)
        assert (after.dropoff, after.fare, after.held_minor) == (
            FAR,
            edit.plan.fare,
            edit.plan.fare.total.amount_minor,
        )
        await stage.complete(stage.key(), driver_id, ride.id)
        await stage.settle()
        charged: tuple[ChargeLine, ...] = payments.captured[ride.id][1]
        assert sum(line.amount.amount_minor for line in charged) == edit.plan.fare.total.amount_minor

    async def test_a_cheaper_ride_is_edited_at_once_and_captures_less(self, stage: Stage, payments: FakePayments):
        ride, driver_id = await stage.under_way()
        calls = len(payments.calls)
        edit = await edited(stage, ride, EditCommand(dropoff=BAKERY))
        assert edit.state is EditState.APPLIED
        assert edit.difference_minor < 0
        assert len(payments.calls) == calls
        await stage.complete(stage.key(), driver_id, ride.id)
        await stage.settle()
        total = sum(line.amount.amount_minor for line in payments.captured[ride.id][1])
        assert total == edit.plan.fare.total.amount_minor < FARE.total.amount_minor

    async def test_a_hold_that_cannot_be_raised_refuses_the_edit_and_the_trip_goes_on(
        self, stage: Stage, payments: FakePayments
    ):
        ride, _ = await stage.under_way()
        payments.increment_declines = "increment_declined"
        edit = await edited(stage, ride, EditCommand(dropoff=FAR))
        assert (edit.state, edit.reason) == (EditState.REFUSED, "increment_declined")
        after = await stage.now(ride)
        assert (after.dropoff, after.fare, after.state) == (DROPOFF, FARE, RideState.IN_PROGRESS)

    async def test_a_hold_whose_outcome_is_unknown_is_asked_for_again_with_the_same_key(
        self, stage: Stage, payments: FakePayments
    ):
        ride, _ = await stage.under_way()
        payments.failures = [Unknown("rpc_deadline_exceeded", "")]
        edit = await edited(stage, ride, EditCommand(dropoff=FAR))
        assert edit.state is EditState.HOLD_PENDING
        assert (await stage.now(ride)).fare == FARE
        assert (await refusal(edited(stage, ride, EditCommand(dropoff=AIRPORT)))).reason == "edit_under_way"
        stage.clock.advance(1)
        assert await stage.edits() == 1
        assert payments.calls[-2:] == [(f"{edit.id}:increment", ride.id)] * 2
        after = await stage.now(ride)
        assert (after.dropoff, after.fare) == (FAR, edit.plan.fare)
        assert await stage.edits() == 0

    async def test_a_ride_that_ends_while_the_hold_is_asked_for_is_charged_as_it_was_driven(
        self, stage: Stage, payments: FakePayments
    ):
        ride, driver_id = await stage.under_way()
        payments.failures = [Unknown("rpc_deadline_exceeded", "")]
        edit = await edited(stage, ride, EditCommand(dropoff=FAR))
        await stage.complete(stage.key(), driver_id, ride.id)
        stage.clock.advance(1)
        assert await stage.edits() == 1
        ended = await stage.reader.edit(ride.id, edit.id)
        assert ended is not None
        assert (ended.state, ended.reason) == (EditState.LAPSED, "not_editable")
        await stage.settle()
        after = await stage.now(ride)
        assert (after.fare, after.payment_state) == (FARE, PaymentState.CAPTURED)
        assert sum(line.amount.amount_minor for line in payments.captured[ride.id][1]) == FARE.total.amount_minor

    async def test_an_edit_after_the_end_of_the_trip_is_refused(self, stage: Stage):
        ride, driver_id = await stage.under_way()
        edit = await quoted(stage, ride, EditCommand(dropoff=BAKERY))
        await stage.complete(stage.key(), driver_id, ride.id)
        assert (await refusal(accepted(stage, edit))).reason == "not_editable"
        assert (await refusal(quoted(stage, ride, EditCommand(dropoff=FAR)))).reason == "not_editable"

    async def test_what_lies_behind_the_driver_is_kept_at_its_price(self, stage: Stage):
        ride, driver_id = await stage.under_way()
        stage.clock.advance(120)
        stand(stage, driver_id, SCHOOL)
        edit = await quoted(stage, ride, EditCommand(dropoff=PICKUP))
        eta = CrowFliesEta(CITY.travel)
        there, back = await eta.trip(PICKUP.point, SCHOOL.point), await eta.trip(SCHOOL.point, PICKUP.point)
        assert edit.plan.driven_meters == there.meters
        assert edit.plan.distance_meters == there.meters + back.meters
        await accepted(stage, edit)
        # A second one counts on from where the first began.
        stage.clock.advance(60)
        stand(stage, driver_id, BAKERY)
        second = await quoted(stage, ride, EditCommand(dropoff=SCHOOL))
        on = await eta.trip(SCHOOL.point, BAKERY.point)
        assert second.plan.driven_meters == there.meters + on.meters

    async def test_a_toll_on_the_way_behind_is_owed_wherever_the_rest_leads(self, stage: Stage):
        bridge = Toll("bridge", Scope(), usd(700), Gate(GeoPoint(37.785, -122.5), GeoPoint(37.785, -122.3), False))
        city = replace(CITY, fares=replace(CITY.fares, tolls=(bridge,)))
        stage.quote_edit = replace(stage.quote_edit, policies=EditPolicies(stage.reader, FixedCities(city)))
        ride, driver_id = await stage.under_way()
        stay = await quoted(stage, ride, EditCommand(dropoff=NEXT_DOOR))
        assert stay.plan.fare.amount_of(FareLineKind.TOLL) == usd(0)
        stage.clock.advance(600)
        stand(stage, driver_id, TEN_BLOCKS)
        back = await edited(stage, ride, EditCommand(dropoff=NEXT_DOOR))
        assert back.plan.fare.amount_of(FareLineKind.TOLL) == usd(700)
        # It was paid before the last edit, and is still.
        stage.clock.advance(600)
        stand(stage, driver_id, PICKUP)
        assert (await stage.now(ride)).driven_to == TEN_BLOCKS.point
        on = await quoted(stage, ride, EditCommand(dropoff=FAR))
        assert on.plan.fare.amount_of(FareLineKind.TOLL) == usd(700)

    async def test_stops_are_kept_added_and_taken_out(self, stage: Stage):
        ride, driver_id = await stage.under_way((BAKERY, SCHOOL))
        first = ride.stops[0].id
        await stage.reach(stage.key(), driver_id, ride.id, first)
        await stage.leave(stage.key(), driver_id, ride.id, first)
        edit = await edited(stage, ride, EditCommand(stops=(TEN_BLOCKS, ride.stops[1].id)))
        assert edit.state is EditState.APPLIED
        after = await stage.now(ride)
        assert [stop.place for stop in after.stops] == [BAKERY, TEN_BLOCKS, SCHOOL]
        assert after.stops[2].id == ride.stops[1].id
        await edited(stage, ride, EditCommand(stops=()))
        assert [stop.place for stop in (await stage.now(ride)).stops] == [BAKERY]

    async def test_the_stop_where_the_driver_is_stays(self, stage: Stage):
        ride, driver_id = await stage.under_way((BAKERY, SCHOOL))
        await stage.reach(stage.key(), driver_id, ride.id, ride.stops[0].id)
        await edited(stage, ride, EditCommand(stops=(TEN_BLOCKS,)))
        after = await stage.now(ride)
        assert [stop.place for stop in after.stops] == [BAKERY, TEN_BLOCKS]
        await stage.leave(stage.key(), driver_id, ride.id, after.stops[0].id)

    async def test_a_ride_that_goes_on_meanwhile_outdates_the_edit(self, stage: Stage):
        ride, driver_id = await stage.under_way((BAKERY,))
        edit = await quoted(stage, ride, EditCommand(dropoff=FAR))
        await stage.reach(stage.key(), driver_id, ride.id, ride.stops[0].id)
        assert (await refusal(accepted(stage, edit))).reason == "edit_outdated"

    async def test_a_price_is_promised_for_a_while_and_accepted_once(self, stage: Stage):
        ride, _ = await stage.assigned()
        edit = await quoted(stage, ride, EditCommand(dropoff=BAKERY))
        stage.clock.advance(CITY.edits.quote_seconds)
        assert (await refusal(accepted(stage, edit))).reason == "edit_expired"
        edit = await edited(stage, ride, EditCommand(dropoff=BAKERY))
        assert (await refusal(accepted(stage, edit))).reason == "edit_closed"

    async def test_the_same_keys_replay_the_same_edit(self, stage: Stage):
        ride, _ = await stage.assigned()
        key, command = stage.key(), EditCommand(dropoff=BAKERY)
        edit = await stage.quote_edit(key, ride.rider_id, ride.id, command, rider_id=ride.rider_id)
        assert await stage.quote_edit(key, ride.rider_id, ride.id, command, rider_id=ride.rider_id) == edit
        yes = stage.key()
        done = await stage.accept_edit(yes, ride.rider_id, ride.id, edit.id, rider_id=ride.rider_id)
        assert await stage.accept_edit(yes, ride.rider_id, ride.id, edit.id, rider_id=ride.rider_id) == done
        again = await stage.quote_edit(key, ride.rider_id, ride.id, command, rider_id=ride.rider_id)
        assert again == done

    async def test_a_pickup_next_door_keeps_the_driver(self, stage: Stage):
        ride, driver_id = await stage.assigned()
        edit = await edited(stage, ride, EditCommand(pickup=NEXT_DOOR))
        assert edit.state is EditState.APPLIED
        after = await stage.now(ride)
        assert (after.pickup, after.state) == (NEXT_DOOR, RideState.DRIVER_EN_ROUTE)
        assert after.driver is not None
        assert after.driver.driver_id == driver_id

    async def test_a_pickup_far_from_the_driver_on_the_way_sends_another(self, stage: Stage):
        ride, driver_id = await stage.assigned()
        await edited(stage, ride, EditCommand(pickup=TEN_BLOCKS))
        after = await stage.now(ride)
        assert (after.state, after.driver, after.reason) == (RideState.MATCHING, None, "pickup_moved")
        assert await stage.driver_is_free(driver_id)
        # The first driver may come again.
        assert (await stage.offer(after, driver_id)).pickup == TEN_BLOCKS

    async def test_a_driver_who_wanted_to_stop_after_a_ride_whose_pickup_moved_away_is_offline(self, stage: Stage):
        ride, driver_id = await stage.assigned()
        assert (await stage.end_shift(stage.key(), driver_id)).ends_after_ride
        await edited(stage, ride, EditCommand(pickup=TEN_BLOCKS))
        assert (await stage.now(ride)).state is RideState.MATCHING
        assert (await refusal(stage.read.current_shift(driver_id))).reason == "no_open_shift"

    async def test_a_last_ride_whose_pickup_moved_away_was_none(self, stage: Stage):
        ride, driver_id = await stage.assigned()
        await stage.change_shift.set_last_ride(stage.key(), driver_id, True)
        await edited(stage, ride, EditCommand(pickup=TEN_BLOCKS))
        shift = await stage.read.current_shift(driver_id)
        assert (shift.last_ride, shift.takes_offers) == (True, True)

    async def test_a_pickup_is_not_moved_to_another_part_of_the_city_or_after_the_arrival(self, stage: Stage):
        ride, _ = await stage.arrived()
        assert (await refusal(quoted(stage, ride, EditCommand(pickup=NEXT_DOOR)))).reason == "pickup_fixed"
        other, _ = await stage.assigned()
        assert (await refusal(quoted(stage, other, EditCommand(pickup=FAR)))).reason == "pickup_too_far"

    async def test_an_open_offer_is_withdrawn_since_it_shows_another_ride(self, stage: Stage):
        ride, driver_id = await stage.ride(), await stage.driver()
        offer = await stage.offer(ride, driver_id)
        await edited(stage, ride, EditCommand(dropoff=BAKERY))
        assert (await stage.now(ride)).state is RideState.MATCHING
        assert (await refusal(stage.accept(stage.key(), driver_id, offer.id))).reason == "offer_withdrawn"
        assert (await stage.offer(await stage.now(ride), driver_id)).dropoff == BAKERY

    async def test_a_much_longer_trip_is_the_drivers_to_agree_to(self, stage: Stage, payments: FakePayments):
        ride, driver_id = await stage.under_way()
        edit = await edited(stage, ride, EditCommand(dropoff=PALO_ALTO))
        assert edit.state is EditState.AWAITING_DRIVER
        assert not payments.raised
        agreed = await stage.answer_edit(stage.key(), driver_id, ride.id, edit.id, agreed=True)
        assert agreed.state is EditState.APPLIED
        assert payments.raised == {ride.id: edit.plan.fare.total}
        assert (await stage.now(ride)).dropoff == PALO_ALTO

    async def test_a_driver_who_does_not_agree_drives_the_trip_as_it_was(self, stage: Stage):
        ride, driver_id = await stage.under_way()
        edit = await edited(stage, ride, EditCommand(dropoff=PALO_ALTO))
        refused = await stage.answer_edit(stage.key(), driver_id, ride.id, edit.id, agreed=False)
        assert (refused.state, refused.reason) == (EditState.REFUSED, "driver_declined")
        assert (await stage.now(ride)).dropoff == DROPOFF
        late = stage.answer_edit(stage.key(), driver_id, ride.id, edit.id, agreed=True)
        assert (await refusal(late)).reason == "edit_closed"

    async def test_a_driver_who_does_not_answer_lets_the_edit_lapse(self, stage: Stage):
        ride, _ = await stage.under_way()
        edit = await edited(stage, ride, EditCommand(dropoff=PALO_ALTO))
        assert await stage.edits() == 0
        stage.clock.advance(CITY.edits.driver_answer_seconds)
        assert await stage.edits() == 1
        lapsed = await stage.reader.edit(ride.id, edit.id)
        assert lapsed is not None
        assert (lapsed.state, lapsed.reason) == (EditState.LAPSED, "driver_did_not_answer")
        assert (await edited(stage, ride, EditCommand(dropoff=BAKERY))).state is EditState.APPLIED

    async def test_a_driver_who_comes_while_the_hold_is_raised_is_asked_for_a_much_longer_trip(
        self, stage: Stage, payments: FakePayments
    ):
        ride, driver_id = await stage.ride(), await stage.driver()
        payments.failures = [Unknown("rpc_deadline_exceeded", "")]
        edit = await edited(stage, ride, EditCommand(dropoff=PALO_ALTO))
        assert edit.state is EditState.HOLD_PENDING
        await stage.accept(stage.key(), driver_id, (await stage.offer(ride, driver_id)).id)
        asked = await swept(stage, edit)
        assert (asked.state, (await stage.now(ride)).dropoff) == (EditState.AWAITING_DRIVER, DROPOFF)
        assert payments.raised == {ride.id: edit.plan.fare.total}
        calls = len(payments.calls)
        agreed = await stage.answer_edit(stage.key(), driver_id, ride.id, edit.id, agreed=True)
        assert (agreed.state, (await stage.now(ride)).dropoff) == (EditState.APPLIED, PALO_ALTO)
        assert len(payments.calls) == calls

    async def test_a_much_longer_trip_is_asked_of_the_driver_who_came_after_the_one_who_agreed(
        self, stage: Stage, payments: FakePayments
    ):
        ride, first = await stage.assigned()
        edit = await agreed_while_the_hold_is_unknown(stage, payments, ride, first)
        waiting = await stage.give_back(stage.key(), first, ride.id, "")
        second = await stage.driver()
        await stage.accept(stage.key(), second, (await stage.offer(waiting, second)).id)
        assert (await swept(stage, edit)).state is EditState.AWAITING_DRIVER
        refused = await stage.answer_edit(stage.key(), second, ride.id, edit.id, agreed=False)
        assert (refused.state, (await stage.now(ride)).dropoff) == (EditState.REFUSED, DROPOFF)

    async def test_a_driver_who_agreed_is_not_asked_again_once_the_hold_is_raised(
        self, stage: Stage, payments: FakePayments
    ):
        ride, driver_id = await stage.under_way()
        edit = await agreed_while_the_hold_is_unknown(stage, payments, ride, driver_id)
        assert (await swept(stage, edit)).state is EditState.APPLIED

    async def test_what_cannot_be_edited_is_refused_by_name(self, stage: Stage):
        ride, _ = await stage.assigned((BAKERY,))
        nowhere = Place(GeoPoint(38.58, -121.49))
        for command, reason in (
            (EditCommand(), "nothing_to_edit"),
            (EditCommand(dropoff=DROPOFF, stops=(ride.stops[0].id,)), "nothing_to_edit"),
            (EditCommand(dropoff=nowhere), "outside_service_area"),
            (EditCommand(dropoff=PICKUP, stops=()), "trip_too_short"),
            (EditCommand(stops=(SCHOOL,) * 6), "too_many_stops"),
            (EditCommand(stops=(stage.new_id(),)), "unknown_stop"),
            (EditCommand(stops=(ride.stops[0].id, ride.stops[0].id)), "unknown_stop"),
        ):
            assert (await refusal(quoted(stage, ride, command))).reason == reason

    async def test_prices_of_edits_are_told_a_bounded_number_of_times(self, stage: Stage):
        ride, _ = await stage.assigned()
        edit = await quoted(stage, ride, EditCommand(dropoff=BAKERY))
        for _ in range(MAX_EDITS - 1):
            await quoted(stage, ride, EditCommand(dropoff=BAKERY))
        assert (await refusal(quoted(stage, ride, EditCommand(dropoff=FAR)))).reason == "too_many_edits"
        assert (await accepted(stage, edit)).state is EditState.APPLIED

    async def test_somebody_elses_ride_is_not_edited(self, stage: Stage):
        ride, _ = await stage.assigned()
        edit = await quoted(stage, ride, EditCommand(dropoff=BAKERY))
        stranger = stage.new_id()
        error = await refusal(
            stage.quote_edit(stage.key(), stranger, ride.id, EditCommand(dropoff=FAR), rider_id=stranger)
        )
        assert error.reason == "ride_not_found"
        error = await refusal(stage.accept_edit(stage.key(), stranger, ride.id, edit.id, rider_id=stranger))
        assert error.reason == "ride_not_found"
        other = replace(edit, ride_id=stage.new_id())
        assert await stage.reader.edit(other.ride_id, other.id) is None
