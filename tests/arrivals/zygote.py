"""The service as a process that is started and killed again and again (see tests/proof/zygote.py)."""

from __future__ import annotations

import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any


class Zygote:
    """Starts lives of one service."""

    def __init__(self, process: Process, log: Path) -> None:
        self._process = process
        self._log = log

    async def start(self, environment: Mapping[str, str]) -> int:
        """Begin a life; return its process id."""
        how = {"environment": dict(environment), "log": str(self._log), "stands_at": None, "ahead_seconds": 0}
        return int((await self._tell({"start": how}))["pid"])

    async def end(self, pid: int, number: signal.Signals, seconds: float = 20) -> int | None:
        """End a life by a signal; return its status, None where it goes on."""
        await self._tell({"kill": pid, "signal": int(number)})
        status: int | None = (await self._tell({"wait": pid, "seconds": seconds}))["status"]
        return status

    async def _tell(self, command: dict[str, Any]) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the zygote has no pipes")
        stdin.write(json.dumps(command).encode() + b"\n")
        await stdin.drain()
        line = await stdout.readline()
        if not line:
            raise RuntimeError("the zygote ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def zygote(service: str, log: Path) -> AsyncGenerator[Zygote]:
    """Have a service ready to be started; whatever still lives at the end is killed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JITNEY_")}
    process = await create_subprocess_exec(
        sys.executable, "-m", "tests.proof.zygote", service, stdin=PIPE, stdout=PIPE, env=environment
    )
    try:
        yield Zygote(process, log)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
