"""What a mail server's refusals say: of a mailbox, of the mail, or of us. Only the first is held against an address."""

from __future__ import annotations

import pytest

from notification_service.domain.channels import Channel
from notification_service.domain.sending import Content, Refused, SendResult, Throttled, Unavailable, Unregistered
from tests.contracts.notification.worlds import an_outgoing, mailbox
from tests.fakes.notification_mail_server import refusing_mail_server

NO_MAILBOX = Unregistered("smtp_no_mailbox")


@pytest.mark.parametrize(
    ("step", "answer", "said"),
    [
        ("recipient", "550 5.1.1 No such user here", NO_MAILBOX),
        ("recipient", "550 5.2.1 Mailbox disabled", NO_MAILBOX),
        ("recipient", "550 No such user here", NO_MAILBOX),
        ("mail", "550 5.1.1 No such user here", NO_MAILBOX),
        ("recipient", "550 5.7.1 Unable to relay", Refused("smtp_refused_550")),
        ("recipient", "552 5.2.2 Mailbox full", Refused("smtp_refused_552")),
        ("mail", "550 5.7.1 Looks like spam", Refused("smtp_refused_550")),
        ("mail", "550 Daily limit of messages exceeded", Refused("smtp_refused_550")),
        ("sender", "550 5.1.8 Bad outbound sender", Unavailable("smtp_sender_refused")),
        ("sender", "550 Sender not verified", Unavailable("smtp_sender_refused")),
        ("sender", "451 4.7.1 Later", Throttled("smtp_throttled")),
        ("recipient", "450 4.2.1 Mailbox busy", Throttled("smtp_throttled", of_target=True)),
        ("recipient", "451 4.7.1 Greylisted", Throttled("smtp_throttled", of_target=True)),
        ("recipient", "452 Too many mails there", Throttled("smtp_throttled", of_target=True)),
        ("recipient", "452 4.3.1 Insufficient system storage", Throttled("smtp_throttled")),
        ("recipient", "421 4.7.0 Too many connections", Unavailable("smtp_unavailable")),
        ("mail", "452 4.3.1 Insufficient system storage", Throttled("smtp_throttled")),
    ],
)
async def test_only_what_is_said_of_a_mailbox_is_held_against_it(step: str, answer: str, said: SendResult) -> None:
    async with refusing_mail_server(step, answer) as sender:
        message = an_outgoing(Channel.EMAIL, Content("Hello", "Words.", "<p>Words.</p>"))
        assert await sender.send(message, mailbox()) == said
