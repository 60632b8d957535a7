"""ProductService over gRPC: the city's policy as it stands."""

from __future__ import annotations

from typing import Any

import grpc

from matching_service.domain.city import CityPolicy, Product
from matching_service.entrypoints import wire
from ridesharing.matching.v1 import product_service_pb2 as pb
from ridesharing.matching.v1 import product_service_pb2_grpc

SERVICE_NAME = "ridesharing.matching.v1.ProductService"


class ProductServicer(product_service_pb2_grpc.ProductServiceServicer):
    """Tells what the city sells."""

    def __init__(self, city: CityPolicy) -> None:
        self._city = city

    async def ListProducts(
        self, request: pb.ListProductsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListProductsResponse:
        return pb.ListProductsResponse(
            products=[_message(product, self._city.cash_accepted) for product in self._city.products.values()]
        )


def _message(product: Product, cash_accepted: bool) -> pb.Product:
    return pb.Product(
        product=product.name,
        base=wire.money_message(product.base),
        per_kilometer=wire.money_message(product.per_kilometer),
        per_minute=wire.money_message(product.per_minute),
        minimum=wire.money_message(product.minimum),
        booking_fee=wire.money_message(product.booking_fee),
        cash_accepted=cash_accepted,
    )
