"""The document of a city's policy that is to be put: read as those that are stored, and judged more strictly.

What is stored stays readable whatever a later release asks of documents; what is put can still be mended.
"""

from __future__ import annotations

from collections.abc import Iterator

from matching_service.adapters.city_document import read_document
from matching_service.adapters.city_faults import unusable
from matching_service.domain.city import CityPolicy, Product
from matching_service.domain.fare_book import Rates
from matching_service.domain.pricing import least_fare
from shared_kernel.errors import FieldViolation

_COSTS_NOTHING = "its shortest trip costs nothing, and no ride can be asked for at that price: raise the minimum"


def read_new_document(text: str) -> CityPolicy:
    """Read a document that is to be put.

    Raises:
        InvalidInput: `invalid_city_policy`, as `read_document` does; also where a product's shortest trip is free.
    """
    policy = read_document(text)
    violations = [
        FieldViolation(place, _COSTS_NOTHING)
        for product in policy.products.values()
        for place, rates in _rates_of(policy, product)
        if not least_fare(product, rates, policy.min_trip_meters).amount_minor
    ]
    if violations:
        raise unusable(violations)
    return policy


def _rates_of(policy: CityPolicy, product: Product) -> Iterator[tuple[str, Rates]]:
    """Yield the rates that rides of a product can be priced by, each with its place in the document."""
    for index, rule in enumerate(policy.fares.rules):
        scope = rule.scope
        if scope.products and product.name not in scope.products:
            continue
        yield f"fares.{index}", rule.rates
        if not (scope.pickup_zones or scope.dropoff_zones or scope.windows):
            return  # all of its rides are priced by this rule or one before it
    yield f"products.{product.name}", Rates()
