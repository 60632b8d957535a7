"""A small evening to replay: more riders than cars at times, so that there is something to swap."""

from __future__ import annotations

import random
from datetime import UTC, datetime

from jitney.bench.dispatch_load import draw_points
from jitney.bench.evening_demand import Evening
from jitney.bench.evening_outcome import WARM_UP_SECONDS
from jitney.simulator.trips import Trip

RIDES, CARS = 24, 7


def small_evening() -> Evening:
    """Riders every twenty seconds, five minutes each, anywhere in the city."""
    chance = random.Random(3)
    places = draw_points(2 * RIDES + CARS, chance)
    trips = [
        Trip(WARM_UP_SECONDS + 20.0 * number, places[2 * number], places[2 * number + 1], 300.0)
        for number in range(RIDES)
    ]
    return Evening("small", datetime(2024, 5, 17, 18, 0, tzinfo=UTC), trips, places[-CARS:])
