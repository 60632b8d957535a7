"""`jitney status`: what the processes of a stack are doing right now."""

import asyncio
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from jitney.stack.checks import answers, prepare_to_ask
from jitney.stack.state import ProcessRecord, StackRecord

if TYPE_CHECKING:
    import psutil
    from rich.table import Table

_ROUND_MEMORY = 1024 * 1024


@dataclass(frozen=True)
class ProcessStatus:
    """One process with the workers it started.

    `health` is healthy, unhealthy, stopped, or running where there is nothing to ask. `rss_bytes` counts shared pages
    once a process, `pss_bytes` shares them out and so adds up; it is 0 where the system does not tell.
    """

    name: str
    pid: int
    port: int | None
    health: str
    up_seconds: int
    restarts: int
    pss_bytes: int
    rss_bytes: int
    ready_after_seconds: float | None = None


@dataclass(frozen=True)
class StackStatus:
    """All of them."""

    state: str
    processes: tuple[ProcessStatus, ...]

    @property
    def healthy(self) -> bool:
        """True if nothing is amiss."""
        return self.state == "healthy" and all(item.health in ("healthy", "running") for item in self.processes)

    def as_json(self) -> dict[str, object]:
        """As `jitney status --json` prints it."""
        return {
            "state": self.state,
            "healthy": self.healthy,
            "processes": [asdict(item) for item in self.processes],
            "total": {
                "pss_bytes": sum(item.pss_bytes for item in self.processes),
                "rss_bytes": sum(item.rss_bytes for item in self.processes),
            },
        }


async def read_status(record: StackRecord) -> StackStatus:
    """Asks every process of a living stack."""
    prepare_to_ask(process.ready for process in record.processes if process.ready)
    healths = await asyncio.gather(*(_health_of(process) for process in record.processes))
    # Only then: looking at memory would hold up the loop, and with it answers that are waited for.
    rows = map(_status_of, record.processes, healths)
    return StackStatus(record.state, (_supervisor(record), *rows))


def table_of(status: StackStatus) -> "Table":
    """For people's eyes."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("process", "health"):
        table.add_column(name)
    for name in ("pid", "port", "up", "restarts", "PSS MiB", "RSS MiB"):
        table.add_column(name, justify="right")
    colors = {"healthy": "green", "running": "green", "stopped": "red", "unhealthy": "yellow"}
    for item in status.processes:
        table.add_row(
            item.name,
            f"[{colors[item.health]}]{item.health}[/]",
            str(item.pid),
            "" if item.port is None else str(item.port),
            _duration(item.up_seconds),
            str(item.restarts or ""),
            _mebibytes(item.pss_bytes),
            _mebibytes(item.rss_bytes),
        )
    total_pss, total_rss = (
        sum(item.pss_bytes for item in status.processes),
        sum(item.rss_bytes for item in status.processes),
    )
    table.add_section()
    table.add_row("total", "", "", "", "", "", _mebibytes(total_pss), _mebibytes(total_rss), style="bold")
    return table


async def _health_of(record: ProcessRecord) -> str:
    if not record.lives:
        return "stopped"
    if record.ready is None:
        return "running"
    return "healthy" if await answers(record.ready) else "unhealthy"


def _status_of(record: ProcessRecord, health: str) -> ProcessStatus:
    import psutil

    if health == "stopped":
        return ProcessStatus(record.name, record.pid, record.port, health, 0, record.restarts, 0, 0)
    try:
        process = psutil.Process(record.pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        family = []
    pss, rss = _memory(family)
    up_seconds = int(time.time() - record.created)
    return ProcessStatus(
        record.name,
        record.pid,
        record.port,
        health,
        up_seconds,
        record.restarts,
        pss,
        rss,
        record.ready_after_seconds,
    )


def _supervisor(record: StackRecord) -> ProcessStatus:
    """The supervisor itself, with its keeper."""
    import psutil

    known = {process.pid for process in record.processes}
    try:
        own = psutil.Process(record.supervisor_pid)
        family = [own, *(child for child in own.children() if child.pid not in known)]
    except psutil.Error:
        family = []
    pss, rss = _memory(family)
    up_seconds = int(time.time() - record.supervisor_created)
    return ProcessStatus("supervisor", record.supervisor_pid, None, "running", up_seconds, 0, pss, rss)


def _memory(family: "list[psutil.Process]") -> tuple[int, int]:
    import psutil

    pss_bytes = rss_bytes = 0
    for process in family:
        try:
            rss_bytes += process.memory_info().rss
            pss_bytes += getattr(process.memory_full_info(), "pss", 0)
        except psutil.Error:
            continue
    return pss_bytes, rss_bytes


def _mebibytes(count: int) -> str:
    return f"{count / _ROUND_MEMORY:.0f}" if count else ""


def _duration(seconds: int) -> str:
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
