"""Mail by SMTP (RFC 5321), in plain text and HTML."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime

import aiosmtplib

from notification_service.domain.sending import (
    Accepted,
    Outgoing,
    Refused,
    SendResult,
    Target,
    Throttled,
    Unavailable,
    Unknown,
    Unregistered,
)
from shared_kernel.clock import Clock

_NO_SUCH_MAILBOX = frozenset({550, 551, 553})
_MAILBOX_BUSY = frozenset({450, 451, 452})


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over. `tls` is `none`, `starttls` or `implicit`; an empty user name: none is asked."""

    host: str
    port: int
    tls: str = "starttls"
    username: str = ""
    password: str = ""
    timeout_seconds: float = 10.0


class EmailSender:
    """Hands a mail to a server, a connection each, at most `connections` at a time."""

    def __init__(
        self,
        server: SmtpServer,
        sender: str,
        sender_name: str,
        clock: Clock,
        *,
        provider: str = "smtp",
        connections: int = 16,
        connect: Callable[..., aiosmtplib.SMTP] = aiosmtplib.SMTP,
    ) -> None:
        """Take the server, and the address and name that mail comes from."""
        self._server = server
        self._from = Address(sender_name, addr_spec=sender)
        self._clock = clock
        self._provider = provider
        self._free = asyncio.Semaphore(connections)
        self._connect = connect

    @property
    def provider(self) -> str:
        """Its name in the settings."""
        return self._provider

    def takes(self, target: Target) -> bool:
        """Every address."""
        del target
        return True

    async def send(self, message: Outgoing, target: Target) -> SendResult:
        """Send one mail. Reasons: `smtp_throttled`, `_unavailable`, `_unanswered`, `_no_mailbox`, `_refused_<code>`."""
        try:
            mail, message_id = self._mail(message, target)
        except (ValueError, IndexError, MessageError):
            # What the standard library raises of an address depends on what is wrong with it.
            return Refused("smtp_refused_bad_address")
        client = self._client()
        try:
            async with self._free:
                return await _hand_over(client, mail, message_id, self._server)
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return self._connect(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls",
            timeout=server.timeout_seconds,
        )

    def _mail(self, message: Outgoing, target: Target) -> tuple[EmailMessage, str]:
        """Write the mail; the standard library refuses a header with a line break in it, and so do we an address."""
        mail = EmailMessage(policy=SMTP_POLICY)
        # Of the notification, not of the attempt: a mail that comes twice is one in most readers.
        message_id = f"<{message.notification_id}@{self._from.domain}>"
        mail["From"] = self._from
        mail["To"] = Address(addr_spec=target.address)
        mail["Subject"] = message.content.title
        mail["Date"] = format_datetime(self._clock.now())
        mail["Message-ID"] = message_id
        # No holiday replies, please (RFC 3834).
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.content.body)
        mail.add_alternative(message.content.html, subtype="html")
        # After the content, which sets its own headers anew.
        mail["Content-Language"] = message.locale
        return mail, message_id


async def _hand_over(client: aiosmtplib.SMTP, mail: EmailMessage, message_id: str, server: SmtpServer) -> SendResult:
    try:
        await client.connect()
        if server.username:
            await client.login(server.username, server.password)
    except aiosmtplib.SMTPAuthenticationError:
        return Unavailable("smtp_credentials_refused")
    except (aiosmtplib.SMTPException, OSError):
        return Unavailable("smtp_unavailable")
    try:
        await client.send_message(mail)
    except aiosmtplib.SMTPRecipientsRefused as error:
        return _refused(error.recipients[0].code)
    except aiosmtplib.SMTPResponseException as error:
        return _refused(error.code)
    except (aiosmtplib.SMTPException, OSError):
        # The line broke in the middle: after the last dot, the server may have it.
        return Unknown("smtp_unanswered")
    return Accepted(message_id)


def _refused(code: int) -> SendResult:
    """Read an answer of the server (RFC 5321, section 4.2.3)."""
    if code == 421:
        return Unavailable("smtp_unavailable")
    if code in _MAILBOX_BUSY:
        return Throttled("smtp_throttled")
    if code in _NO_SUCH_MAILBOX:
        return Unregistered("smtp_no_mailbox")
    if code < 500:
        return Unavailable(f"smtp_unavailable_{code}")
    return Refused(f"smtp_refused_{code}")
