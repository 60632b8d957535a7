"""News of the operator's for many people."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from rider_api.schemas.common import (
    Answer,
    CampaignId,
    Moment,
    OpenEnum,
    Parameters,
    Request,
    Timestamp,
    public_id,
    timestamp,
    timestamp_message,
)
from ridesharing.notification.v1 import campaign_service_pb2 as pb

STATES = OpenEnum(pb.CampaignState.items(), "CAMPAIGN_STATE")
AUDIENCES = OpenEnum(pb.CampaignAudience.items(), "CAMPAIGN_AUDIENCE")


class CampaignPath(Parameters):
    """Names a campaign."""

    campaign_id: CampaignId


class CampaignText(Request):
    """The news in a language."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=80)] = Field(examples=["Ten percent off"])
    body: Annotated[str, StringConstraints(min_length=1, max_length=300)] = Field(
        examples=["Until Sunday, on every ride."]
    )


class CampaignTexts(Request):
    """The news in each language; people read theirs, or English."""

    en: CampaignText
    es: CampaignText
    fr: CampaignText


class CampaignRequest(Request):
    """What is told to whom."""

    words: CampaignTexts
    audience: Literal["riders", "drivers"]
    city: Annotated[str, StringConstraints(max_length=64, pattern="^[a-z0-9_-]*$")] = Field(
        default="", description="Only who has ridden or driven in this city; empty for all.", examples=["san_francisco"]
    )
    starts_at: Moment | None = Field(default=None, description="Now, where it is not said.")

    def message(self, request_id: str) -> pb.CreateCampaignRequest:
        """Convert to the request of the service."""
        texts = {"en": self.words.en, "es": self.words.es, "fr": self.words.fr}
        return pb.CreateCampaignRequest(
            request_id=request_id,
            words=[
                pb.CampaignWords(language=language, title=text.title, body=text.body)
                for language, text in texts.items()
            ],
            audience=pb.CampaignAudience.Value(f"CAMPAIGN_AUDIENCE_{self.audience.upper()}"),
            city=self.city,
            start_time=None if self.starts_at is None else timestamp_message(self.starts_at),
        )


class CampaignWords(Answer):
    """The news in a language."""

    language: str
    title: str
    body: str


class Campaign(Answer):
    """News and how far they have come."""

    id: str = Field(examples=["camp_01h4556qpqexqvskwzpczs00jq"])
    words: list[CampaignWords]
    audience: str = Field(description="riders or drivers.", examples=["riders"])
    city: str
    state: str = Field(description="running, done or stopped.", examples=["running"])
    starts_at: Timestamp
    created_at: Timestamp
    told_count: int = Field(description="To how many a message was owed, or not, by their own wish.")


class Campaigns(Answer):
    """A page of campaigns, newest first."""

    items: list[Campaign]
    next_cursor: str | None


def campaign(message: pb.Campaign) -> Campaign:
    """Convert a campaign."""
    return Campaign(
        id=public_id("camp", message.campaign_id),
        words=[CampaignWords(language=each.language, title=each.title, body=each.body) for each in message.words],
        audience=AUDIENCES.text(message.audience),
        city=message.city,
        state=STATES.text(message.state),
        starts_at=timestamp(message.start_time),
        created_at=timestamp(message.create_time),
        told_count=message.told_count,
    )
