"""What can go wrong with a request.

- ApiError: the interface refused it, and told why.
- Unreachable: there was no answer, or none but "try again", within the client's patience. Whether a change was made is
  not known; the same request with the same key tells.
"""

from __future__ import annotations

from typing import Any, cast

import httpx


class ApiError(Exception):
    """The interface refused a request: its HTTP status, the stable code and the whole problem document (RFC 9457)."""

    def __init__(self, status: int, problem: dict[str, Any], retry_after_seconds: float | None = None) -> None:
        self.status = status
        self.code = str(problem.get("code", ""))
        self.problem = problem
        self.retry_after_seconds = retry_after_seconds
        """How long to wait before another try, where the interface said so."""
        super().__init__(f"{status} {self.code}: {problem.get('detail', '')}")

    @property
    def is_retryable(self) -> bool:
        """Whether the same request with the same key may succeed later."""
        return bool(self.problem.get("retryable"))


class Unreachable(Exception):
    """The interface did not answer within all tries."""


def error_of(answer: httpx.Response) -> ApiError:
    """Read a refusal; what is no problem document (of a proxy in between) becomes one without a code."""
    try:
        body = answer.json()
    except ValueError:
        body = {"detail": answer.text[:200]}
    problem = cast("dict[str, Any]", body) if isinstance(body, dict) else {"detail": str(body)[:200]}
    wait = answer.headers.get("Retry-After", "")
    return ApiError(answer.status_code, problem, float(wait) if wait.isdecimal() else None)
