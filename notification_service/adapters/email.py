"""Mail by SMTP (RFC 5321), in plain text and HTML."""

from __future__ import annotations

import asyncio
import re
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

_MAYBE_NO_MAILBOX = frozenset({550, 551, 553})
"""Of a recipient; policy is told by the same codes."""
_ENHANCED = re.compile(r"5\.([0-9]{1,3}\.[0-9]{1,3})\b")
_NO_SUCH_MAILBOX = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10", "2.1"})
"""No such address, host or form, moved, takes no mail, disabled (RFC 3463, RFC 7505). What else is refused for good is
said of us, of our mail or of what a server likes, and says nothing of a person's mailbox."""
_MAILBOX_BUSY = frozenset({450, 451, 452})
_OF_THE_SERVER = re.compile(r"4\.[34]\.")
"""Its system or its network; what else a recipient is put off for, a full mailbox or a greylist, is that one's."""


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
        """Send one mail.

        Reasons: `smtp_throttled`, `_unavailable`, `_sender_refused`, `_unanswered`, `_no_mailbox`, `_refused_<code>`.
        """
        try:
            mail, message_id = self._mail(message, target)
        except (ValueError, IndexError, MessageError):
            # What the standard library raises of an address depends on what is wrong with it.
            return Refused("smtp_refused_bad_address")
        client = self._client()
        try:
            async with self._free:
                return await _sign_in(client, self._server) or await _hand_over(client, mail, message_id)
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


async def _sign_in(client: aiosmtplib.SMTP, server: SmtpServer) -> SendResult | None:
    try:
        await client.connect()
        if server.username:
            await client.login(server.username, server.password)
    except aiosmtplib.SMTPAuthenticationError:
        return Unavailable("smtp_credentials_refused")
    except (aiosmtplib.SMTPException, OSError):
        return Unavailable("smtp_unavailable")
    return None


async def _hand_over(client: aiosmtplib.SMTP, mail: EmailMessage, message_id: str) -> SendResult:
    try:
        await client.send_message(mail)
    except aiosmtplib.SMTPSenderRefused as error:
        # Our address, or we ourselves: the setting's fault or the server's, and another provider may take the mail.
        return Unavailable("smtp_sender_refused") if error.code >= 500 else _not_now(error.code)
    except aiosmtplib.SMTPRecipientsRefused as error:
        first = error.recipients[0]
        return _refused(first.code, first.message, of_recipient=True)
    except aiosmtplib.SMTPResponseException as error:
        return _refused(error.code, error.message, of_recipient=False)
    except (aiosmtplib.SMTPException, OSError):
        # The line broke in the middle: after the last dot, the server may have it.
        return Unknown("smtp_unanswered")
    return Accepted(message_id)


def _refused(code: int, words: str, *, of_recipient: bool) -> SendResult:
    """Read an answer of the server (RFC 5321, section 4.2.3) and its enhanced status code (RFC 3463), if it has one."""
    if code < 500:
        return _not_now(code, of_target=of_recipient and not _OF_THE_SERVER.match(words))
    enhanced = _ENHANCED.match(words)
    dead = enhanced[1] in _NO_SUCH_MAILBOX if enhanced else of_recipient and code in _MAYBE_NO_MAILBOX
    return Unregistered("smtp_no_mailbox") if dead else Refused(f"smtp_refused_{code}")


def _not_now(code: int, *, of_target: bool = False) -> SendResult:
    if code == 421:
        return Unavailable("smtp_unavailable")
    if code in _MAILBOX_BUSY:
        return Throttled("smtp_throttled", of_target=of_target)
    return Unavailable(f"smtp_unavailable_{code}")
