"""The OpenAPI document of the code as it stands, without any process or setting."""

from __future__ import annotations

import json
from typing import Any, cast

from rider_api.rest import openapi
from rider_api.rest.app import ROUTES


def openapi_document() -> dict[str, Any]:
    """Return what `/openapi.json` answers."""
    return cast("dict[str, Any]", json.loads(openapi.openapi_document(ROUTES)))
