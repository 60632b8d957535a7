"""How people are reached: devices, preferences, quiet hours, acknowledgements."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from rider_api.schemas.common import (
    Answer,
    DeviceId,
    OpenEnum,
    Parameters,
    Request,
    Timestamp,
    public_id,
    timestamp,
)
from rider_api.schemas.notifications import CHANNELS
from ridesharing.notification.v1 import reach_service_pb2

PLATFORMS = OpenEnum(reach_service_pb2.DevicePlatform.items(), "DEVICE_PLATFORM")
SUBJECTS = OpenEnum(reach_service_pb2.Subject.items(), "SUBJECT")
_Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class DevicePath(Parameters):
    """Names a device."""

    device_id: DeviceId


class NewDevice(Request):
    """Where an app can be pushed to."""

    platform: Literal["android", "ios", "web"]
    app: Literal["rider", "driver"]
    token: Annotated[str, StringConstraints(pattern=r"^[!-~]{8,4096}$")] = Field(
        examples=["fGci3Rk7TQ6:APA91bHun4MxP5egoKMwt2KZFBaFUH"],
        description="The push provider's, of this installation.",
    )


class Device(Answer):
    """An installation of an app that can be pushed to."""

    id: str = Field(examples=["dev_01h4556qpqexqvskwzpczs00jq"])
    platform: str = Field(examples=["android"])
    app: str = Field(examples=["rider"])
    created_at: Timestamp
    seen_at: Timestamp


class Devices(Answer):
    """All of the caller's, the one seen last first; at most ten."""

    items: list[Device]


class Preference(Answer):
    """Whether a subject's notifications are wanted by a channel."""

    subject: str = Field(examples=["marketing"])
    channel: str = Field(examples=["push"])
    wanted: bool
    mandatory: bool = Field(description="Whether they cannot be turned off.")


class QuietHours(Request):
    """Hours in which nothing disturbs but security and a trip under way."""

    time_zone: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(examples=["America/Los_Angeles"])
    begins_at: _Clock = Field(examples=["22:00"])
    ends_at: _Clock = Field(examples=["07:30"], description="On the next day where it is earlier.")


class QuietHoursAnswer(Answer):
    """The caller's quiet hours."""

    time_zone: str = Field(examples=["America/Los_Angeles"])
    begins_at: str = Field(examples=["22:00"])
    ends_at: str = Field(examples=["07:30"])


class Preferences(Answer):
    """All that the caller may decide."""

    preferences: list[Preference]
    quiet_hours: QuietHoursAnswer | None


class PreferenceChange(Request):
    """One choice."""

    subject: Literal["security", "trips", "money", "marketing"]
    channel: Literal["push", "sms", "email"]
    wanted: bool


class Acknowledgement(Answer):
    """Since when a notification counts as seen."""

    acknowledged_at: Timestamp


def device(message: reach_service_pb2.Device) -> Device:
    """Convert a device."""
    return Device(
        id=public_id("dev", message.device_id),
        platform=PLATFORMS.text(message.platform),
        app=message.app,
        created_at=timestamp(message.create_time),
        seen_at=timestamp(message.seen_time),
    )


def preference(message: reach_service_pb2.Preference) -> Preference:
    """Convert a preference."""
    return Preference(
        subject=SUBJECTS.text(message.subject),
        channel=CHANNELS.text(message.channel),
        wanted=message.wanted,
        mandatory=message.mandatory,
    )


def quiet_hours(message: reach_service_pb2.QuietHours) -> QuietHoursAnswer:
    """Convert quiet hours."""
    return QuietHoursAnswer(time_zone=message.time_zone, begins_at=message.begins_at, ends_at=message.ends_at)
