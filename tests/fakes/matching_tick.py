"""A tick of dispatch over fakes and stores."""

from __future__ import annotations

from typing import Protocol

from matching_service.adapters.fixed_cities import FixedCities
from matching_service.domain.city import CityPolicy
from matching_service.domain.eta import CrowFliesEta
from matching_service.use_cases.dispatch_choice import Choose
from matching_service.use_cases.dispatch_picture import DrawPicture
from matching_service.use_cases.dispatch_ports import (
    BusyDrivers,
    CashStandings,
    EnRouteRides,
    Matcher,
    OfferMaker,
    Rerouter,
    Reservations,
    SharedRuns,
    WaitingRides,
)
from matching_service.use_cases.dispatch_tick import DispatchTick
from matching_service.use_cases.driver_worth import KnowWorth
from matching_service.use_cases.eta_ports import EtaProvider
from matching_service.use_cases.find_joins import FindJoins
from matching_service.use_cases.location_ports import LiveLocations
from matching_service.use_cases.search_streets import SearchStreets
from tests.fakes.matching_dispatch import FakeShifts, HandClock


class Board(WaitingRides, EnRouteRides, BusyDrivers, CashStandings, OfferMaker, Rerouter, SharedRuns, Protocol):
    """All that a tick asks of rides."""


def make_tick(
    city: CityPolicy,
    board: Board,
    locations: LiveLocations,
    shifts: FakeShifts,
    matcher: Matcher,
    reservations: Reservations,
    clock: HandClock,
    eta: EtaProvider | None = None,
    search_streets: SearchStreets | None = None,
) -> DispatchTick:
    """Put a tick together; without a provider travel times are those of the great circle."""
    eta = eta or CrowFliesEta(city.travel)
    draw = DrawPicture(
        cities=FixedCities(city),
        waiting=board,
        en_route=board,
        locations=locations,
        busy=board,
        on_shift=shifts,
        standings=board,
        headings=shifts,
        eta=eta,
        runs=board,
        find_joins=FindJoins(eta, clock),
        know_worth=KnowWorth(shifts, shifts, clock.monotonic),
        clock=clock,
    )
    choose = Choose(eta, matcher, clock.monotonic, search_streets)
    return DispatchTick(draw=draw, choose=choose, reservations=reservations, offers=board, rerouter=board)
