"""ProductService over gRPC: what the city's policy sells as it stands, and where."""

from __future__ import annotations

from typing import Any

import grpc

from matching_service.domain.city import CityPolicy, Product
from matching_service.domain.zones import ServiceArea
from matching_service.entrypoints import wire, wire_delivery
from matching_service.use_cases.list_products import ListProducts
from matching_service.use_cases.list_service_areas import ListServiceAreas
from ridesharing.common.v1 import geo_point_pb2
from ridesharing.matching.v1 import product_service_pb2 as pb
from ridesharing.matching.v1 import product_service_pb2_grpc

SERVICE_NAME = "ridesharing.matching.v1.ProductService"


class ProductServicer(product_service_pb2_grpc.ProductServiceServicer):
    """Tells what the city sells."""

    def __init__(self, list_products: ListProducts, list_areas: ListServiceAreas) -> None:
        self._list_products = list_products
        self._list_areas = list_areas

    async def ListProducts(
        self, request: pb.ListProductsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListProductsResponse:
        pickup = wire.point_from(request.pickup) if request.HasField("pickup") else None
        sold = await self._list_products(pickup)
        return pb.ListProductsResponse(
            products=[_message(product, sold.city.cash_accepted) for product in sold.products]
        )

    async def ListServiceAreas(
        self, request: pb.ListServiceAreasRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListServiceAreasResponse:
        return pb.ListServiceAreasResponse(areas=[_area_message(city) for city in await self._list_areas()])


def _area_message(city: CityPolicy) -> pb.ServiceArea:
    return pb.ServiceArea(
        city=city.city,
        name=city.name,
        corners=_corners(city.service_area),
        zones=[pb.Zone(name=name, corners=_corners(zone)) for name, zone in sorted(city.fares.zones.items())],
    )


def _corners(area: ServiceArea) -> list[geo_point_pb2.GeoPoint]:
    return [wire.point_message(corner) for corner in area.corners]


def _message(product: Product, cash_accepted: bool) -> pb.Product:
    message = pb.Product(
        product=product.name,
        base=wire.money_message(product.base),
        per_kilometer=wire.money_message(product.per_kilometer),
        per_minute=wire.money_message(product.per_minute),
        minimum=wire.money_message(product.minimum),
        booking_fee=wire.money_message(product.booking_fee),
        cash_accepted=cash_accepted,
        waiting_per_minute=wire.money_message(product.waiting_per_minute),
        vehicle_classes=sorted(product.vehicle_classes),
        seats=product.seats,
        kind=wire_delivery.RIDE_KINDS[product.kind],
        parties=0 if product.sharing is None else product.sharing.parties,
    )
    if product.return_fee is not None:
        message.return_fee.CopyFrom(wire.money_message(product.return_fee))
    return message
