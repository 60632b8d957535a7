"""The sections of a city's document that stand for themselves: fees, dispatch, stops, edits, schedules and the like.

A key that a later release adds has a default: the documents that are stored must stay readable.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from matching_service.adapters.city_fares import Amount, Strict
from matching_service.domain.offer import MAX_BROADCAST_OFFERS
from matching_service.domain.stops import MAX_STOPS


class FeesSection(Strict):
    """What cancelling and waiting cost."""

    free_cancel_seconds: Annotated[int, Field(ge=0, le=3600)]
    cancel_fee_minor: Amount
    no_show_fee_minor: Amount
    no_show_wait_seconds: Annotated[int, Field(ge=0, le=3600)]
    # With defaults: the stored documents of a release before them lack them.
    cancel_fee_per_minute_minor: Amount = 0
    cancel_fee_most_minor: Amount | None = None
    late_grace_seconds: Annotated[int, Field(ge=0, le=7200)] | None = None
    waiting_grace_seconds: Annotated[int, Field(ge=0, le=3600)] = 0
    waiting_most_seconds: Annotated[int, Field(ge=0, le=7200)] = 1800

    @model_validator(mode="after")
    def _most_is_not_less(self) -> Self:
        if self.cancel_fee_most_minor is not None and self.cancel_fee_most_minor < self.cancel_fee_minor:
            raise ValueError("cancel_fee_most_minor is below cancel_fee_minor")
        if self.cancel_fee_per_minute_minor and self.cancel_fee_most_minor is None:
            raise ValueError("a fee that grows by the minute needs cancel_fee_most_minor")
        return self


class SwapsSection(Strict):
    """When a driver may be swapped before the pickup."""

    max_per_ride: Annotated[int, Field(ge=0, le=10)] = 2
    min_gain_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    cost_seconds: Annotated[int, Field(ge=0, le=3600)] = 20
    not_within_seconds: Annotated[int, Field(ge=0, le=3600)] = 60
    reroute_without_consent: bool = True


class SurgeSection(Strict):
    """How prices follow demand."""

    period_seconds: Annotated[int, Field(ge=1, le=600)]
    horizon_seconds: Annotated[int, Field(ge=0, le=3600)]
    least_requests: Annotated[int, Field(ge=1, le=10_000)]
    start_permille: Annotated[int, Field(ge=0, le=100_000)]
    slope_permille: Annotated[int, Field(ge=0, le=10_000)]
    cap_permille: Annotated[int, Field(ge=1000, le=10_000)]
    step_permille: Annotated[int, Field(ge=1, le=1000)]
    hysteresis_permille: Annotated[int, Field(ge=0, le=5000)]
    average_permille: Annotated[int, Field(ge=1, le=1000)]
    consent_permille: Annotated[int, Field(ge=1001, le=10_001)]


class WeightsSection(Strict):
    """What else than time the choice of a driver costs."""

    fairness_share: Annotated[float, Field(ge=0, le=1)] = 0.3
    fairness_seconds: Annotated[float, Field(ge=0, le=600)] = 60.0
    decline_seconds: Annotated[float, Field(ge=0, le=600)] = 15.0
    destination: Annotated[float, Field(ge=0, le=2)] = 0.5


class DispatchSection(Strict):
    """How drivers are chosen and asked."""

    tick_seconds: Annotated[float, Field(ge=0.1, le=30)]
    # With defaults: the stored documents of a release before them lack them.
    late_accept_seconds: Annotated[int, Field(ge=0, le=60)] = 10
    most_tick_seconds: Annotated[float, Field(ge=0.1, le=60)] = 5.0
    offer_seconds: Annotated[int, Field(ge=1, le=120)]
    search_window_seconds: Annotated[int, Field(ge=10, le=7200)]
    pickup_eta_cap_seconds: Annotated[int, Field(ge=60, le=7200)]
    # Policies that were stored before there were such keys are read as they were meant: with what the package has.
    first_pickup_eta_cap_seconds: Annotated[int, Field(ge=60, le=7200)] = 600
    pickup_eta_cap_growth: Annotated[float, Field(ge=0, le=100)] = 2.0
    swaps: SwapsSection = SwapsSection()
    mode: Literal["batch", "broadcast"] = "batch"
    broadcast_offers: Annotated[int, Field(ge=2, le=MAX_BROADCAST_OFFERS)] = 5
    weights: WeightsSection = WeightsSection()

    @model_validator(mode="after")
    def _window_holds_an_offer(self) -> Self:
        if self.search_window_seconds < self.offer_seconds:
            raise ValueError("search_window_seconds is shorter than offer_seconds")
        return self


class StopsSection(Strict):
    """How many stops a ride has, and how long each waits."""

    # With defaults, as all of this section: the stored documents of a release before it lack it.
    max_stops: Annotated[int, Field(ge=0, le=MAX_STOPS)] = MAX_STOPS
    wait_seconds: Annotated[int, Field(ge=0, le=3600)] = 180


class EditsSection(Strict):
    """What may be changed on the way."""

    quote_seconds: Annotated[int, Field(ge=10, le=3600)] = 120
    max_pickup_meters: Annotated[int, Field(ge=0, le=100_000)] = 3000
    redispatch_meters: Annotated[int, Field(ge=0, le=100_000)] = 800
    driver_consent_seconds: Annotated[int, Field(ge=0, le=36_000)] = 1200
    driver_answer_seconds: Annotated[int, Field(ge=5, le=600)] = 45


class ScheduleSection(Strict):
    """Rides that are booked for later."""

    min_ahead_seconds: Annotated[int, Field(ge=0, le=86_400)] = 1800
    max_ahead_seconds: Annotated[int, Field(ge=3600, le=31_536_000)] = 2_592_000
    max_rides: Annotated[int, Field(ge=0, le=50)] = 5
    # Far below the seven days that a hold on a card lasts.
    hold_lead_seconds: Annotated[int, Field(ge=0, le=259_200)] = 3600
    remind_lead_seconds: Annotated[int, Field(ge=0, le=259_200)] = 2700
    search_lead_seconds: Annotated[int, Field(ge=0, le=7200)] = 1800
    search_margin_seconds: Annotated[int, Field(ge=0, le=3600)] = 180
    free_cancel_lead_seconds: Annotated[int, Field(ge=0, le=86_400)] = 900

    @model_validator(mode="after")
    def _times_in_order(self) -> Self:
        if self.min_ahead_seconds >= self.max_ahead_seconds:
            raise ValueError("min_ahead_seconds is not below max_ahead_seconds")
        return self


class LocationsSection(Strict):
    """Which locations of drivers are believed."""

    max_speed_kmh: Annotated[float, Field(gt=0, le=100_000)]
    max_accuracy_meters: Annotated[float, Field(gt=0, le=10_000)]


class TravelSection(Strict):
    """The default of times and distances, where no map is loaded."""

    circuity: Annotated[float, Field(ge=1, le=5)]
    speed_kmh: Annotated[float, Field(gt=0, le=200)]
