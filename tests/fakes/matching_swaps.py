"""Two rides whose drivers are on the way, and the ring in which they change riders."""

from __future__ import annotations

from uuid import UUID

from matching_service.domain.offer import Offer
from matching_service.domain.ride import Ride
from matching_service.use_cases.dispatch_ports import OfferOutcome, Proposal, Reroute
from tests.fakes.matching_stage import Stage


async def swap_offer(stage: Stage, ride: Ride, former: UUID, driver_id: UUID) -> Offer:
    """Ask a driver to come to a ride instead of the one who is on the way."""
    outcomes = await stage.offers.make_offers([Proposal(ride.id, driver_id, 90, 150.0, instead_of=former)])
    assert outcomes == [OfferOutcome.OFFERED]
    offer = await stage.reader.open_offer(driver_id)
    assert offer is not None
    return offer


def ring_of(first: Ride, second: Ride) -> list[Reroute]:
    """Both rides change drivers with each other."""
    assert first.driver is not None
    assert second.driver is not None
    one, other = first.driver.driver_id, second.driver.driver_id
    return [Reroute(first.id, one, other, 80), Reroute(second.id, other, one, 70)]
