"""ReachService over gRPC."""

from __future__ import annotations

from datetime import time
from typing import Any
from uuid import UUID

import grpc

from chassis.auth import current_actor
from notification_service.domain.device import Device
from notification_service.domain.preferences import Preference, QuietHours, Subject
from notification_service.entrypoints.grpc_servicer import CHANNEL_TO_WIRE
from notification_service.entrypoints.times import timestamp
from notification_service.use_cases.acknowledge_notification import AcknowledgeNotification
from notification_service.use_cases.keep_devices import KeepDevices
from notification_service.use_cases.keep_preferences import KeepPreferences
from ridesharing.notification.v1 import reach_service_pb2 as pb
from ridesharing.notification.v1 import reach_service_pb2_grpc

SERVICE_NAME = "ridesharing.notification.v1.ReachService"
_Context = grpc.aio.ServicerContext[Any, Any]

SUBJECT_TO_WIRE = {subject: pb.Subject.Value(f"SUBJECT_{subject.name}") for subject in Subject}
_SUBJECT_FROM_WIRE = {number: subject for subject, number in SUBJECT_TO_WIRE.items()}
_CHANNEL_FROM_WIRE = {number: channel for channel, number in CHANNEL_TO_WIRE.items()}


class ReachServicer(reach_service_pb2_grpc.ReachServiceServicer):
    """How the caller is reached."""

    def __init__(
        self, *, devices: KeepDevices, preferences: KeepPreferences, acknowledge: AcknowledgeNotification
    ) -> None:
        self._devices = devices
        self._preferences = preferences
        self._acknowledge = acknowledge

    async def RegisterDevice(self, request: pb.RegisterDeviceRequest, context: _Context) -> pb.RegisterDeviceResponse:
        platform = pb.DevicePlatform.Name(request.platform).removeprefix("DEVICE_PLATFORM_").lower()
        actor = current_actor()
        # A token made for local work has none.
        sign_in_id = UUID(actor.session_id) if actor.session_id else None
        device = await self._devices.register(actor.account_id, platform, request.app, request.token, sign_in_id)
        return pb.RegisterDeviceResponse(device=_device(device))

    async def ListDevices(self, request: pb.ListDevicesRequest, context: _Context) -> pb.ListDevicesResponse:
        devices = await self._devices.all_of(current_actor().account_id)
        return pb.ListDevicesResponse(devices=[_device(device) for device in devices])

    async def RemoveDevice(self, request: pb.RemoveDeviceRequest, context: _Context) -> pb.RemoveDeviceResponse:
        await self._devices.remove(current_actor().account_id, UUID(request.device_id))
        return pb.RemoveDeviceResponse()

    async def GetPreferences(self, request: pb.GetPreferencesRequest, context: _Context) -> pb.GetPreferencesResponse:
        preferences, quiet_hours = await self._preferences.read(current_actor().account_id)
        return pb.GetPreferencesResponse(
            preferences=map(_preference, preferences), quiet_hours=_quiet_hours(quiet_hours)
        )

    async def SetPreference(self, request: pb.SetPreferenceRequest, context: _Context) -> pb.SetPreferenceResponse:
        preferences = await self._preferences.choose(
            current_actor().account_id,
            _SUBJECT_FROM_WIRE[request.subject],
            _CHANNEL_FROM_WIRE[request.channel],
            wanted=request.wanted,
        )
        return pb.SetPreferenceResponse(preferences=map(_preference, preferences))

    async def SetQuietHours(self, request: pb.SetQuietHoursRequest, context: _Context) -> pb.SetQuietHoursResponse:
        quiet = None
        if request.HasField("quiet_hours"):
            asked = request.quiet_hours
            quiet = (asked.time_zone, time.fromisoformat(asked.begins_at), time.fromisoformat(asked.ends_at))
        hours = await self._preferences.be_quiet(current_actor().account_id, quiet)
        return pb.SetQuietHoursResponse(quiet_hours=_quiet_hours(hours))

    async def AcknowledgeNotification(
        self, request: pb.AcknowledgeNotificationRequest, context: _Context
    ) -> pb.AcknowledgeNotificationResponse:
        at = await self._acknowledge(current_actor().account_id, UUID(request.notification_id))
        return pb.AcknowledgeNotificationResponse(acknowledge_time=timestamp(at))


def _device(device: Device) -> pb.Device:
    return pb.Device(
        device_id=str(device.device_id),
        platform=pb.DevicePlatform.Value(f"DEVICE_PLATFORM_{device.platform.upper()}"),
        app=device.app,
        create_time=timestamp(device.created_at),
        seen_time=timestamp(device.seen_at),
    )


def _preference(preference: Preference) -> pb.Preference:
    return pb.Preference(
        subject=SUBJECT_TO_WIRE[preference.subject],
        channel=CHANNEL_TO_WIRE[preference.channel],
        wanted=preference.wanted,
        mandatory=preference.mandatory,
    )


def _quiet_hours(hours: QuietHours | None) -> pb.QuietHours | None:
    if hours is None:
        return None
    return pb.QuietHours(
        time_zone=hours.time_zone,
        begins_at=hours.begins_at.isoformat("minutes"),
        ends_at=hours.ends_at.isoformat("minutes"),
    )
