"""What becomes of a refresh token that is shown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from identity_service.domain.sign_ins import EndReason, RefreshToken, SignIn, SignInRole, Verdict, judge

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SIGN_IN = SignIn(UUID(int=1), UUID(int=2), "device", SignInRole.RIDER, NOW, last_sequence=5)
TOKEN = RefreshToken(b"digest", UUID(int=1), 5, NOW + timedelta(days=30))
SPENT = replace(TOKEN, sequence=4, spent_at=NOW, sealed_successor=b"sealed")


@pytest.mark.parametrize(
    ("sign_in", "token", "after_seconds", "verdict"),
    [
        pytest.param(SIGN_IN, TOKEN, 0, Verdict.ROTATE, id="unspent"),
        pytest.param(SIGN_IN, TOKEN, 30 * 86_400 - 1, Verdict.ROTATE, id="at the last moment"),
        pytest.param(SIGN_IN, TOKEN, 30 * 86_400, Verdict.INVALID, id="expired"),
        pytest.param(SIGN_IN, SPENT, 0, Verdict.REPEAT, id="previous, at once"),
        pytest.param(SIGN_IN, SPENT, 29, Verdict.REPEAT, id="previous, within the grace"),
        pytest.param(SIGN_IN, SPENT, 30, Verdict.REUSED, id="previous, after the grace"),
        pytest.param(SIGN_IN, replace(SPENT, sequence=3), 1, Verdict.REUSED, id="before the previous"),
        pytest.param(SIGN_IN, replace(SPENT, sealed_successor=None), 1, Verdict.REUSED, id="successor forgotten"),
        pytest.param(
            replace(SIGN_IN, ended_at=NOW, end_reason=EndReason.SIGNED_OUT), TOKEN, 0, Verdict.INVALID, id="signed out"
        ),
        pytest.param(
            replace(SIGN_IN, ended_at=NOW, end_reason=EndReason.TOKEN_REUSED), SPENT, 0, Verdict.INVALID, id="ended"
        ),
    ],
)
def test_a_token_is_judged(sign_in: SignIn, token: RefreshToken, after_seconds: int, verdict: Verdict) -> None:
    assert judge(sign_in, token, NOW + timedelta(seconds=after_seconds)) is verdict
