"""CPU time of processes that are measured: what costs is counted, whoever else uses the machine."""

from collections.abc import Iterable, Mapping

import psutil


def cpu_seconds(process: psutil.Process) -> float:
    """What a process has used so far, with children that ended and were waited for; 0 if it is gone."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def cpu_of_tree(pid: int) -> float:
    """What a process and all that it started, and that still runs, have used so far; 0 if it is gone."""
    try:
        process = psutil.Process(pid)
        return cpu_seconds(process) + sum(cpu_seconds(child) for child in process.children(recursive=True))
    except psutil.Error:
        return 0.0


def cpu_by_name(pids: Mapping[str, int]) -> dict[str, float]:
    """The same of several processes, by their names."""
    return {name: cpu_of_tree(pid) for name, pid in pids.items()}


def total(by_name: Mapping[str, float], names: Iterable[str]) -> float:
    """The sum over some of them."""
    return sum(by_name.get(name, 0.0) for name in names)
