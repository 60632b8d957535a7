"""How the caller is reached: devices, preferences, quiet hours, and what was seen."""

from __future__ import annotations

from chassis.auth import Role
from rider_api.rest.calls import ask, edge
from rider_api.rest.routing import Routes
from rider_api.schemas.common import timestamp
from rider_api.schemas.notifications import NotificationPath
from rider_api.schemas.reach import (
    Acknowledgement,
    Device,
    DevicePath,
    Devices,
    NewDevice,
    PreferenceChange,
    Preferences,
    QuietHours,
    QuietHoursAnswer,
    device,
    preference,
    quiet_hours,
)
from ridesharing.notification.v1 import notifications_pb2
from ridesharing.notification.v1 import reach_service_pb2 as pb

routes = Routes("reach", "Notifications", area="notifications")
_TRAVELERS = (Role.RIDER, Role.DRIVER)


@routes.route("GET", "/me/devices", roles=_TRAVELERS, answer=Devices)
def list_devices() -> Devices:
    """Return the devices that the caller's pushes go to."""
    return Devices(
        items=[device(each) for each in ask(edge().backends.reach.ListDevices, pb.ListDevicesRequest()).devices]
    )


@routes.route("POST", "/me/devices", roles=_TRAVELERS, answer=Device, status=201)
def register_device(body: NewDevice) -> Device:
    """Register this installation for pushes; at each start of the app, and whenever its token changes."""
    request = pb.RegisterDeviceRequest(
        platform=pb.DevicePlatform.Value(f"DEVICE_PLATFORM_{body.platform.upper()}"), app=body.app, token=body.token
    )
    return device(ask(edge().backends.reach.RegisterDevice, request).device)


@routes.route("DELETE", "/me/devices/<device_id>", roles=_TRAVELERS, answer=None, problems=(404,))
def remove_device(path: DevicePath) -> None:
    """Send no more pushes to a device; at sign-out."""
    ask(edge().backends.reach.RemoveDevice, pb.RemoveDeviceRequest(device_id=str(path.device_id)))


@routes.route("GET", "/me/notification-preferences", roles=_TRAVELERS, answer=Preferences)
def read_preferences() -> Preferences:
    """Return what the caller wants to be told by which channel, and the quiet hours."""
    return _all_preferences()


@routes.route("PATCH", "/me/notification-preferences", roles=_TRAVELERS, answer=Preferences)
def change_preference(body: PreferenceChange) -> Preferences:
    """Turn a subject on or off for a channel; security and trips cannot be turned off (`topic_mandatory`)."""
    request = pb.SetPreferenceRequest(
        subject=pb.Subject.Value(f"SUBJECT_{body.subject.upper()}"),
        channel=notifications_pb2.Channel.Value(f"CHANNEL_{body.channel.upper()}"),
        wanted=body.wanted,
    )
    ask(edge().backends.reach.SetPreference, request)
    return _all_preferences()


@routes.route("PUT", "/me/quiet-hours", roles=_TRAVELERS, answer=QuietHoursAnswer)
def set_quiet_hours(body: QuietHours) -> QuietHoursAnswer:
    """Name the hours in which only security and a trip under way may disturb."""
    hours = pb.QuietHours(time_zone=body.time_zone, begins_at=body.begins_at, ends_at=body.ends_at)
    request = pb.SetQuietHoursRequest(quiet_hours=hours)
    return quiet_hours(ask(edge().backends.reach.SetQuietHours, request).quiet_hours)


@routes.route("DELETE", "/me/quiet-hours", roles=_TRAVELERS, answer=None)
def end_quiet_hours() -> None:
    """Have no quiet hours."""
    ask(edge().backends.reach.SetQuietHours, pb.SetQuietHoursRequest())


@routes.route(
    "POST", "/me/notifications/<notification_id>/ack", roles=_TRAVELERS, answer=Acknowledgement, problems=(404,)
)
def acknowledge_notification(path: NotificationPath) -> Acknowledgement:
    """Say that the app showed a notification, so that no SMS follows it."""
    request = pb.AcknowledgeNotificationRequest(notification_id=str(path.notification_id))
    answer = ask(edge().backends.reach.AcknowledgeNotification, request)
    return Acknowledgement(acknowledged_at=timestamp(answer.acknowledge_time))


def _all_preferences() -> Preferences:
    found = ask(edge().backends.reach.GetPreferences, pb.GetPreferencesRequest())
    return Preferences(
        preferences=[preference(each) for each in found.preferences],
        quiet_hours=quiet_hours(found.quiet_hours) if found.HasField("quiet_hours") else None,
    )
