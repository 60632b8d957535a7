"""The races. Each tells how it came out, and says itself what must not come out of it; `invariants` judges the rest."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from matching_service.domain.edit import RideEdit
from matching_service.domain.quote import Place
from matching_service.domain.ride import Ride
from matching_service.domain.ride_states import RideState
from matching_service.use_cases.dispatch_ports import Claim, OfferOutcome, Proposal, Reroute
from matching_service.use_cases.quote_ride_edit import EditCommand
from shared_kernel.errors import DomainError
from shared_kernel.geo import GeoPoint
from tests.fakes.matching_stage import PICKUP
from tests.races.ground import Lane, Race, WrongError, how
from tests.races.jitter import a_head_start

_NEAR = Place(GeoPoint(37.7860, -122.4280), "ten blocks on")
_FAR = Place(GeoPoint(37.4419, -122.1430), "half an hour on")


def _told(answers: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {how(answer)}" for name, answer in answers.items())


def _demand(holds: bool, what: str) -> None:
    if not holds:
        raise WrongError(what)


async def double_accept(lane: Lane) -> str:
    """A driver's phone accepts three times, by two replicas and under three keys."""
    ride, driver_id = await lane.ride(), lane.drivers[0]
    offer = await lane.offer(ride, driver_id)
    answers = await lane.at_once(
        first=lane.one.accept(lane.key(), driver_id, offer.id),
        second=lane.other.accept(lane.key(), driver_id, offer.id),
        third=lane.other.accept(lane.key(), driver_id, offer.id),
    )
    _demand(all(isinstance(answer, Ride) for answer in answers.values()), f"an accept was refused: {_told(answers)}")
    return _told(answers)


async def accept_vs_cancel(lane: Lane) -> str:
    """The driver accepts while the rider cancels: the cancel comes through either way, and is free."""
    ride, driver_id = await lane.ride(), lane.drivers[0]
    offer = await lane.offer(ride, driver_id)
    answers = await lane.at_once(
        accept=lane.one.accept(lane.key(), driver_id, offer.id),
        cancel=lane.other.cancel(lane.key(), ride.rider_id, ride.id, "", ""),
    )
    _demand(how(answers["cancel"]) == "canceled_by_rider", f"a cancel was lost: {_told(answers)}")
    _demand(how(answers["accept"]) in ("driver_en_route", "offer_withdrawn"), f"accept: {how(answers['accept'])}")
    return _told(answers)


async def accept_vs_expiry(lane: Lane) -> str:
    """The driver accepts in time by one replica's clock; to the other the time is over."""
    ride, driver_id = await lane.ride(), lane.drivers[0]
    offer = await lane.offer(ride, driver_id)
    late = lane.later(offer.expires_at)
    answers = await lane.at_once(
        accept=lane.one.accept(lane.key(), driver_id, offer.id),
        expire=late.expire_offers(),
        decline=lane.other.decline(lane.key(), driver_id, offer.id)
        if lane.chance.random() < 0.3
        else lane.one.reader.open_offer(driver_id),
    )
    state = await lane.now(ride)
    if isinstance(answers["accept"], Ride):
        _demand(state is RideState.DRIVER_EN_ROUTE, f"an accept was granted and is gone: the ride is {state}")
    else:
        # What ran out by the other's clock is taken up within the grace; only a decline stands against it.
        _demand(how(answers["accept"]) == "offer_declined", how(answers["accept"]))
        _demand(state is RideState.MATCHING, f"nobody accepted, and the ride is {state}")
    return f"accept: {how(answers['accept'])}, ride: {state}"


async def late_accept(lane: Lane) -> str:
    """The driver answers when the time is over, before, while and after it is swept up, and while matchers go on.

    Within the grace it counts, unless the ride was offered on or the driver was asked for another one first; beyond it
    the driver is told that it is over, always.
    """
    ride, driver_id = await lane.ride(), lane.drivers[0]
    offer = await lane.offer(ride, driver_id)
    late_seconds = lane.chance.uniform(0, 20)
    late = lane.later(offer.expires_at + timedelta(seconds=late_seconds))

    async def go_on(ride: Ride, to: UUID) -> Any:
        # Only who has swept up finds ride and driver free again. By the same clock, or the next offer would be over as
        # it is made, and whoever sweeps up next would make the driver free for a late accept.
        await late.expire_offers()
        return await late.offers.make_offers([await lane.proposal(ride, to)])

    async def accept() -> Ride:
        # To sweep up and to offer on take several steps: now and then all of them come first.
        for _ in range(lane.chance.randrange(8)):
            await a_head_start(lane.chance)
        return await late.accept(lane.key(), driver_id, offer.id)

    acts: dict[str, Awaitable[Any]] = {
        "expire": late.expire_offers(),
        "accept": accept(),
        "again": accept(),
    }
    others = lane.chance.choice(["nothing", "offered on", "asked elsewhere"])
    if others == "offered on":
        acts["other"] = go_on(ride, lane.drivers[1])
    elif others == "asked elsewhere":
        acts["other"] = go_on(await lane.ride(), driver_id)
    answers = await lane.at_once(**acts)
    told, state = {how(answers["accept"]), how(answers["again"])}, await lane.now(ride)
    if late_seconds >= ride.terms.late_accept_seconds:
        _demand(told == {"offer_expired"}, f"a late accept was answered {sorted(told)}")
    elif "other" in acts and how(answers["other"]) == "offered":
        _demand(told == {"offer_expired"}, f"{others}, and a late accept was answered {sorted(told)}")
    else:
        _demand(told == {"driver_en_route"}, f"an accept within the grace was answered {sorted(told)}")
    return f"{others}, accept: {how(answers['accept'])}, ride: {state}"


async def cancel_vs_reassign(lane: Lane) -> str:
    """The driver gives the ride back and dispatch offers it to the next one, who accepts, while the rider cancels."""
    ride, driver_id = await lane.assigned()

    async def reassign() -> str:
        given = await lane.one.give_back(lane.key(), driver_id, ride.id, "")
        [outcome] = await lane.other.offers.make_offers([await lane.proposal(given, lane.drivers[1])])
        if outcome is not OfferOutcome.OFFERED:
            return outcome
        offer = await lane.other.reader.open_offer(lane.drivers[1])
        return how(await lane.other.accept(lane.key(), lane.drivers[1], offer.id)) if offer else "withdrawn"

    async def cancel() -> Ride:
        await a_head_start(lane.chance)
        await a_head_start(lane.chance)
        return await lane.other.cancel(lane.key(), ride.rider_id, ride.id, "", "")

    answers = await lane.at_once(reassign=reassign(), cancel=cancel())
    _demand(how(answers["cancel"]) == "canceled_by_rider", f"a cancel was lost: {_told(answers)}")
    reassigned = answers["reassign"]
    return f"reassign: {reassigned if isinstance(reassigned, str) else how(reassigned)}, ride: {await lane.now(ride)}"


async def reassign_vs_canceler(lane: Lane) -> str:
    """The driver gives the ride back, and two matchers offer it on, one of them to the very same driver."""
    ride, driver_id = await lane.assigned()

    async def offer_on(stage: Any, to: int) -> OfferOutcome:
        [outcome] = await stage.offers.make_offers([await lane.proposal(ride, lane.drivers[to])])
        return outcome

    answers = await lane.at_once(
        give_back=lane.one.give_back(lane.key(), driver_id, ride.id, ""),
        same=offer_on(lane.one, 0),
        next=offer_on(lane.other, 1),
    )
    _demand(answers["same"] is not OfferOutcome.OFFERED, "a ride was offered to the driver who gave it back")
    return f"same: {how(answers['same'])}, next: {how(answers['next'])}"


async def start_vs_cancel(lane: Lane) -> str:
    """The driver enters the PIN while the rider, who consents to the fee, cancels."""
    ride, driver_id = await lane.arrived()
    consent = await lane.one.preview(ride.rider_id, ride.id)
    answers = await lane.at_once(
        start=lane.one.start(lane.key(), driver_id, ride.id, ride.start_pin),
        cancel=lane.other.cancel(lane.key(), ride.rider_id, ride.id, consent.token, ""),
    )
    granted = [name for name, answer in answers.items() if not isinstance(answer, DomainError)]
    _demand(len(granted) == 1, f"not one of two was granted: {_told(answers)}")
    return _told(answers)


async def start_vs_no_show(lane: Lane) -> str:
    """The driver starts the trip on one phone and reports a no-show on another; the rider cancels, too."""
    ride, driver_id = await lane.arrived()
    late = lane.later(lane.one.clock.now() + timedelta(seconds=ride.terms.no_show_wait_seconds))
    consent = await lane.one.preview(ride.rider_id, ride.id)
    answers = await lane.at_once(
        start=lane.one.start(lane.key(), driver_id, ride.id, ride.start_pin),
        no_show=late.no_show(lane.key(), driver_id, ride.id),
        cancel=lane.other.cancel(lane.key(), ride.rider_id, ride.id, consent.token, ""),
    )
    granted = [name for name, answer in answers.items() if not isinstance(answer, DomainError)]
    _demand(len(granted) == 1, f"not one of three was granted: {_told(answers)}")
    return f"{granted[0]} won"


async def two_rides_for_one_driver(lane: Lane) -> str:
    """Two matchers want one driver for two rides, and the driver accepts whatever comes."""
    rides, driver_id = [await lane.ride(), await lane.ride()], lane.drivers[0]

    async def offer_and_accept(stage: Any, ride: Ride) -> str:
        [outcome] = await stage.offers.make_offers([await lane.proposal(ride, driver_id)])
        offer = await stage.reader.open_offer(driver_id)
        if outcome is not OfferOutcome.OFFERED or offer is None:
            return outcome.value
        return how(await stage.accept(lane.key(), driver_id, offer.id))

    answers = await lane.at_once(one=offer_and_accept(lane.one, rides[0]), other=offer_and_accept(lane.other, rides[1]))
    states = sorted([await lane.now(ride) for ride in rides])
    _demand(states == ["driver_en_route", "matching"], f"the rides are {states}")
    return f"one: {answers['one']}, other: {answers['other']}"


async def accept_vs_next_offer(lane: Lane) -> str:
    """The driver accepts an offer while a matcher, which saw them free, offers another ride."""
    ride, next_ride, driver_id = await lane.ride(), await lane.ride(), lane.drivers[0]
    offer = await lane.offer(ride, driver_id)
    proposal = await lane.proposal(next_ride, driver_id)
    answers = await lane.at_once(
        accept=lane.one.accept(lane.key(), driver_id, offer.id),
        offer=lane.other.offers.make_offers([proposal]),
    )
    _demand(isinstance(answers["accept"], Ride), f"an accept was refused: {_told(answers)}")
    _demand(how(answers["offer"]) == "driver_taken", f"the next offer: {how(answers['offer'])}")
    return _told(answers)


async def offline_with_an_open_offer(lane: Lane) -> str:
    """The driver goes offline on one phone, accepts on another, and the time runs out."""
    ride, driver_id = await lane.ride(), lane.drivers[0]
    offer = await lane.offer(ride, driver_id)
    late = lane.later(offer.expires_at)
    answers = await lane.at_once(
        offline=lane.one.end_shift(lane.key(), driver_id),
        accept=lane.other.accept(lane.key(), driver_id, offer.id),
        expire=late.expire_offers(),
    )
    shift = await lane.one.reader.open_shift(driver_id)
    state = await lane.now(ride)
    if state is RideState.DRIVER_EN_ROUTE:
        _demand(shift is not None and shift.ends_after_ride, "a driver with a ride is offline, or not going to be")
    else:
        _demand(state is RideState.MATCHING, f"the ride is {state}")
        _demand(isinstance(answers["offline"], DomainError) or shift is None, "a driver who went offline is online")
    return f"offline: {how(answers['offline'])}, accept: {how(answers['accept'])}, ride: {state}"


async def offline_vs_offer(lane: Lane) -> str:
    """The driver goes offline while two matchers offer rides."""
    rides, driver_id = [await lane.ride(), await lane.ride()], lane.drivers[0]
    proposals = [await lane.proposal(ride, driver_id) for ride in rides]
    answers = await lane.at_once(
        offline=lane.one.end_shift(lane.key(), driver_id),
        offer=lane.one.offers.make_offers(proposals[:1]),
        other=lane.other.offers.make_offers(proposals[1:]),
    )
    if not isinstance(answers["offline"], DomainError):
        _demand(await lane.one.driver_is_free(driver_id), "a driver who went offline has an offer")
    return _told(answers)


async def complete_vs_cancel(lane: Lane) -> str:
    """The driver ends the trip while an operator ends the ride, and the rider tries to."""
    ride, driver_id = await lane.under_way()
    answers = await lane.at_once(
        complete=lane.one.complete(lane.key(), driver_id, ride.id),
        operator=lane.other.force_cancel(lane.key(), lane.new_id(), ride.id, ""),
        rider=lane.other.cancel(lane.key(), ride.rider_id, ride.id, "", ""),
    )
    granted = [name for name, answer in answers.items() if not isinstance(answer, DomainError)]
    _demand(granted in (["complete"], ["operator"]), f"granted: {granted}")
    return _told(answers)


async def two_owners_of_one_shard(lane: Lane) -> str:
    """The owner of a shard was stopped; while another one takes over, it wakes up and proposes what it chose."""
    ride = await lane.ride()
    former, latter = lane.leases
    old, new = lane.matcher_ids
    gained = await former.claim(old, [lane.shard], 30.0)
    if lane.shard not in gained:
        raise WrongError("a shard cannot be taken over")
    stale = Proposal(ride.id, lane.drivers[0], 60, 60.0, gained[lane.shard].fence)
    await former.give_back(old, [lane.shard])
    taken_over: list[int] = []
    began_after_it: list[bool] = []

    async def wake_up() -> OfferOutcome:
        await a_head_start(lane.chance)
        began_after_it.append(bool(taken_over))
        [outcome] = await lane.one.offers.make_offers([stale])
        return outcome

    async def take_over() -> OfferOutcome | None:
        await a_head_start(lane.chance)
        # A lease under which an offer is being made is passed over, and taken at a later beat.
        fence = None
        while fence is None:
            lease = (await latter.claim(new, [lane.shard], 30.0)).get(lane.shard)
            fence = None if lease is None else lease.fence
        taken_over.append(fence)
        await a_head_start(lane.chance)
        [outcome] = await lane.other.offers.make_offers([Proposal(ride.id, lane.drivers[1], 60, 60.0, fence)])
        return outcome

    answers = await lane.at_once(former=wake_up(), latter=take_over())
    await latter.give_back(new, [lane.shard])
    # Between them the shard was nobody's, and an offer under its last fence is good: it was made by one owner.
    outcomes = [answers["former"], answers["latter"]]
    _demand(outcomes.count(OfferOutcome.OFFERED) == 1, f"not one of two owners made the offer: {_told(answers)}")
    if began_after_it[0]:
        _demand(answers["former"] is not OfferOutcome.OFFERED, "an owner who was replaced opened an offer")
    return _told(answers)


async def redis_flushed_in_mid_offer(lane: Lane) -> str:
    """Two matchers reserve one driver for two rides while Redis forgets everything."""
    rides, driver_id = [await lane.ride(), await lane.ride()], lane.drivers[0]
    fence = await lane.fence(rides[0])

    async def flush() -> None:
        for _ in range(4):
            await a_head_start(lane.chance)
            await lane.ground.redis.flushdb()

    async def dispatch(number: int, shard: str) -> str:
        claim = [Claim(lane.position(driver_id), shard, max(fence, 1))]
        if not await lane.reservations[number].reserve(claim, 10.0):
            return "contended"
        await a_head_start(lane.chance)
        stage = (lane.one, lane.other)[number]
        [outcome] = await stage.offers.make_offers([Proposal(rides[number].id, driver_id, 60, 60.0, fence)])
        await lane.reservations[number].release(claim)
        return outcome.value

    answers = await lane.at_once(one=dispatch(0, lane.shard), flush=flush(), other=dispatch(1, "a neighbor"))
    outcomes = sorted([answers["one"], answers["other"]])
    _demand(outcomes.count("offered") == 1, f"not one of two made the offer: {outcomes}")
    return f"{outcomes[0]} and {outcomes[1]}"


async def _two_on_the_way(lane: Lane) -> tuple[list[Ride], list[Reroute]]:
    """Two rides whose drivers are on the way, and the ring that exchanges them."""
    rides: list[Ride] = []
    for driver_id in lane.drivers[:2]:
        ride = await lane.ride()
        offer = await lane.offer(ride, driver_id)
        rides.append(await lane.one.accept(lane.key(), driver_id, offer.id))
    one, other = lane.drivers[:2]
    fence = await lane.fence(rides[0])
    return rides, [Reroute(rides[0].id, one, other, 60, fence), Reroute(rides[1].id, other, one, 60, fence)]


async def reroute_vs_people(lane: Lane) -> str:
    """Two drivers are exchanged while one of them arrives or gives back, or a rider cancels."""
    rides, ring = await _two_on_the_way(lane)
    driver_id = lane.drivers[0]
    what, act = lane.chance.choice(
        (
            ("arrive", lambda: lane.other.arrive(lane.key(), driver_id, rides[0].id)),
            ("give_back", lambda: lane.other.give_back(lane.key(), driver_id, rides[0].id, "")),
            ("cancel", lambda: lane.other.cancel(lane.key(), rides[0].rider_id, rides[0].id, "", "")),
            ("offline", lambda: lane.other.end_shift(lane.key(), driver_id)),
        )
    )
    answers = await lane.at_once(reroute=lane.one.reroute.reroute(ring), act=act())
    return f"rerouted: {answers['reroute']}, {what}: {how(answers['act'])}"


async def two_reroutes(lane: Lane) -> str:
    """Two matchers, one of which is about to be replaced, exchange the same drivers at once."""
    rides, ring = await _two_on_the_way(lane)
    answers = await lane.at_once(one=lane.one.reroute.reroute(ring), other=lane.other.reroute.reroute(ring[::-1]))
    _demand(list(answers.values()).count(True) == 1, f"not one of two exchanges was made: {_told(answers)}")
    swaps = [(await lane.one.now(ride)).swap_count for ride in rides]
    _demand(swaps == [1, 1], f"the rides were swapped {swaps} times")
    return "one of two"


async def swap_vs_people(lane: Lane) -> str:
    """Another driver accepts to come instead while the one on the way arrives or gives back, and the rider cancels."""
    ride, driver_id = await lane.assigned()
    proposal = replace(await lane.proposal(ride, lane.drivers[1]), instead_of=driver_id)
    [outcome] = await lane.one.offers.make_offers([proposal])
    offer = await lane.one.reader.open_offer(lane.drivers[1])
    if outcome is not OfferOutcome.OFFERED or offer is None:
        raise WrongError(f"a swap was not offered: {outcome}")
    what, act = lane.chance.choice(
        (
            ("arrive", lambda: lane.one.arrive(lane.key(), driver_id, ride.id)),
            ("give_back", lambda: lane.one.give_back(lane.key(), driver_id, ride.id, "")),
            ("cancel", lambda: lane.one.cancel(lane.key(), ride.rider_id, ride.id, "", "")),
            ("offline", lambda: lane.one.end_shift(lane.key(), lane.drivers[1])),
        )
    )
    answers = await lane.at_once(accept=lane.other.accept(lane.key(), lane.drivers[1], offer.id), act=act())
    return f"accept: {how(answers['accept'])}, {what}: {how(answers['act'])}"


async def broadcast(lane: Lane) -> str:
    """A ride is offered to three drivers, two of whom accept at once, while the third declines or the rider cancels."""
    ride = await lane.ride()
    proposals = [
        replace(await lane.proposal(ride, driver_id), slot=slot)
        for slot, driver_id in enumerate(lane.drivers[:3], start=1)
    ]
    outcomes = [(await lane.one.offers.make_offers([proposal]))[0] for proposal in proposals]
    _demand(set(outcomes) == {OfferOutcome.OFFERED}, f"a broadcast was made of {outcomes}")
    found = [await lane.one.reader.open_offer(driver_id) for driver_id in lane.drivers[:3]]
    offers = [offer.id for offer in found if offer is not None]
    what, act = lane.chance.choice(
        (
            ("decline", lambda: lane.one.decline(lane.key(), lane.drivers[2], offers[2])),
            ("cancel", lambda: lane.one.cancel(lane.key(), ride.rider_id, ride.id, "", "")),
            ("accept", lambda: lane.one.accept(lane.key(), lane.drivers[2], offers[2])),
        )
    )
    answers = await lane.at_once(
        first=lane.one.accept(lane.key(), lane.drivers[0], offers[0]),
        second=lane.other.accept(lane.key(), lane.drivers[1], offers[1]),
        third=act(),
    )
    accepts = [how(answers[name]) for name in ("first", "second", *(("third",) if what == "accept" else ()))]
    _demand(accepts.count("driver_en_route") <= 1, f"more than one driver has the ride: {accepts}")
    _demand(what == "cancel" or accepts.count("driver_en_route") == 1, f"no driver has the ride: {accepts}")
    return f"{', '.join(sorted(accepts))}; {what}: {how(answers['third'])}"


async def edit_vs_complete(lane: Lane) -> str:
    """The rider agrees to another way while the driver ends the trip: what is captured is what was driven for."""
    ride, driver_id = await lane.under_way(PICKUP)
    edit = await _edit(lane, ride)
    answers = await lane.at_once(
        edit=lane.one.accept_edit(lane.key(), ride.rider_id, ride.id, edit.id, rider_id=ride.rider_id),
        complete=lane.other.complete(lane.key(), driver_id, ride.id),
    )
    state = answers["edit"].state.value if isinstance(answers["edit"], RideEdit) else how(answers["edit"])
    return f"edit: {state}, complete: {how(answers['complete'])}"


async def edit_vs_accept(lane: Lane) -> str:
    """The rider agrees to another way while a driver accepts the one that was offered."""
    ride, driver_id = await lane.ride(PICKUP), lane.drivers[0]
    offer = await lane.offer(ride, driver_id)
    edit = await _edit(lane, ride)
    answers = await lane.at_once(
        edit=lane.one.accept_edit(lane.key(), ride.rider_id, ride.id, edit.id, rider_id=ride.rider_id),
        accept=lane.other.accept(lane.key(), driver_id, offer.id),
    )
    state = answers["edit"].state.value if isinstance(answers["edit"], RideEdit) else how(answers["edit"])
    return f"edit: {state}, accept: {how(answers['accept'])}"


async def _edit(lane: Lane, ride: Ride) -> RideEdit:
    command = EditCommand(dropoff=lane.chance.choice((_NEAR, _FAR)))
    return await lane.one.quote_edit(lane.key(), ride.rider_id, ride.id, command, rider_id=ride.rider_id)


RACES: Mapping[str, Race] = {
    race.__name__: race
    for race in (
        double_accept,
        accept_vs_cancel,
        accept_vs_expiry,
        late_accept,
        cancel_vs_reassign,
        reassign_vs_canceler,
        start_vs_cancel,
        start_vs_no_show,
        two_rides_for_one_driver,
        accept_vs_next_offer,
        offline_with_an_open_offer,
        offline_vs_offer,
        complete_vs_cancel,
        two_owners_of_one_shard,
        redis_flushed_in_mid_offer,
        reroute_vs_people,
        two_reroutes,
        swap_vs_people,
        broadcast,
        edit_vs_complete,
        edit_vs_accept,
    )
}
