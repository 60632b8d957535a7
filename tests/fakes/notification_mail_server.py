"""A mail server that refuses at one step of each mail, over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from notification_service.adapters.email import EmailSender, SmtpServer
from shared_kernel.clock import SystemClock

_OK = "250 OK"


class _Refusing:
    """Hooks of aiosmtpd, named after the commands."""

    def __init__(self, step: str, answer: str, recipient: str) -> None:
        self._answers = {step: answer}
        self._recipient = recipient

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        envelope.mail_from = address
        return self._answers.get("sender", _OK)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        envelope.rcpt_tos.append(address)
        is_meant = self._recipient in ("", address)
        return self._answers.get("recipient", _OK) if is_meant else _OK

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        del server, session, envelope
        return self._answers.get("mail", _OK)


@asynccontextmanager
async def refusing_mail_server(step: str, answer: str, recipient: str = "") -> AsyncGenerator[EmailSender]:
    """Serve one that says `answer` to the `sender`, the `recipient` or the `mail` itself; return who sends to it.

    Of recipients only the named one is meant, or all where none is.
    """
    loop = asyncio.get_running_loop()

    def connection() -> Any:
        return SMTP(_Refusing(step, answer, recipient), hostname="refusing")

    server = await loop.create_server(connection, "127.0.0.1", 0)
    port = int(server.sockets[0].getsockname()[1])
    # A real server, on a machine that may have much else to do.
    where = SmtpServer("127.0.0.1", port, tls="none", timeout_seconds=60)
    try:
        yield EmailSender(where, "rides@jitney.example", "Rides", SystemClock())
    finally:
        server.close()
