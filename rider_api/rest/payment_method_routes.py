"""A rider's cards."""

from __future__ import annotations

from chassis.auth import Role
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.routing import Routes
from rider_api.schemas.common import PageQuery
from rider_api.schemas.payments import (
    PaymentMethod,
    PaymentMethodPath,
    PaymentMethodRequest,
    PaymentMethods,
    payment_method,
)
from ridesharing.payment.v1 import payment_service_pb2

routes = Routes("payment_methods", "Payment methods")
_RIDER = (Role.RIDER,)


@routes.route(
    "POST", "/payment-methods", roles=_RIDER, answer=PaymentMethod, status=201, problems=(402,), needs_key=True
)
def add_payment_method(body: PaymentMethodRequest) -> PaymentMethod:
    """Keep a card that the PSP knows by a token."""
    request = payment_service_pb2.AddPaymentMethodRequest(request_id=call().key, psp_token=body.psp_token)
    return payment_method(ask(edge().backends.payments.AddPaymentMethod, request).payment_method)


@routes.route("GET", "/payment-methods", roles=_RIDER, answer=PaymentMethods)
def list_payment_methods(query: PageQuery) -> PaymentMethods:
    """Page through the caller's cards, newest first."""
    request = payment_service_pb2.ListPaymentMethodsRequest(page_size=query.limit, page_token=page_token(query.cursor))
    page = ask(edge().backends.payments.ListPaymentMethods, request)
    return PaymentMethods(
        items=[payment_method(item) for item in page.payment_methods], next_cursor=next_cursor(page.next_page_token)
    )


@routes.route("DELETE", "/payment-methods/<payment_method_id>", roles=_RIDER, answer=None, problems=(404,))
def remove_payment_method(path: PaymentMethodPath) -> None:
    """Forget a card."""
    request = payment_service_pb2.RemovePaymentMethodRequest(
        request_id=call().key, payment_method_id=str(path.payment_method_id)
    )
    ask(edge().backends.payments.RemovePaymentMethod, request)
