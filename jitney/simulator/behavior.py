"""How people behave: shares and times, drawn from one seeded source so that a run can be repeated."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Behavior:
    """Shares from 0 to 1; times in simulated seconds unless they say otherwise."""

    decline_share: float = 0.03
    """Offers a driver says no to."""
    decline_share_per_minute: float = 0.004
    """What each minute to the pickup adds to that."""
    ignore_share: float = 0.005
    """Offers a driver lets run out."""
    driver_cancel_share: float = 0.005
    """Assignments a driver gives back."""
    rider_cancel_share: float = 0.01
    """Riders who change their mind once a driver is on the way."""
    declined_card_share: float = 0.01
    """Riders with a card whose card is declined."""
    cash_share: float = 0.15
    """Riders who pay in cash; all others have a card."""
    xl_share: float = 0.06
    """Riders who come in a party of five or six; every eighth driver comes with an XL then."""
    wheelchair_share: float = 0.04
    """Riders in a wheelchair; every twelfth driver comes with a vehicle for one then."""
    stops_share: float = 0.08
    """Riders who want to stop on the way."""
    edit_share: float = 0.05
    """Riders who change where they go once they ride."""
    pool_share: float = 0.0
    """Riders who share a vehicle for a lower price."""
    delivery_share: float = 0.0
    """Who has an order brought instead of riding; every driver takes orders then."""
    failed_delivery_share: float = 0.05
    """Orders that nobody takes, and that go back to the shop."""
    scheduled_share: float = 0.0
    """Riders who ask ahead."""
    schedule_ahead_seconds: float = 1860.0
    """How far ahead, in seconds of the wall's clock, which the service reads."""
    stop_seconds: tuple[float, float] = (30.0, 120.0)
    """How long a vehicle waits at a stop."""
    patience_seconds: float = 600.0
    """How long a rider waits for a driver to be found."""
    rest_share: float = 0.0
    """Drivers who go off shift after a ride, for a while."""
    rest_seconds: tuple[float, float] = (300.0, 1200.0)
    """For how long."""
    no_show_share: float = 0.0
    """Riders who do not come to the driver who waits for them, for as long as the city asks: by the service's clock."""
    answer_seconds: tuple[float, float] = (2.0, 6.0)
    """How long a driver looks at an offer."""
    boarding_seconds: tuple[float, float] = (20.0, 60.0)
    """From the driver's arrival until the rider is in."""
    tip_share: float = 0.10
    """Riders who tip after a ride that is not paid in cash."""
    rating_share: float = 0.30
    """Riders who rate their driver, and drivers who rate their rider."""
    noise_meters: float = 4.0
    """How far off a device takes itself to be, as the standard deviation to the north and to the east."""
    tunnel_share: float = 0.001
    """Of the pings: after so many a device is out of reach for a while, and tells nothing."""
    tunnel_wall_seconds: tuple[float, float] = (3.0, 9.0)
    """For how long, by the clock on the wall."""
    grpc_share: float = 0.5
    """Drivers whose app follows its live stream by gRPC, with acknowledgements, where the service is reached by it."""
    near_meters: float = 2_500.0
    """Within which a free driver counts as near in the report."""

    def declines(self, pickup_eta_seconds: float) -> float:
        """Return the share of offers with such a way to the pickup that drivers say no to."""
        return min(1.0, self.decline_share + self.decline_share_per_minute * pickup_eta_seconds / 60)
