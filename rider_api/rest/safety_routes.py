"""Calls for help and whom they reach."""

from __future__ import annotations

from chassis.auth import Role
from chassis.urgency import Urgency
from rider_api.rest.calls import ask, call, edge, next_cursor, page_token
from rider_api.rest.routing import Routes
from rider_api.schemas.common import PageQuery
from rider_api.schemas.safety import (
    ContactPath,
    NewTrustedContact,
    Sos,
    SosCalls,
    SosRequest,
    TrustedContact,
    TrustedContacts,
    sos,
    trusted_contact,
)
from ridesharing.notification.v1 import safety_service_pb2 as pb

routes = Routes("safety", "Safety", area="notifications")
_TRAVELERS = (Role.RIDER, Role.DRIVER)


@routes.route("GET", "/me/trusted-contacts", roles=_TRAVELERS, answer=TrustedContacts)
def list_trusted_contacts() -> TrustedContacts:
    """Return whom the caller wants to be written to in an emergency."""
    found = ask(edge().backends.safety.ListTrustedContacts, pb.ListTrustedContactsRequest())
    return TrustedContacts(items=[trusted_contact(each) for each in found.contacts])


@routes.route("POST", "/me/trusted-contacts", roles=_TRAVELERS, answer=TrustedContact, status=201)
def add_trusted_contact(body: NewTrustedContact) -> TrustedContact:
    """Name somebody to be written to in an emergency; five at most (`too_many_contacts`)."""
    request = pb.AddTrustedContactRequest(name=body.name, phone_number=body.phone_number)
    return trusted_contact(ask(edge().backends.safety.AddTrustedContact, request).contact)


@routes.route("DELETE", "/me/trusted-contacts/<contact_id>", roles=_TRAVELERS, answer=None, problems=(404,))
def remove_trusted_contact(path: ContactPath) -> None:
    """Write to a contact no more."""
    ask(edge().backends.safety.RemoveTrustedContact, pb.RemoveTrustedContactRequest(contact_id=str(path.contact_id)))


@routes.route("POST", "/me/sos", roles=_TRAVELERS, answer=Sos, status=201, needs_key=True, urgency=Urgency.TRIP)
def raise_sos(body: SosRequest) -> Sos:
    """Call for help: each trusted contact is sent an SMS with where the caller is, and operators see the call."""
    request = pb.RaiseSosRequest(
        request_id=call().key, ride_id="" if body.ride_id is None else str(body.ride_id), point=body.point.message()
    )
    return sos(ask(edge().backends.safety.RaiseSos, request).sos)


@routes.route(
    "GET", "/operator/sos", roles=(Role.OPERATOR,), area="operate_messages", answer=SosCalls, urgency=Urgency.USUAL
)
def list_sos(query: PageQuery) -> SosCalls:
    """Page through the calls for help, newest first."""
    request = pb.ListSosRequest(page_size=query.limit, page_token=page_token(query.cursor))
    page = ask(edge().backends.safety.ListSos, request)
    return SosCalls(items=[sos(each) for each in page.calls], next_cursor=next_cursor(page.next_page_token))
