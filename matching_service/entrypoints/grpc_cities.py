"""CityService over gRPC."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import grpc

from chassis.auth import current_actor
from matching_service.domain.city import CityPolicy
from matching_service.domain.city_versions import PolicyChange, PolicyVersion
from matching_service.domain.surge import SurgeControl
from matching_service.entrypoints import wire
from matching_service.use_cases.city_policies import ReadCityPolicies
from matching_service.use_cases.control_surge import ControlSurge, ReadSurge
from matching_service.use_cases.put_city_policy import PutCityPolicy, PutCityPolicyCommand
from ridesharing.matching.v1 import city_service_pb2 as pb
from ridesharing.matching.v1 import city_service_pb2_grpc
from shared_kernel.errors import FieldViolation, InvalidInput

SERVICE_NAME = "ridesharing.matching.v1.CityService"
_DEFAULT_PAGE = 50
_DEFAULT_CELLS = 100

Context = grpc.aio.ServicerContext[Any, Any]


class CityServicer(city_service_pb2_grpc.CityServiceServicer):
    """Cities' policies, for the people who run the service."""

    def __init__(
        self, *, read: ReadCityPolicies, put: PutCityPolicy, read_surge: ReadSurge, control_surge: ControlSurge
    ) -> None:
        self._read = read
        self._put = put
        self._read_surge = read_surge
        self._control_surge = control_surge

    async def ListCities(self, request: pb.ListCitiesRequest, context: Context) -> pb.ListCitiesResponse:
        return pb.ListCitiesResponse(cities=map(_city_message, await self._read.list_cities()))

    async def GetCityPolicy(self, request: pb.GetCityPolicyRequest, context: Context) -> pb.GetCityPolicyResponse:
        return pb.GetCityPolicyResponse(policy=_policy_message(await self._read.get(request.city, request.version)))

    async def ListCityPolicies(
        self, request: pb.ListCityPoliciesRequest, context: Context
    ) -> pb.ListCityPoliciesResponse:
        before = _before(request.page_token)
        page = await self._read.page(request.city, request.page_size or _DEFAULT_PAGE, before)
        return pb.ListCityPoliciesResponse(
            policies=map(_policy_message, page.versions),
            next_page_token="" if page.next_before is None else str(page.next_before),
        )

    async def DiffCityPolicies(
        self, request: pb.DiffCityPoliciesRequest, context: Context
    ) -> pb.DiffCityPoliciesResponse:
        changes = await self._read.changes(request.city, request.before_version, request.after_version)
        return pb.DiffCityPoliciesResponse(changes=_change_messages(changes))

    async def CheckCityPolicy(self, request: pb.CheckCityPolicyRequest, context: Context) -> pb.CheckCityPolicyResponse:
        checked = await self._read.check(request.document)
        return pb.CheckCityPolicyResponse(
            city=checked.city, latest_version=checked.latest_version, changes=_change_messages(checked.changes)
        )

    async def PutCityPolicy(self, request: pb.PutCityPolicyRequest, context: Context) -> pb.PutCityPolicyResponse:
        given = request.HasField("effective_time")
        command = PutCityPolicyCommand(
            request.document,
            wire.moment_from(request.effective_time, "effective_time") if given else None,
            request.base_version,
            request.note,
        )
        version = await self._put(request.request_id, current_actor().account_id, command)
        return pb.PutCityPolicyResponse(policy=_policy_message(version))

    async def GetSurge(self, request: pb.GetSurgeRequest, context: Context) -> pb.GetSurgeResponse:
        picture = await self._read_surge(request.city, request.limit or _DEFAULT_CELLS)
        message = pb.GetSurgeResponse(
            control=_control_message(picture.control),
            cells=[
                pb.SurgeCell(
                    cell=cell.cell,
                    center=wire.point_message(cell.center),
                    surge_permille=cell.permille,
                    mean_permille=cell.mean_permille,
                )
                for cell in picture.cells
            ],
        )
        if picture.computed_at is not None:
            message.compute_time.FromDatetime(picture.computed_at)
        return message

    async def SetSurgeControl(self, request: pb.SetSurgeControlRequest, context: Context) -> pb.SetSurgeControlResponse:
        given = request.control
        control = SurgeControl(given.frozen, given.cap_permille if given.HasField("cap_permille") else None)
        held = await self._control_surge(
            request.request_id, current_actor().account_id, request.city, control, request.note
        )
        return pb.SetSurgeControlResponse(control=_control_message(held))


def _control_message(control: SurgeControl) -> pb.SurgeControl:
    return pb.SurgeControl(frozen=control.frozen, cap_permille=control.cap_permille)


def _city_message(policy: CityPolicy) -> pb.City:
    return pb.City(
        city=policy.city,
        name=policy.name,
        version=policy.version,
        currency_code=policy.currency_code,
        time_zone=policy.time_zone,
        products=list(policy.products),
    )


def _policy_message(version: PolicyVersion) -> pb.CityPolicy:
    return pb.CityPolicy(
        city=version.city,
        version=version.version,
        effective_time=wire.timestamp(version.effective_at),
        document=version.document,
        create_time=wire.timestamp(version.made_at),
        operator_id="" if version.made_by is None else str(version.made_by),
        note=version.note,
    )


def _change_messages(changes: Iterable[PolicyChange]) -> list[pb.CityPolicyChange]:
    return [pb.CityPolicyChange(key=change.key, before=change.before, after=change.after) for change in changes]


def _before(token: str) -> int | None:
    if not token:
        return None
    if not (token.isascii() and token.isdigit() and len(token) < 10):
        violation = FieldViolation("page_token", "must be what the last page gave")
        raise InvalidInput("invalid_page_token", "the page token is not one of ours", violations=[violation])
    return int(token)
