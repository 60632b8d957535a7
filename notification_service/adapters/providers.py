"""The senders of the providers that a file names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

import httpx

from notification_service.adapters.apns import ApnsSender
from notification_service.adapters.email import EmailSender, SmtpServer
from notification_service.adapters.fcm import FcmSender
from notification_service.adapters.provider_file import Apns, Fcm, Provider, Providers, Smtp, Twilio, TwilioVoice
from notification_service.adapters.provider_tokens import AppleTokens, GoogleTokens
from notification_service.adapters.sms import SmsSender
from notification_service.adapters.voice import VoiceSender
from notification_service.domain.channels import Channel
from notification_service.use_cases.outside_ports import Sender
from shared_kernel.clock import Clock

_CONNECTIONS = 150
"""More than all lanes of a channel have on their way at a time."""
_Closer = Callable[[], Awaitable[object]]


class OpenProviders(NamedTuple):
    """The senders by channel, in the order in which they are asked, and what closes their connections."""

    senders: Mapping[Channel, Sequence[Sender]]
    closers: Sequence[_Closer]


def open_providers(providers: Providers, clock: Clock) -> OpenProviders:
    """Make the senders; no connection is opened before the first message."""
    senders: dict[Channel, list[Sender]] = {}
    closers: list[_Closer] = []
    for provider in providers.providers:
        channel, sender = _open(provider, clock, closers)
        senders.setdefault(channel, []).append(sender)
    return OpenProviders(senders, closers)


def _open(provider: Provider, clock: Clock, closers: list[_Closer]) -> tuple[Channel, Sender]:
    match provider:
        case Twilio():
            client = _client(provider.url, provider, closers, auth=(provider.account, provider.token))
            sender = SmsSender(
                client, provider.account, provider.sender, provider=provider.name, status_url=provider.status_url
            )
            return Channel.SMS, sender
        case TwilioVoice():
            client = _client(provider.url, provider, closers, auth=(provider.account, provider.token))
            caller = VoiceSender(
                client, provider.account, provider.sender, provider=provider.name, status_url=provider.status_url
            )
            return Channel.VOICE, caller
        case Fcm():
            client = _client(provider.url, provider, closers, http2=provider.url.startswith("https"))
            tokens = GoogleTokens(
                client,
                provider.token_url,
                provider.client_email,
                provider.private_key,
                provider.private_key_id,
                clock,
            )
            platforms = frozenset[str](provider.platforms)
            fcm = FcmSender(client, tokens, provider.project, clock, provider=provider.name, platforms=platforms)
            return Channel.PUSH, fcm
        case Apns():
            # Apple speaks nothing but HTTP/2.
            client = _client(provider.url, provider, closers, http2=True, http1=False)
            apple = AppleTokens(provider.team_id, provider.key_id, provider.private_key, clock)
            return Channel.PUSH, ApnsSender(client, apple, provider.topic, provider=provider.name)
        case Smtp():
            server = SmtpServer(
                provider.host,
                provider.port,
                provider.tls,
                provider.username,
                provider.password,
                provider.timeout_seconds,
            )
            mail = EmailSender(server, provider.sender, provider.sender_name, clock, provider=provider.name)
            return Channel.EMAIL, mail


def _client(
    url: str,
    provider: Provider,
    closers: list[_Closer],
    *,
    auth: tuple[str, str] | None = None,
    http1: bool = True,
    http2: bool = False,
) -> httpx.AsyncClient:
    client = httpx.AsyncClient(
        base_url=url,
        auth=auth,
        timeout=provider.timeout_seconds,
        limits=httpx.Limits(max_connections=_CONNECTIONS),
        http1=http1,
        http2=http2,
        trust_env=False,
    )
    closers.append(client.aclose)
    return client
