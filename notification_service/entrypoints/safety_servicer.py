"""SafetyService over gRPC."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import grpc

from chassis.auth import current_actor
from notification_service.domain.safety import Sos, TrustedContact
from notification_service.entrypoints.times import timestamp
from notification_service.use_cases.keep_contacts import KeepContacts
from notification_service.use_cases.raise_sos import ListSos, RaiseSos
from ridesharing.common.v1.geo_point_pb2 import GeoPoint
from ridesharing.notification.v1 import safety_service_pb2 as pb
from ridesharing.notification.v1 import safety_service_pb2_grpc

SERVICE_NAME = "ridesharing.notification.v1.SafetyService"
_Context = grpc.aio.ServicerContext[Any, Any]


class SafetyServicer(safety_service_pb2_grpc.SafetyServiceServicer):
    """Calls for help and whom they reach."""

    def __init__(
        self, *, contacts: KeepContacts, raise_sos: RaiseSos, list_sos: ListSos, wake: Callable[[], None]
    ) -> None:
        self._contacts = contacts
        self._raise_sos = raise_sos
        self._list_sos = list_sos
        self._wake = wake

    async def AddTrustedContact(
        self, request: pb.AddTrustedContactRequest, context: _Context
    ) -> pb.AddTrustedContactResponse:
        contact = await self._contacts.add(current_actor().account_id, request.name, request.phone_number)
        return pb.AddTrustedContactResponse(contact=_contact(contact))

    async def ListTrustedContacts(
        self, request: pb.ListTrustedContactsRequest, context: _Context
    ) -> pb.ListTrustedContactsResponse:
        contacts = await self._contacts.all_of(current_actor().account_id)
        return pb.ListTrustedContactsResponse(contacts=map(_contact, contacts))

    async def RemoveTrustedContact(
        self, request: pb.RemoveTrustedContactRequest, context: _Context
    ) -> pb.RemoveTrustedContactResponse:
        await self._contacts.remove(current_actor().account_id, UUID(request.contact_id))
        return pb.RemoveTrustedContactResponse()

    async def RaiseSos(self, request: pb.RaiseSosRequest, context: _Context) -> pb.RaiseSosResponse:
        call = await self._raise_sos(
            current_actor().account_id,
            request.request_id,
            UUID(request.ride_id) if request.ride_id else None,
            request.point.latitude,
            request.point.longitude,
        )
        self._wake()
        return pb.RaiseSosResponse(sos=_sos(call))

    async def ListSos(self, request: pb.ListSosRequest, context: _Context) -> pb.ListSosResponse:
        calls, token = await self._list_sos(request.page_size, request.page_token)
        return pb.ListSosResponse(calls=map(_sos, calls), next_page_token=token)


def _contact(contact: TrustedContact) -> pb.TrustedContact:
    return pb.TrustedContact(contact_id=str(contact.contact_id), name=contact.name, phone_number=contact.phone_number)


def _sos(call: Sos) -> pb.Sos:
    return pb.Sos(
        sos_id=str(call.sos_id),
        account_id=str(call.account_id),
        ride_id=str(call.ride_id or ""),
        point=GeoPoint(latitude=call.latitude, longitude=call.longitude),
        contact_count=call.contact_count,
        raise_time=timestamp(call.raised_at),
    )
