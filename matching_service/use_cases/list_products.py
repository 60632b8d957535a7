"""Tell what can be asked for at a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from matching_service.domain.city import CityPolicy, Product
from matching_service.domain.pricing import moment_of
from matching_service.use_cases.city_ports import Cities
from shared_kernel.clock import Clock
from shared_kernel.errors import FieldViolation, InvalidInput
from shared_kernel.geo import GeoPoint


class ProductsForSale(NamedTuple):
    """What a city sells, in the order of its policy."""

    city: CityPolicy
    products: tuple[Product, ...]


@dataclass(frozen=True, slots=True)
class ListProducts:
    """ListProducts: by the pickup; without one where the deployment serves one city."""

    cities: Cities
    clock: Clock

    async def __call__(self, pickup: GeoPoint | None) -> ProductsForSale:
        """Return what can be asked for now: at a place, or anywhere in the only city.

        Raises InvalidInput `outside_service_area`, `pickup_required`.
        """
        city = await self._city(pickup)
        if pickup is None:
            return ProductsForSale(city, tuple(city.products.values()))
        moment = moment_of(city, self.clock.now(), pickup)
        products = [product for product in city.products.values() if product.available.covers(product.name, moment)]
        return ProductsForSale(city, tuple(products))

    async def _city(self, pickup: GeoPoint | None) -> CityPolicy:
        atlas = await self.cities.in_force()
        if pickup is None:
            if len(atlas.policies) == 1:
                return atlas.policies[0]
            violation = FieldViolation("pickup", "is needed where several cities are served")
            raise InvalidInput("pickup_required", "tell where the ride would begin", violations=[violation])
        city = atlas.at(pickup)
        if city is None:
            violation = FieldViolation("pickup", "must be in the service area of a city")
            raise InvalidInput("outside_service_area", "no city is served there", violations=[violation])
        return city
