"""Where the caller is written to by mail: proved by a code before anything else goes there."""

from __future__ import annotations

from chassis.auth import Role
from rider_api.rest.calls import ask, call, edge
from rider_api.rest.rate_limits import Pace
from rider_api.rest.routing import Routes
from rider_api.schemas.mail_addresses import (
    MailAddress,
    MailAddressProof,
    MailAddressRequest,
    MailCode,
    mail_address,
    mail_code,
)
from ridesharing.identity.v1 import mail_address_service_pb2 as pb

routes = Routes("mail_address", "Me", area="account")
_TRAVELERS = (Role.RIDER, Role.DRIVER)


@routes.route("GET", "/me/mail-address", roles=_TRAVELERS, answer=MailAddress, problems=(404,))
def read_mail_address() -> MailAddress:
    """Return where the caller is written to."""
    found = ask(edge().backends.mail_addresses.GetMailAddress, pb.GetMailAddressRequest())
    return mail_address(found.mail_address)


@routes.route("PUT", "/me/mail-address", roles=_TRAVELERS, pace=Pace.CODE, answer=MailCode, status=202)
def request_mail_code(body: MailAddressRequest) -> MailCode:
    """Send a code to an address; with the code it becomes the caller's, in place of a former one."""
    request = pb.RequestMailCodeRequest(request_id=call().key, mail_address=body.mail_address)
    return mail_code(ask(edge().backends.mail_addresses.RequestMailCode, request))


@routes.route("POST", "/me/mail-address/verify", roles=_TRAVELERS, answer=MailAddress, problems=(409,))
def verify_mail_address(body: MailAddressProof) -> MailAddress:
    """Trade the code for the address: receipts and other mail go there from now on."""
    request = pb.VerifyMailAddressRequest(mail_address=body.mail_address, code=body.code)
    return mail_address(ask(edge().backends.mail_addresses.VerifyMailAddress, request).mail_address)


@routes.route("DELETE", "/me/mail-address", roles=_TRAVELERS, answer=None)
def forget_mail_address() -> None:
    """Forget the caller's address: no more mail goes there."""
    ask(edge().backends.mail_addresses.RemoveMailAddress, pb.RemoveMailAddressRequest())
