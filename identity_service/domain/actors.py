"""Who does something to the service or to other people, as the audit log names them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActingStaff:
    """A person who runs the service, a command's issuer, or the policy of the service itself."""

    actor_id: str
    role: str


POLICY = ActingStaff("policy", "service")
"""What the service decides by its own settings."""
