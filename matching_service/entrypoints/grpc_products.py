"""ProductService over gRPC: what the city's policy sells as it stands."""

from __future__ import annotations

from typing import Any

import grpc

from matching_service.domain.city import Product
from matching_service.entrypoints import wire, wire_delivery
from matching_service.use_cases.list_products import ListProducts
from ridesharing.matching.v1 import product_service_pb2 as pb
from ridesharing.matching.v1 import product_service_pb2_grpc

SERVICE_NAME = "ridesharing.matching.v1.ProductService"


class ProductServicer(product_service_pb2_grpc.ProductServiceServicer):
    """Tells what the city sells."""

    def __init__(self, list_products: ListProducts) -> None:
        self._list_products = list_products

    async def ListProducts(
        self, request: pb.ListProductsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListProductsResponse:
        pickup = wire.point_from(request.pickup) if request.HasField("pickup") else None
        sold = await self._list_products(pickup)
        return pb.ListProductsResponse(
            products=[_message(product, sold.city.cash_accepted) for product in sold.products]
        )


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
