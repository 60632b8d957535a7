"""All use cases of rides around one store, and the scenes that tests begin with."""

from __future__ import annotations

import pickle
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from matching_service.adapters.city_file import load_city
from matching_service.adapters.fixed_cities import FixedCities
from matching_service.domain.delivery import DeliveryOrder, ItemSize
from matching_service.domain.eta import CrowFliesEta
from matching_service.domain.offer import Offer
from matching_service.domain.quote import Fare, FareLine, FareLineKind, Place, Quote
from matching_service.domain.ride import Ride
from matching_service.domain.ride_kind import Capability
from matching_service.domain.run import alone
from matching_service.domain.terms import Funding
from matching_service.use_cases.accept_offer import AcceptOffer
from matching_service.use_cases.advance_edits import AdvanceEdits
from matching_service.use_cases.advance_saga import AdvanceSaga
from matching_service.use_cases.arrive_at_pickup import ArriveAtPickup
from matching_service.use_cases.cancel_assignment import CancelAssignment
from matching_service.use_cases.cancel_ride import CancelRide
from matching_service.use_cases.change_shift import ChangeShift
from matching_service.use_cases.close_searches import CloseSearches
from matching_service.use_cases.collect_order import CollectOrder
from matching_service.use_cases.complete_trip import CompleteTrip
from matching_service.use_cases.decide_edits import AcceptRideEdit, AnswerRideEdit
from matching_service.use_cases.decline_offer import DeclineOffer
from matching_service.use_cases.dispatch_ports import OfferOutcome, Proposal, QuoteStore
from matching_service.use_cases.edit_policies import EditPolicies
from matching_service.use_cases.end_due_shifts import EndDueShifts
from matching_service.use_cases.end_shift import EndShift
from matching_service.use_cases.expire_offers import ExpireOffers
from matching_service.use_cases.fail_delivery import FailDelivery
from matching_service.use_cases.force_cancel_ride import ForceCancelRide
from matching_service.use_cases.hand_over_order import HandOverOrder
from matching_service.use_cases.keep_driver_standing import KeepDriverStanding
from matching_service.use_cases.keep_schedules import KeepSchedules
from matching_service.use_cases.list_shifts import ListShifts
from matching_service.use_cases.make_offers import MakeOffers
from matching_service.use_cases.pass_stops import LeaveStop, ReachStop
from matching_service.use_cases.preview_cancellation import PreviewCancellation
from matching_service.use_cases.queue_ports import EditQueue, SagaQueue
from matching_service.use_cases.quote_ride_edit import QuoteRideEdit
from matching_service.use_cases.read_rides import ReadRides
from matching_service.use_cases.reader_ports import RideReader, ShiftReader
from matching_service.use_cases.reassign_ride import ReassignRide
from matching_service.use_cases.report_no_show import ReportNoShow
from matching_service.use_cases.request_ride import PaidBy, RequestRide
from matching_service.use_cases.reroute_drivers import RerouteDrivers
from matching_service.use_cases.return_order import ReturnOrder
from matching_service.use_cases.service_ports import Payments
from matching_service.use_cases.start_shift import StartShift
from matching_service.use_cases.start_trip import StartTrip
from matching_service.use_cases.stop_unapproved_driver import StopUnapprovedDriver
from matching_service.use_cases.store_ports import DriverStanding, Store
from matching_service.use_cases.take_break import TakeBreak
from matching_service.use_cases.watch_drivers import WatchDrivers
from shared_kernel.geo import GeoPoint
from shared_kernel.ids import Uuid7Source
from shared_kernel.money import Money
from tests.fakes.matching_dispatch import FakeFreeDrivers, FakeLiveLocations, HandClock
from tests.fakes.matching_other_services import FakeAccounts

PICKUP = Place(GeoPoint(37.7749, -122.4194), "Market Street")
DROPOFF = Place(GeoPoint(37.7955, -122.3937), "Ferry Building")
CITY = load_city(None)


def usd(amount_minor: int) -> Money:
    return Money("USD", amount_minor)


FARE = Fare.of(
    "USD",
    [
        FareLine(FareLineKind.BASE, usd(500)),
        FareLine(FareLineKind.DISTANCE, usd(900)),
        FareLine(FareLineKind.TIME, usd(401)),
        FareLine(FareLineKind.BOOKING_FEE, usd(150)),
        FareLine(FareLineKind.TAX, usd(99)),
    ],
)


ORDER = DeliveryOrder(
    shop_name="Corner Bakery",
    shop_phone="+14155550111",
    order_reference="A-1042",
    recipient_name="Robin",
    recipient_phone="+14155550122",
    items="2 loaves of bread",
    size=ItemSize.SMALL,
)


@dataclass
class Stage:
    """The use cases, wired to a store, with fakes for the services around."""

    store: Store
    reader: RideReader
    queue: SagaQueue
    quotes: QuoteStore
    payments: Payments
    shifts: ShiftReader
    edit_queue: EditQueue
    told: Callable[[], Awaitable[list[tuple[UUID, int]]]]
    """Reads the aggregate and the version of each event told, in order."""
    clock: HandClock = field(default_factory=HandClock)
    payment_seconds: float = 2.0
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    new_id: Uuid7Source = field(default_factory=Uuid7Source)
    locations: FakeLiveLocations = field(default_factory=FakeLiveLocations)

    def __post_init__(self) -> None:
        self.cities = FixedCities(CITY)
        store, clock, seeded = self.store, self.clock, random.Random(7)
        wait = self.payment_seconds
        self.saga = AdvanceSaga(store, self.queue, self.payments, clock, seeded, wait)
        self.request_ride = RequestRide(
            store, self.reader, self.quotes, self.accounts, self.saga, self.cities, clock, self.new_id, seeded, wait
        )
        policies = EditPolicies(self.reader, self.cities)
        self.edits = AdvanceEdits(store, self.edit_queue, self.payments, policies, clock, seeded, wait)
        eta = CrowFliesEta(CITY.travel)
        self.quote_edit = QuoteRideEdit(store, self.reader, policies, eta, self.locations, clock, self.new_id)
        self.accept_edit = AcceptRideEdit(store, self.reader, policies, self.edits, clock, wait)
        self.answer_edit = AnswerRideEdit(store, self.reader, policies, self.edits, clock, wait)
        self.free_drivers = FakeFreeDrivers(None)
        self.schedules = KeepSchedules(store, self.reader, policies, self.free_drivers, eta, clock)
        self.preview = PreviewCancellation(store, clock, seeded)
        self.cancel = CancelRide(store, clock)
        self.force_cancel = ForceCancelRide(store, clock)
        self.start_shift = StartShift(store, self.accounts, clock, self.new_id)
        self.end_shift = EndShift(store, clock)
        self.take_break = TakeBreak(store, clock)
        self.change_shift = ChangeShift(store, clock)
        self.watch = WatchDrivers(store, self.shifts, self.locations, clock)
        self.end_due = EndDueShifts(store, self.shifts, self.locations, clock)
        self.list_shifts = ListShifts(self.shifts)
        self.stop_unapproved = StopUnapprovedDriver(store, self.accounts, clock)
        self.keep_standing = KeepDriverStanding(store, clock)
        self.offers = MakeOffers(store, clock, self.new_id)
        self.reroute = RerouteDrivers(store, clock)
        self.accept = AcceptOffer(store, clock, self.new_id)
        self.decline = DeclineOffer(store, clock)
        self.arrive = ArriveAtPickup(store, clock)
        self.start = StartTrip(store, clock)
        self.reach = ReachStop(store, clock)
        self.leave = LeaveStop(store, clock)
        self.collect = CollectOrder(store, clock)
        self.hand_over = HandOverOrder(store, clock)
        self.fail_delivery = FailDelivery(store, clock)
        self.return_order = ReturnOrder(store, clock)
        self.complete = CompleteTrip(store, clock)
        self.cancel_assignment = CancelAssignment(store, clock)
        self.reassign = ReassignRide(store, clock)
        self.no_show = ReportNoShow(store, clock)
        self.expire_offers = ExpireOffers(store, self.reader, clock)
        self.close_searches = CloseSearches(store, self.reader, clock)
        self.read = ReadRides(self.reader)

    def key(self) -> str:
        return str(self.new_id())

    async def give_back(self, request_id: str, driver_id: UUID, ride_id: UUID, words: str) -> Ride:
        """Give a ride back; return it as the driver is told of it."""
        written = await self.cancel_assignment(request_id, driver_id, ride_id, words, pickle.dumps)
        given: Ride = pickle.loads(written)  # noqa: S301 (its own)
        return given

    async def quote(
        self, rider_id: UUID, fare: Fare = FARE, stops: tuple[Place, ...] = (), product: str = "economy"
    ) -> Quote:
        expires_at = self.clock.now() + timedelta(seconds=CITY.quote_seconds)
        quote = Quote(
            self.new_id(), rider_id, product, PICKUP, DROPOFF, fare, 4_200, 840, 240, expires_at, 1000, CITY.city
        )
        quote = replace(quote, stops=stops)
        await self.quotes.add([quote])
        return quote

    async def scheduled(self, ahead: timedelta, rider_id: UUID | None = None) -> Ride:
        """A ride that is asked for so long ahead."""
        rider_id = rider_id or self.new_id()
        quote = replace(await self.quote(rider_id), id=self.new_id(), pickup_at=self.clock.now() + ahead)
        await self.quotes.add([quote])
        return await self.request_ride(self.key(), rider_id, quote.id, self.card(), "")

    def card(self) -> PaidBy:
        """A card of the rider's."""
        return PaidBy.card(self.new_id())

    async def ride(
        self, rider_id: UUID | None = None, funding: Funding = Funding.CARD, stops: tuple[Place, ...] = ()
    ) -> Ride:
        """A ride in MATCHING, if the fake lets its hold stand."""
        rider_id = rider_id or self.new_id()
        quote = await self.quote(rider_id, stops=stops)
        paid_by = self.card() if funding is Funding.CARD else PaidBy(funding)
        return await self.request_ride(self.key(), rider_id, quote.id, paid_by, "")

    async def order(self, order: DeliveryOrder | None = None, rider_id: UUID | None = None) -> Ride:
        """A delivery in MATCHING."""
        rider_id = rider_id or self.new_id()
        quote = await self.quote(rider_id, product="delivery")
        return await self.request_ride(self.key(), rider_id, quote.id, self.card(), "", order or ORDER)

    async def pooled(self, passengers: int = 1, rider_id: UUID | None = None) -> Ride:
        """A pooled ride in MATCHING; alone it takes 840 s, and others may make it 420 s longer."""
        rider_id = rider_id or self.new_id()
        quote = await self.pooled_quote(rider_id, passengers)
        return await self.request_ride(self.key(), rider_id, quote.id, self.card(), "", accepted_detour_seconds=420)

    async def pooled_quote(self, rider_id: UUID, passengers: int = 1) -> Quote:
        """The quote of a pooled ride."""
        quote = replace(await self.quote(rider_id, product="pool"), id=self.new_id())
        quote = replace(quote, passengers=passengers, max_detour_seconds=420)
        await self.quotes.add([quote])
        return quote

    async def shared(self, *passengers: int) -> tuple[list[Ride], UUID]:
        """Pooled rides on one run, all of whose parties wait for their driver: first come, first in the plan."""
        driver_id = await self.driver()
        rides: list[Ride] = []
        for number in passengers or (1, 1):
            ride = await self.pooled(number)
            offer = await (self.join(ride, driver_id) if rides else self.offer(ride, driver_id))
            rides.append(await self.accept(self.key(), driver_id, offer.id))
        return rides, driver_id

    async def join(self, ride: Ride, driver_id: UUID) -> Offer:
        """The open offer of a ride to a driver who has others: picked up and dropped off after them."""
        view = await self.reader.run_of(driver_id)
        assert view is not None
        plan = (*view.pending, *alone(ride.id))
        proposal = Proposal(ride.id, driver_id, 300, 300.0, run_id=view.run.id, plan=plan)
        assert await self.offers.make_offers([proposal]) == [OfferOutcome.OFFERED]
        offer = await self.reader.open_offer(driver_id)
        assert offer is not None
        return offer

    async def stand(self, driver_id: UUID, version: int, *, cash_allowed: bool) -> None:
        """payment_service tells whether a driver may take cash."""
        await self.keep_standing(self.new_id(), DriverStanding(driver_id, "USD", cash_allowed), version)

    async def driver(self, *capabilities: Capability) -> UUID:
        """An approved driver on shift."""
        driver_id = self.new_id()
        self.accounts.approve(driver_id)
        await self.start_shift(self.key(), driver_id, frozenset(capabilities))
        return driver_id

    async def offer(self, ride: Ride, driver_id: UUID) -> Offer:
        """The open offer of a ride to a driver."""
        outcomes = await self.offers.make_offers([Proposal(ride.id, driver_id, 180, 180.0)])
        assert outcomes == [OfferOutcome.OFFERED]
        offer = await self.reader.open_offer(driver_id)
        assert offer is not None
        return offer

    async def assigned(self, stops: tuple[Place, ...] = ()) -> tuple[Ride, UUID]:
        """A ride whose driver is on the way."""
        ride, driver_id = await self.ride(stops=stops), await self.driver()
        offer = await self.offer(ride, driver_id)
        return await self.accept(self.key(), driver_id, offer.id), driver_id

    async def arrived(self, stops: tuple[Place, ...] = ()) -> tuple[Ride, UUID]:
        """A ride whose driver waits at the pickup."""
        ride, driver_id = await self.assigned(stops)
        return await self.arrive(self.key(), driver_id, ride.id), driver_id

    async def under_way(self, stops: tuple[Place, ...] = ()) -> tuple[Ride, UUID]:
        """A ride whose rider is in the vehicle."""
        ride, driver_id = await self.arrived(stops)
        return await self.start(self.key(), driver_id, ride.id, ride.start_pin), driver_id

    async def carrying(self, order: DeliveryOrder | None = None) -> tuple[Ride, UUID]:
        """A delivery whose courier has the goods."""
        ride, driver_id = await self.order(order), await self.driver(*Capability)
        offer = await self.offer(ride, driver_id)
        await self.accept(self.key(), driver_id, offer.id)
        await self.arrive(self.key(), driver_id, ride.id)
        return await self.collect(self.key(), driver_id, ride.id, ride.start_pin), driver_id

    async def now(self, ride: Ride) -> Ride:
        """The ride as it stands in the store."""
        found = await self.reader.ride(ride.id)
        assert found is not None
        return found

    async def settle(self) -> None:
        """Let the saga do all that is due, however often it must be asked."""
        for _ in range(100):
            if not await self.saga():
                return
        raise AssertionError("the saga does not come to rest")

    async def driver_is_free(self, driver_id: UUID) -> bool:
        """Whether the driver has neither a live ride nor an open offer."""
        ride = await self.reader.live_ride(driver_id=driver_id)
        return ride is None and await self.reader.open_offer(driver_id) is None

    async def told_of(self, aggregate_id: UUID) -> list[int]:
        """The versions of the events told of an aggregate, in their order."""
        return [version for told_id, version in await self.told() if told_id == aggregate_id]
