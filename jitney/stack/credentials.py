"""The passwords and keys that a stack makes for itself, once, and keeps in a file that its owner alone can read."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jitney.stack.databases import OWNED_APART, SERVICES
from jitney.stack.keys import write_private
from jitney.stack.problems import StackError, plain_file_errors

_NAMES = (
    "postgres_password",
    "redis_password",
    *(f"{service}_database_password" for service in SERVICES),
    *(f"{service}_owner_database_password" for service in OWNED_APART),
    "identity_otp_pepper",
    "identity_phone_key",
    "psp_webhook_secret",
    "notification_webhook_key",
)


@dataclass(frozen=True)
class Credentials:
    """Generated values by name; all of them hexadecimal text of 32 bytes."""

    values: Mapping[str, str] = field(repr=False)

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    @classmethod
    def load_or_make(cls, path: Path) -> "Credentials":
        """Reads the file; makes what is missing in it."""
        known: dict[str, str] = {}
        with plain_file_errors(path, purpose="The file of generated passwords"):
            if path.exists():
                try:
                    known = dict(json.loads(path.read_text()))
                except ValueError:
                    raise StackError(f"The file of generated passwords is damaged: {path}. Put it back.") from None
            missing = [name for name in _NAMES if name not in known]
            if missing:
                known |= {name: secrets.token_hex(32) for name in missing}
                write_private(path, json.dumps(known, indent=2).encode() + b"\n")
        return cls(known)
