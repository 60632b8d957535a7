"""Good requests about riders' cards."""

from __future__ import annotations

from uuid import uuid4

from ridesharing.payment.v1 import payment_service_pb2 as pb
from tests.integration.payment.good_input.stage import Ask, Row, Stage, as_rider, key, not_found

_NO_CARD, _NO_SETUP = not_found("payment_method_not_found"), not_found("setup_not_found")


async def add(stage: Stage) -> Ask:
    return as_rider(uuid4(), pb.AddPaymentMethodRequest(request_id=key(), psp_token="pm_card_visa"))


async def listed(stage: Stage) -> Ask:
    rider_id, _ = await stage.rider_with_card()
    return as_rider(rider_id, pb.ListPaymentMethodsRequest())


async def set_up(stage: Stage) -> Ask:
    return as_rider(uuid4(), pb.SetUpPaymentMethodRequest(request_id=key(), psp_token="pm_card_visa"))


async def finish(stage: Stage) -> Ask:
    rider_id = uuid4()
    begun = pb.SetUpPaymentMethodRequest(request_id=key(), psp_token="pm_card_authenticationRequired")
    setup = (await stage.call("PaymentService.SetUpPaymentMethod", as_rider(rider_id, begun))).setup
    return as_rider(rider_id, pb.FinishPaymentMethodSetupRequest(request_id=key(), setup_id=setup.setup_id))


async def set_default(stage: Stage) -> Ask:
    rider_id, card = await stage.rider_with_card()
    return as_rider(rider_id, pb.SetDefaultPaymentMethodRequest(request_id=key(), payment_method_id=card))


async def remove(stage: Stage) -> Ask:
    rider_id, card = await stage.rider_with_card()
    return as_rider(rider_id, pb.RemovePaymentMethodRequest(request_id=key(), payment_method_id=card))


_OTHER_CARD = {"psp_token": "pm_card_mastercard"}

CARDS = {
    "PaymentService.AddPaymentMethod": Row(add, other=_OTHER_CARD),
    "PaymentService.ListPaymentMethods": Row(listed),
    "PaymentService.SetUpPaymentMethod": Row(set_up, other=_OTHER_CARD),
    "PaymentService.FinishPaymentMethodSetup": Row(finish, unknown={"setup_id": _NO_SETUP}, foreign=_NO_SETUP),
    "PaymentService.SetDefaultPaymentMethod": Row(
        set_default, unknown={"payment_method_id": _NO_CARD}, foreign=_NO_CARD
    ),
    "PaymentService.RemovePaymentMethod": Row(remove, unknown={"payment_method_id": _NO_CARD}, foreign=_NO_CARD),
}
