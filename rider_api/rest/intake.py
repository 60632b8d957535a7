"""The intake: requests are taken in whole on an event loop, then handed to threads that work on them.

Only whole requests reach a thread, so clients that send slowly hold none (bodies.py). Who of them is worked on, who
waits and who is refused is the gate's to say (shedding.py), in the thread; a thread begins when none is idle.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Protocol
from uuid import UUID

from rider_api.headers import REQUEST_ID, request_id_of, security_headers
from rider_api.metrics import HTTP_HANDLED, INTAKE_REFUSED
from rider_api.problems import INTERNAL, Problem, ProblemError
from rider_api.rest.bodies import Bodies, ClientGoneError, Incoming
from rider_api.rest.wsgi import Application, Headers, Scope, answer, environ_of
from shared_kernel.ids import Uuid7Source

_LEAVE_SECONDS = 10.0
_LENGTH = re.compile(r"[0-9]{1,15}")

_log = logging.getLogger(__name__)


class Exchange(Incoming, Protocol):
    """A request's body and the way to its answer, as granian's RSGI has it; answers may come from any thread."""

    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None: ...


_Job = tuple[Scope, Exchange, bytes, "asyncio.Future[None]"]


class Intake:
    """An RSGI application around a WSGI one."""

    def __init__(
        self,
        application: Application,
        *,
        threads: int,
        body_seconds: float,
        environment: str,
        new_id: Callable[[], UUID] | None = None,
    ) -> None:
        """Make it.

        Args:
            application: what answers.
            threads: that requests are handed to, at most.
            body_seconds: within which a body must be whole.
            environment: of the deployment, for the security headers.
            new_id: of requests that are refused here.
        """
        self._application = application
        self._threads = threads
        self._bodies = Bodies(body_seconds)
        self._headers = [*security_headers(environment).items(), ("Cache-Control", "no-store")]
        self._new_id = new_id or Uuid7Source()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._done: list[asyncio.Future[None]] = []
        self._idle = 0
        self._workers: list[threading.Thread] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        del loop
        for _ in self._workers:
            self._jobs.put(None)
        for worker in self._workers:
            worker.join(_LEAVE_SECONDS)

    async def __rsgi__(self, scope: Scope, exchange: Exchange) -> None:
        try:
            body = await self._bodies.take(_declared(scope), exchange)
        except ClientGoneError:
            INTAKE_REFUSED.labels("client_gone").inc()
            return
        except ProblemError as error:
            self._refuse(scope, exchange, error.problem)
            return
        done = asyncio.get_running_loop().create_future()
        self._hand_over((scope, exchange, body, done))
        # The server takes a request for failed that ends without an answer.
        await done

    def _refuse(self, scope: Scope, exchange: Exchange, problem: Problem) -> None:
        request_id = request_id_of(scope.headers.get(REQUEST_ID.lower()), self._new_id)
        headers = [*problem.all_headers().items(), *self._headers, (REQUEST_ID, request_id)]
        exchange.response_bytes(problem.status, headers, problem.body(instance=scope.path, request_id=request_id))
        INTAKE_REFUSED.labels(problem.code).inc()
        HTTP_HANDLED.labels("other", "none", problem.status).inc()

    def _hand_over(self, job: _Job) -> None:
        with self._lock:
            begins = not self._idle and len(self._workers) < self._threads
            self._idle -= bool(self._idle)
        self._jobs.put(job)
        if begins:
            worker = threading.Thread(target=self._work, name=f"request {len(self._workers)}", daemon=True)
            self._workers.append(worker)
            worker.start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            scope, exchange, body, done = job
            try:
                exchange.response_bytes(*answer(self._application, environ_of(scope, body)))
            except BaseException:  # the server panics at a header that is none, which is no Exception
                _log.exception("a request crashed outside the application")
                problem = INTERNAL.body(instance=scope.path, request_id=str(self._new_id()))
                with contextlib.suppress(BaseException):
                    exchange.response_bytes(500, list(INTERNAL.all_headers().items()), problem)
            self._tell_done(done)

    def _tell_done(self, done: asyncio.Future[None]) -> None:
        with self._lock:
            self._done.append(done)
            self._idle += 1
            is_first = len(self._done) == 1
        if is_first and self._loop is not None:
            # The loop is woken once for all that were done since it looked; at the process' end it may be gone.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        with self._lock:
            settled, self._done = self._done, []
        for done in settled:
            if not done.done():
                done.set_result(None)


def _declared(scope: Scope) -> int | None:
    """Return the length of the body that was declared; the server has refused what contradicts itself."""
    if scope.headers.get("transfer-encoding") is not None:
        return None
    given = scope.headers.get("content-length")
    if given is None:
        return 0
    return int(given) if _LENGTH.fullmatch(given) else None
