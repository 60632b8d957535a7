"""Does by hand what a cluster's Job controller and kubelet would: ends Jobs, and notes what was there just then."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime
from types import TracebackType

import httpx

from tests.cluster.server import Cluster

_PERIOD_SECONDS = 0.1
DEPLOYMENTS = "/apis/apps/v1/namespaces/rides/deployments"
JOBS = "/apis/batch/v1/namespaces/rides/jobs"


def images_of(cluster: Cluster) -> dict[str, str]:
    """The image of each Deployment, by name."""
    return {
        item["metadata"]["name"]: item["spec"]["template"]["spec"]["containers"][0]["image"]
        for item in cluster.get(DEPLOYMENTS)["items"]
    }


class Hand:
    """Ends every Job that it sees; to be used as a context manager.

    `seen` tells, by name of Job, the images of the Deployments at the moment before it ended.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.seen: dict[str, dict[str, str]] = {}

    def __enter__(self) -> Hand:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stopping.wait(_PERIOD_SECONDS):
            # Jobs come and go while they are looked at.
            with contextlib.suppress(httpx.HTTPError):
                self._look()

    def _look(self) -> None:
        for job in self._cluster.get(JOBS)["items"]:
            if job.get("status", {}).get("conditions"):
                continue
            name = job["metadata"]["name"]
            self.seen[name] = images_of(self._cluster)
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            done = [
                {"type": kind, "status": "True", "lastTransitionTime": now, "lastProbeTime": now}
                for kind in ("SuccessCriteriaMet", "Complete")
            ]
            status = {"startTime": now, "completionTime": now, "succeeded": 1, "conditions": done}
            self._cluster.patch_status(f"{JOBS}/{name}", status)
