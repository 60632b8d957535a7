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
    PaymentMethodSetup,
    PaymentMethodSetupPath,
    payment_method,
    payment_method_setup,
)
from ridesharing.payment.v1 import payment_service_pb2, payments_pb2

routes = Routes("payment_methods", "Payment methods", area="payments")
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


@routes.route("POST", "/payment-method-setups", roles=_RIDER, answer=PaymentMethodSetup, status=201, needs_key=True)
def set_up_payment_method(body: PaymentMethodRequest) -> PaymentMethodSetup:
    """Keep a card whose bank may ask for its holder; `action_required` says that it does."""
    request = payment_service_pb2.SetUpPaymentMethodRequest(request_id=call().key, psp_token=body.psp_token)
    setup = ask(edge().backends.payments.SetUpPaymentMethod, request).setup
    # The PSP has not answered yet: the same key asks again.
    call().is_final = setup.status != payments_pb2.PAYMENT_METHOD_SETUP_STATUS_PENDING
    return payment_method_setup(setup)


@routes.route(
    "POST",
    "/payment-method-setups/<setup_id>/finish",
    roles=_RIDER,
    answer=PaymentMethodSetup,
    problems=(404,),
    needs_key=True,
)
def finish_payment_method_setup(path: PaymentMethodSetupPath) -> PaymentMethodSetup:
    """Look how a set-up stands after the card's holder acted; another look wants another key."""
    request = payment_service_pb2.FinishPaymentMethodSetupRequest(request_id=call().key, setup_id=str(path.setup_id))
    return payment_method_setup(ask(edge().backends.payments.FinishPaymentMethodSetup, request).setup)


@routes.route(
    "PUT", "/payment-methods/<payment_method_id>/default", roles=_RIDER, answer=PaymentMethod, problems=(404,)
)
def set_default_payment_method(path: PaymentMethodPath) -> PaymentMethod:
    """Choose the card that is taken where none is named."""
    request = payment_service_pb2.SetDefaultPaymentMethodRequest(
        request_id=call().key, payment_method_id=str(path.payment_method_id)
    )
    return payment_method(ask(edge().backends.payments.SetDefaultPaymentMethod, request).payment_method)
