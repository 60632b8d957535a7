"""Readiness of the REST process: whether what it cannot work without answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from rider_api.rest.backends import Backends

# Without them nobody signs in and no ride moves. The others leave most routes working: they are told, not required.
NEEDED = ("identity", "matching", "redis")
_PROBE_SECONDS = 0.5
_REMEMBER_SECONDS = 1.0


class Readiness:
    """Asks the health of all back ends at once; an answer counts for a second, however many probes come."""

    def __init__(self, backends: Backends, redis_answers: Callable[[], bool]) -> None:
        self._backends = backends
        self._redis_answers = redis_answers
        self._lock = Lock()
        self._known: tuple[float, dict[str, bool]] = (0.0, {})

    def checks(self) -> dict[str, bool]:
        """Return which dependency answers."""
        with self._lock:
            asked_at, known = self._known
            if known and time.monotonic() - asked_at < _REMEMBER_SECONDS:
                return known
            found = {service: self._serves(service) for service in self._backends.services}
            found["redis"] = self._redis_answers()
            self._known = (time.monotonic(), found)
            return found

    def _serves(self, service: str) -> bool:
        stub: Any = self._backends.stub(service, health_pb2_grpc.HealthStub)
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(service=""), timeout=_PROBE_SECONDS)
        except grpc.RpcError:
            return False
        return answer.status == health_pb2.HealthCheckResponse.SERVING
