"""The OpenAPI document of the code as it stands, without any process or setting."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

from rider_api.rest.app import make_app
from rider_api.rest.calls import Edge


def openapi_document() -> dict[str, Any]:
    """Return what `/openapi.json` answers; its view alone is called, which needs nothing of the edge."""
    edge = SimpleNamespace(settings=SimpleNamespace(environment="local"))
    app = make_app(cast("Edge", edge))
    endpoint, _ = app.url_map.bind("localhost").match("/openapi.json")
    with app.test_request_context():
        answer = cast("Any", app.view_functions[endpoint]())
    return cast("dict[str, Any]", json.loads(answer.get_data()))
