"""People as staff see them: masked, and in clear against a reason."""

from __future__ import annotations

from chassis.auth import Role
from chassis.urgency import Urgency
from rider_api.rest.calls import ask, edge
from rider_api.rest.routing import Routes
from rider_api.schemas.people import Person, PersonPath, PersonSearch, PhoneInClear, Unmasking, person
from ridesharing.identity.v1 import person_service_pb2 as pb

routes = Routes("people", "Operating", area="operate_people")
_HELPERS = (Role.SUPPORT, Role.OPERATOR)


@routes.route(
    "POST", "/operator/people/search", roles=_HELPERS, answer=Person, problems=(404,), urgency=Urgency.DEFERRABLE
)
def find_person(body: PersonSearch) -> Person:
    """Return the person with a phone number."""
    return person(ask(edge().backends.people.FindPerson, pb.FindPersonRequest(phone_number=body.phone_number)).person)


# Longer than "search", which is no person, and what looks for one is no GET.
_PERSON = "/operator/people/<string(minlength=7):account_id>"


@routes.route("GET", _PERSON, roles=_HELPERS, answer=Person, problems=(404,))
def read_person(path: PersonPath) -> Person:
    """Return a person."""
    return person(ask(edge().backends.people.GetPerson, pb.GetPersonRequest(account_id=str(path.account_id))).person)


@routes.route("POST", "/operator/people/<account_id>/unmask", roles=_HELPERS, answer=PhoneInClear, problems=(404,))
def unmask_phone(path: PersonPath, body: Unmasking) -> PhoneInClear:
    """Tell a phone number and a mail address in clear; who asked and why stays in the audit log."""
    request = pb.UnmaskPhoneRequest(account_id=str(path.account_id), reason=body.reason)
    told = ask(edge().backends.people.UnmaskPhone, request)
    return PhoneInClear(phone_number=told.phone_number, mail_address=told.mail_address or None)
