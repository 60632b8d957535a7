"""The mail server (RFC 5321), by aiosmtpd: takes everything, delivers nothing, shows it. `dead…@` has no mailbox."""

from __future__ import annotations

import asyncio
from email import message_from_bytes, policy
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from chassis.settings import Address
from jitney.sandbox import posts
from jitney.sandbox.fault_kinds import FaultKind
from jitney.sandbox.world import World

_MAX_BYTES = 256 * 1024
_OK = "250 OK"
_ANSWERS = {
    FaultKind.RATE_LIMITED: "451 4.7.1 Too much mail, try again later",
    FaultKind.UNAVAILABLE: "421 4.3.2 Service not available",
    FaultKind.ERROR_BEFORE_EFFECT: "554 5.3.0 Transaction failed",
    FaultKind.REFUSED: "554 5.7.1 Message refused",
    FaultKind.UNREGISTERED: "550 5.1.1 No such mailbox",
}


class MailServer:
    """Serves a port of its own."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def serve(self, address: Address, ready: asyncio.Event | None = None) -> None:
        """Take mail until cancelled."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._connection, address.host, address.port)
        if ready is not None:
            ready.set()
        async with server:
            await server.serve_forever()

    def _connection(self) -> SMTP:
        return SMTP(self, data_size_limit=_MAX_BYTES, enable_SMTPUTF8=True, hostname="sandbox", ident="Jitney sandbox")

    async def handle_RCPT(  # noqa: N802 (aiosmtpd names its hooks after the commands)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient."""
        del server, session
        if address.startswith("dead"):
            return _ANSWERS[FaultKind.UNREGISTERED]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return _OK

    async def handle_DATA(  # noqa: N802 (see above)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take a mail."""
        del server, session
        fault = await self._world.faults.draw("smtp", "messages.send")
        kind, seconds = (fault.kind, fault.seconds) if fault else (None, 0.0)
        if kind is not None and kind in _ANSWERS:
            return _ANSWERS[kind]
        if kind is FaultKind.TIMEOUT_BEFORE_EFFECT:
            await asyncio.sleep(seconds)
            return _ANSWERS[FaultKind.UNAVAILABLE]
        await self._keep(envelope)
        if kind is FaultKind.TIMEOUT_AFTER_EFFECT:
            await asyncio.sleep(seconds)
        return _OK

    async def _keep(self, envelope: Envelope) -> None:
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        mail: Any = message_from_bytes(raw, policy=policy.default)
        plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
        text = _lines(plain.get_content()) if plain is not None else ""
        headers = {name: str(value) for name, value in mail.items()}
        details = {"headers": headers, "html": _lines(html.get_content()) if html is not None else ""}
        now = self._world.clock.now().timestamp()
        for recipient in envelope.rcpt_tos:
            await self._world.store.run(
                lambda connection, recipient=recipient: posts.keep(
                    connection,
                    identifier=headers.get("Message-ID", ""),
                    provider="smtp",
                    recipient=recipient,
                    title=headers.get("Subject", ""),
                    text=text,
                    details=details,
                    now=now,
                )
            )


def _lines(content: str) -> str:
    """Return a text with line ends as they are written everywhere but on the wire."""
    return "\n".join(content.splitlines()).strip()
