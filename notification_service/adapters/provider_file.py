"""The providers of an installation, from a file: which there are, in which order they are asked, how they know us.

    {"providers": [
      {"kind": "twilio", "name": "sms", "url": "https://api.twilio.com", "account": "AC…", "token": "…",
       "sender": "+14155550100", "status_url": "https://…/v1/callbacks/notifications/sms"},
      {"kind": "twilio_voice", "name": "voice", "url": "https://api.twilio.com", "account": "AC…", "token": "…",
       "sender": "+14155550100", "status_url": "https://…/v1/callbacks/notifications/voice"},
      {"kind": "fcm", "name": "fcm", "project": "…", "client_email": "…", "private_key_id": "…", "private_key": "…"},
      {"kind": "apns", "name": "apns", "team_id": "…", "key_id": "…", "private_key": "…", "topic": "org.example.app"},
      {"kind": "smtp", "name": "smtp", "host": "…", "port": 587, "username": "…", "password": "…",
       "sender": "rides@example.org", "sender_name": "Rides"}]}

Several of a kind are asked in their order. Calls are made where no SMS with a code arrives, so with one of them each
provider of SMS must say what arrives. The file holds secrets; only the service need read it.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Secret = Annotated[str, Field(min_length=1, repr=False)]


class _Provider(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    timeout_seconds: Annotated[float, Field(gt=0, le=25)] = 10.0


class Twilio(_Provider):
    """SMS by an interface in Twilio's style."""

    kind: Literal["twilio"]
    url: str
    account: str
    token: Secret
    sender: str
    status_url: str = ""
    """Where it posts its signed receipts: the edge's /v1/callbacks/notifications/sms as seen from outside."""


class TwilioVoice(_Provider):
    """Calls by an interface in Twilio's style."""

    kind: Literal["twilio_voice"]
    url: str
    account: str
    token: Secret
    sender: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]
    """The number to call from."""
    status_url: str = ""
    """Where it posts, signed, how calls ended: the edge's /v1/callbacks/notifications/voice as seen from outside."""


class Fcm(_Provider):
    """Push to Android and web; the last three fields are those of a service account's key file."""

    kind: Literal["fcm"]
    url: str = "https://fcm.googleapis.com"
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105 (an address)
    project: str
    platforms: frozenset[Literal["android", "web", "ios"]] = frozenset({"android", "web"})
    client_email: str
    private_key_id: str
    private_key: Secret


class Apns(_Provider):
    """Push to iOS."""

    kind: Literal["apns"]
    url: str = "https://api.push.apple.com"
    team_id: str
    key_id: str
    private_key: Secret
    topic: str


class Smtp(_Provider):
    """Mail."""

    kind: Literal["smtp"]
    host: str
    port: Annotated[int, Field(gt=0, lt=65_536)] = 587
    tls: Literal["none", "starttls", "implicit"] = "starttls"
    username: str = ""
    password: Annotated[str, Field(repr=False)] = ""
    sender: str
    sender_name: str = ""


Provider = Annotated[Twilio | TwilioVoice | Fcm | Apns | Smtp, Field(discriminator="kind")]


class Providers(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    providers: tuple[Provider, ...]

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        twice = [name for name, count in Counter(each.name for each in self.providers).items() if count > 1]
        if twice:
            raise ValueError(f"two providers are called {twice[0]}")
        return self

    @model_validator(mode="after")
    def _calls_follow_what_is_known_of_sms(self) -> Self:
        silent = [each.name for each in self.providers if isinstance(each, Twilio) and not each.status_url]
        if silent and any(isinstance(each, TwilioVoice) for each in self.providers):
            # Else everybody would be called who takes longer than the wait to read their SMS.
            raise ValueError(f"calls follow an SMS that did not arrive: {silent[0]} needs a status_url to tell")
        return self


class ProviderFileError(Exception):
    """The file cannot be used, in plain words and without its secrets."""


def read_providers(path: Path) -> Providers:
    """Read the file.

    Raises:
        ProviderFileError: it is not there, or not of the form above.
    """
    try:
        return Providers.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ProviderFileError(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ProviderFileError(f"{path}: {place}: {first['msg']}") from None
