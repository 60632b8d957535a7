"""Tell what another way of a ride costs, the part already driven kept at its price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from matching_service.domain.city import CityPolicy
from matching_service.domain.edit import MAX_EDITS, Plan, RideEdit
from matching_service.domain.locations import GONE_SECONDS
from matching_service.domain.pricing import PricedTrip, is_sold, price_trip
from matching_service.domain.quote import Place
from matching_service.domain.ride import Ride
from matching_service.domain.ride_route import open_stops, priced_for, refuse_unless_editable, with_its_wait
from matching_service.domain.ride_states import RideState
from matching_service.domain.schedule import Schedule, refuse_pickup_time
from matching_service.domain.stops import Stop, StopState
from matching_service.use_cases.edit_policies import EditPolicies
from matching_service.use_cases.eta_ports import EtaProvider
from matching_service.use_cases.location_ports import LiveLocations
from matching_service.use_cases.plan_route import plan_route
from matching_service.use_cases.reader_ports import RideReader
from matching_service.use_cases.steps import ride_not_found
from matching_service.use_cases.store_ports import RequestKey, Store
from matching_service.use_cases.way_behind import way_behind
from shared_kernel.clock import Clock
from shared_kernel.errors import Conflict, DomainError, FieldViolation, InvalidInput
from shared_kernel.geo import GeoPoint, haversine_meters
from shared_kernel.ids import IdSource


@dataclass(frozen=True, slots=True)
class EditCommand:
    """What is to be changed; None leaves it. A stop is the id of one that the ride has, or a new place."""

    pickup: Place | None = None
    dropoff: Place | None = None
    stops: tuple[UUID | Place, ...] | None = None
    pickup_at: datetime | None = None

    def fields(self) -> tuple[str, ...]:
        """Write it for the fingerprint of a request."""
        return (str(self.pickup), str(self.dropoff), str(self.stops), str(self.pickup_at))


@dataclass(frozen=True, slots=True)
class QuoteRideEdit:
    """QuoteRideEdit. An edit binds nobody until it is accepted."""

    store: Store
    reader: RideReader
    policies: EditPolicies
    eta: EtaProvider
    locations: LiveLocations
    clock: Clock
    new_id: IdSource

    async def __call__(
        self, request_id: str, actor_id: UUID, ride_id: UUID, command: EditCommand, *, rider_id: UUID | None
    ) -> RideEdit:
        """Return the edit with its price; the same key returns the same one.

        Args:
            request_id: the key the client keeps.
            actor_id: who asks.
            ride_id: the ride.
            command: what is to be changed.
            rider_id: whose ride it must be; None for operators.

        Raises:
            NotFound: `ride_not_found`.
            Conflict: `not_editable`, `pickup_fixed`, `edit_outdated` (the ride went on meanwhile), `not_scheduled`
                (a ride that has begun has no other time), `product_unavailable` (there, then), `too_many_edits`.
            InvalidInput: `nothing_to_edit`, `unknown_stop`, `too_many_stops`, `outside_service_area`,
                `pickup_too_far`, `trip_too_short`, `trip_too_long`, `pickup_time_too_soon`, `pickup_time_too_far`.
        """
        ride = await self.reader.ride(ride_id, rider_id=rider_id)
        if ride is None:
            raise ride_not_found()
        # No call within a transaction: the way may be another service's to tell.
        planned = await self._try(ride, actor_id, command)
        request = RequestKey(actor_id, "QuoteRideEdit", request_id, (str(ride_id), *command.fields()))
        async with self.store.transaction() as tx:
            answer = await tx.claim(request)
            locked = await tx.lock_ride(ride_id)
            if answer is not None:
                known = await tx.lock_edit(ride_id, UUID(bytes=answer))
                if known is not None:
                    return known
            if isinstance(planned, DomainError):
                raise planned
            if locked is None or locked.route_version != ride.route_version or locked.state is not ride.state:
                raise Conflict("edit_outdated", "the ride went on meanwhile; ask again")
            if await tx.edit_count(ride_id) >= MAX_EDITS:
                raise Conflict("too_many_edits", f"no more than {MAX_EDITS} edits of a ride are priced")
            await tx.add_edit(planned)
            if answer is None:
                await tx.complete(planned.id.bytes)
        return planned

    async def _try(self, ride: Ride, actor_id: UUID, command: EditCommand) -> RideEdit | DomainError:
        # The key is judged first: repeated after the edit was applied it gives that edit.
        try:
            return await self._edit(ride, actor_id, command)
        except (InvalidInput, Conflict) as error:
            return error

    async def _edit(self, ride: Ride, actor_id: UUID, command: EditCommand) -> RideEdit:
        pickup, dropoff = command.pickup or ride.pickup, command.dropoff or ride.dropoff
        later = command.pickup_at is not None and (not ride.schedule or command.pickup_at != ride.schedule.pickup_at)
        refuse_unless_editable(ride, moves_pickup=pickup.point != ride.pickup.point, moves_time=later)
        stops = open_stops(ride) if command.stops is None else self._stops(ride, command.stops)
        if (pickup, dropoff, stops) == (ride.pickup, ride.dropoff, open_stops(ride)) and not later:
            raise InvalidInput("nothing_to_edit", "the ride is that already")
        city, now = await self.policies.city_of(ride), self.clock.now()
        schedule = _other_times(command.pickup_at, city, now) if later and command.pickup_at is not None else None
        _refuse(city, ride, pickup, dropoff, stops)
        begins_at = command.pickup_at or priced_for(ride)
        if later or pickup.point != ride.pickup.point:
            _refuse_unless_sold(city, ride.product, begins_at, pickup)
        plan, added_seconds = await self._plan(city, ride, pickup, dropoff, stops, begins_at)
        now = self.clock.now()
        return RideEdit(
            id=self.new_id(),
            ride_id=ride.id,
            made_by=actor_id,
            plan=replace(plan, schedule=schedule),
            fare_before=ride.fare.total,
            added_seconds=added_seconds,
            route_version=ride.route_version,
            created_at=now,
            expires_at=now + timedelta(seconds=city.edits.quote_seconds),
        )

    def _stops(self, ride: Ride, chosen: Sequence[UUID | Place]) -> tuple[Stop, ...]:
        known = {stop.id: stop for stop in open_stops(ride)}
        here = tuple(stop for stop in open_stops(ride) if stop.state is StopState.REACHED)
        stops: list[Stop] = []
        for choice in chosen:
            if isinstance(choice, Place):
                stops.append(Stop(self.new_id(), choice))
            elif choice not in known:
                violation = FieldViolation("stops", "must be stops of the ride that are not left yet, each once")
                raise InvalidInput("unknown_stop", "the ride has no such stop to keep", violations=[violation])
            else:
                stops.append(known.pop(choice))
        # Where the driver is now can neither be taken out nor come later.
        return (*here, *(stop for stop in stops if stop not in here))

    async def _plan(
        self, city: CityPolicy, ride: Ride, pickup: Place, dropoff: Place, stops: tuple[Stop, ...], at: datetime
    ) -> tuple[Plan, int]:
        product = city.products.get(ride.product)
        if product is None:
            raise Conflict("not_editable", "the city no longer sells the product")
        wait = city.stops.wait_seconds
        behind = await way_behind(self.eta, ride, await self._driver_point(ride), wait)
        ahead = [stop.place.point for stop in stops if stop.state is StopState.PENDING]
        before = [stop.place.point for stop in open_stops(ride) if stop.state is StopState.PENDING]
        rest = await plan_route(self.eta, [behind.until or pickup.point, *ahead, dropoff.point], wait)
        old_rest = await plan_route(self.eta, [behind.until or ride.pickup.point, *before, ride.dropoff.point], wait)
        meters, seconds = behind.meters + rest.meters, behind.seconds + rest.seconds
        _refuse_length(city, meters)
        # By way of where the driver has been: what was paid on the way there is owed, wherever the rest leads.
        places = [*(behind.places or (pickup.point,)), *ahead, dropoff.point]
        line = (await plan_route(self.eta, places, wait)).line
        # By the hours and the surge that the first price was made by, with the wait that was.
        priced = PricedTrip(at, places, meters, seconds, line=line)
        price = ride.terms.discounted(price_trip(city, product, priced, ride.terms.surge_permille))
        fare = with_its_wait(ride, price)
        plan = Plan(
            pickup, dropoff, stops, fare, meters, seconds, behind.meters, behind.seconds, driven_to=behind.until
        )
        return plan, rest.seconds - old_rest.seconds

    async def _driver_point(self, ride: Ride) -> GeoPoint | None:
        if ride.state is not RideState.IN_PROGRESS or ride.driver is None:
            return None
        position = await self.locations.last(ride.driver.driver_id)
        if position is None:
            return None
        age = self.clock.now() - datetime.fromtimestamp(position.measured_at, UTC)
        return position.point if age <= timedelta(seconds=GONE_SECONDS) else None


def _other_times(pickup_at: datetime, city: CityPolicy, now: datetime) -> Schedule:
    refuse_pickup_time(pickup_at, now, city.schedule)
    return Schedule.of(pickup_at, city.schedule)


def _refuse_unless_sold(city: CityPolicy, name: str, begins_at: datetime, pickup: Place) -> None:
    product = city.products.get(name)
    if product is not None and not is_sold(city, product, begins_at, pickup.point):
        raise Conflict("product_unavailable", f"{name}: not to be had from there at that time")


def _refuse(city: CityPolicy, ride: Ride, pickup: Place, dropoff: Place, stops: tuple[Stop, ...]) -> None:
    pending = [stop for stop in stops if stop.state is StopState.PENDING]
    if len(pending) > city.stops.max_stops:
        raise InvalidInput(
            "too_many_stops",
            f"a ride has at most {city.stops.max_stops} stops",
            violations=[FieldViolation("stops", f"must have at most {city.stops.max_stops} items")],
        )
    places = [("pickup", pickup), ("stops", None), ("dropoff", dropoff)]
    violations = [
        FieldViolation(field, f"must be in the service area of {city.name}")
        for field, place in places
        if not all(
            city.service_area.contains(each.point) for each in ([place] if place else [stop.place for stop in pending])
        )
    ]
    if violations:
        raise InvalidInput("outside_service_area", "the ride leaves the service area", violations=violations)
    # Nobody is on the way to a ride whose time is far off.
    moved_meters = 0.0 if ride.state is RideState.SCHEDULED else haversine_meters(pickup.point, ride.pickup.point)
    if moved_meters > city.edits.max_pickup_meters:
        violation = FieldViolation("pickup", f"must be within {city.edits.max_pickup_meters} m of the present one")
        raise InvalidInput("pickup_too_far", "so far a pickup cannot be moved", violations=[violation])


def _refuse_length(city: CityPolicy, meters: int) -> None:
    if meters < city.min_trip_meters:
        violation = FieldViolation("dropoff", "is too close to the pickup")
        raise InvalidInput("trip_too_short", "the trip would be too short", violations=[violation])
    if meters > city.max_trip_meters:
        violation = FieldViolation("dropoff", "is too far from the pickup")
        raise InvalidInput("trip_too_long", "the trip would be too long", violations=[violation])
