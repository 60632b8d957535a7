"""What schemathesis is told of our API: which token an operation takes. Loaded by it, in its own process."""

from __future__ import annotations

import json
import os
from typing import Any

import schemathesis

TOKENS_VARIABLE = "JITNEY_FUZZ_TOKENS"


@schemathesis.auth()
class Tokens:
    """Hands each operation the token of a role that may call it."""

    def get(self, case: Any, context: Any) -> dict[str, str]:
        return json.loads(os.environ[TOKENS_VARIABLE])

    def set(self, case: Any, data: dict[str, str], context: Any) -> None:
        roles = case.operation.definition.raw.get("x-roles", ())
        token = next((data[role] for role in roles if role in data), None)
        if token is not None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}
