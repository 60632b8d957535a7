"""What can be asked for, and at what price."""

from __future__ import annotations

from chassis.auth import Role
from chassis.urgency import Urgency
from rider_api.rest.calls import ask, edge
from rider_api.rest.routing import Routes
from rider_api.schemas.common import timestamp_message
from rider_api.schemas.fleet import ServiceAreas, service_areas
from rider_api.schemas.quotes import Products, ProductsQuery, QuoteRequest, Quotes, products, quotes
from ridesharing.common.v1 import geo_point_pb2
from ridesharing.matching.v1 import product_service_pb2, ride_service_pb2

routes = Routes("quotes", "Quotes", area="quotes")


@routes.route("GET", "/products", roles=(Role.RIDER, Role.DRIVER, Role.OPERATOR), area="products", answer=Products)
def list_products(query: ProductsQuery) -> Products:
    """Return the products of the city that serves a place, with their rates."""
    request = product_service_pb2.ListProductsRequest()
    if query.latitude is not None and query.longitude is not None:
        request.pickup.CopyFrom(geo_point_pb2.GeoPoint(latitude=query.latitude, longitude=query.longitude))
    return products(ask(edge().backends.products.ListProducts, request))


@routes.route(
    "GET", "/service-areas", roles=(Role.RIDER, Role.DRIVER, Role.OPERATOR), area="products", answer=ServiceAreas
)
def list_service_areas() -> ServiceAreas:
    """Return where the cities serve, with their zones, so that apps can draw it."""
    return service_areas(ask(edge().backends.products.ListServiceAreas, product_service_pb2.ListServiceAreasRequest()))


@routes.route("POST", "/quotes", roles=(Role.RIDER,), answer=Quotes, status=201, urgency=Urgency.DEFERRABLE)
def create_quotes(body: QuoteRequest) -> Quotes:
    """Promise a price for each product, until it expires."""
    return quotes(ask(edge().backends.rides.CreateQuotes, quotes_request(body)))


def quotes_request(body: QuoteRequest) -> ride_service_pb2.CreateQuotesRequest:
    """Write it for the contracts."""
    return ride_service_pb2.CreateQuotesRequest(
        pickup=body.pickup.message(),
        dropoff=body.dropoff.message(),
        product=body.product,
        stops=[stop.message() for stop in body.stops],
        passengers=body.passengers,
        without_promotion=body.without_promotion,
        pickup_time=None if body.pickup_at is None else timestamp_message(body.pickup_at),
    )
