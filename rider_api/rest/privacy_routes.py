"""What is kept of people: told to them, and erased."""

from __future__ import annotations

from chassis.auth import Role
from chassis.urgency import Urgency
from rider_api.rest.calls import ask, call, edge
from rider_api.rest.routing import Routes
from rider_api.schemas.people import PersonPath
from rider_api.schemas.privacy import AccountExport, Erasure, ErasureReason, account_export, erasure
from ridesharing.identity.v1 import privacy_service_pb2 as pb

routes = Routes("privacy", "Me", area="account")
_TRAVELERS = (Role.RIDER, Role.DRIVER)
_SECONDS = 20.0


@routes.route(
    "POST",
    "/me/exports",
    roles=_TRAVELERS,
    answer=AccountExport,
    problems=(404,),
    seconds=_SECONDS,
    urgency=Urgency.DEFERRABLE,
)
def export_account() -> AccountExport:
    """Return all that is kept of the caller."""
    return account_export(ask(edge().backends.privacy.ExportAccount, pb.ExportAccountRequest()))


@routes.route(
    "POST",
    "/operator/people/<account_id>/erase",
    roles=(Role.OPERATOR,),
    area="operate_people",
    answer=Erasure,
    status=202,
    problems=(404,),
    seconds=_SECONDS,
)
def erase_person(path: PersonPath, body: ErasureReason) -> Erasure:
    """Erase a person who asked for it by another way."""
    request = pb.RequestErasureRequest(request_id=call().key, account_id=str(path.account_id), reason=body.reason)
    return erasure(ask(edge().backends.privacy.RequestErasure, request).erasure)


@routes.route(
    "GET",
    "/operator/people/<account_id>/erasure",
    roles=(Role.OPERATOR,),
    area="operate_people",
    answer=Erasure,
    problems=(404,),
)
def read_erasure(path: PersonPath) -> Erasure:
    """Tell how far an erasure has come."""
    request = pb.GetErasureRequest(account_id=str(path.account_id))
    return erasure(ask(edge().backends.privacy.GetErasure, request).erasure)
