"""A city as its service tells it: where it serves, and what a rider can ask for there."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx

from jitney.simulator.api import Api
from jitney.simulator.behavior import Behavior
from shared_kernel.geo import GeoPoint

_PATIENCE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class CitySketch:
    """What the simulator needs of a city."""

    corners: Sequence[GeoPoint]
    """Of the service area, in order."""
    products: frozenset[str]

    def wishes(self, behavior: Behavior) -> Behavior:
        """Leave out what nobody can ask for here.

        Raises:
            ValueError: the city sells none of what simulated people mostly ask for.
        """
        if "economy" not in self.products:
            raise ValueError("it sells no product of the name economy")
        offered: dict[str, Any] = {
            "xl_share": "xl",
            "wheelchair_share": "wheelchair",
            "pool_share": "pool",
            "delivery_share": "delivery",
        }
        return replace(behavior, **{name: 0.0 for name, product in offered.items() if product not in self.products})


async def read_city(rest_url: str, operator_token: str, key: str) -> CitySketch:
    """Ask for a city by its key.

    Raises:
        ValueError: there is no such city; the message names those there are.
        ApiError, Unreachable: the service did not tell.
    """
    async with httpx.AsyncClient(base_url=rest_url, timeout=_PATIENCE_SECONDS) as client:
        operator = Api(client, random.Random()).as_bearer(operator_token)  # noqa: S311 (jitter is no secret)
        areas = (await operator.list_service_areas())["items"]
        area = next((each for each in areas if each["city"] == key), None)
        if area is None:
            raise ValueError(f"there is no city {key}; there are: {', '.join(each['city'] for each in areas)}")
        corners = [GeoPoint(corner["latitude"], corner["longitude"]) for corner in area["corners"]]
        middle = GeoPoint(
            sum(corner.latitude for corner in corners) / len(corners),
            sum(corner.longitude for corner in corners) / len(corners),
        )
        products = (await operator.list_products(latitude=middle.latitude, longitude=middle.longitude))["items"]
        return CitySketch(corners, frozenset(product["product"] for product in products))
