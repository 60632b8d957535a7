"""Install, upgrade and roll back the chart against a real API server: `python -m tests.cluster`.

Jobs are ended by a hand that stands for the controllers, so what is shown is this: the API server takes every object,
pods pass the `restricted` Pod Security Standard, migrations come before anything else changes, and an upgrade changes
nothing that must not change. No container runs here; that is `python -m tests.images`.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from jitney.deploy.secrets import SecretsFolder, Surroundings, for_kubernetes
from tests.chart.render import ALL, CHART, DEV, render
from tests.cluster.hand import DEPLOYMENTS, JOBS, Hand, images_of
from tests.cluster.server import Cluster, running_cluster

_SERVICES = ("identity", "matching", "notification", "payment")
_NAMESPACES = "/api/v1/namespaces"
# Kinds of the Prometheus operator, whose definitions a cluster has only with it.
_PLAIN = tuple(part for value in ALL[1::2] if not value.startswith("monitoring.") for part in ("--set", value))


def main() -> int:
    """Run all; an assertion that fails ends it."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="jitney-cluster-") as place, running_cluster(Path(place)) as cluster:
        _say(f"{cluster.get('/version')['gitVersion']} is ready after {time.monotonic() - began:.1f} s")
        _make_namespace(cluster, Path(place))
        _judge_pods(cluster)
        _production(cluster)
        _dev(cluster)
    _say(f"{time.monotonic() - began:.1f} s in all")
    return 0


def _make_namespace(cluster: Cluster, place: Path) -> None:
    labels = {
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "latest",
    }
    made = cluster.post(_NAMESPACES, {"metadata": {"name": "rides", "labels": labels}})
    made.raise_for_status()
    around = Surroundings("jitney-postgres:5432", "jitney-redis:6379", "jitney-sandbox")
    manifest = json.loads(for_kubernetes(SecretsFolder(place / "secrets"), around, "jitney", "rides"))
    for secret in manifest["items"]:
        cluster.post(f"{_NAMESPACES}/rides/secrets", secret).raise_for_status()
    _say(f"{len(manifest['items'])} Secrets of `jitney secrets` are taken")


def _judge_pods(cluster: Cluster) -> None:
    """Ask for every pod that the workloads would make, as a rehearsal, and for one that must be refused."""
    count = 0
    for values in ((), DEV):
        for name, spec in render(*values).pods().items():
            pod = {"metadata": {"name": name.split("/")[1]}, "spec": _whole(spec)}
            answer = cluster.post(f"{_NAMESPACES}/rides/pods", pod, dryRun="All")
            assert answer.status_code == 201, (name, answer.text)
            count += 1
    bad: dict[str, Any] = {"metadata": {"name": "bad"}, "spec": {"containers": [{"name": "bad", "image": "bad"}]}}
    refused = cluster.post(f"{_NAMESPACES}/rides/pods", bad, dryRun="All")
    assert refused.status_code == 403
    assert "PodSecurity" in refused.text
    _say(f"{count} pods pass the restricted standard, one without it is refused")


def _production(cluster: Cluster) -> None:
    migrations = {f"jitney-migrate-{name}" for name in _SERVICES}
    with Hand(cluster) as hand:
        _helm(cluster, "install", "jitney", str(CHART), *_PLAIN)
        assert set(hand.seen) == migrations
        assert all(not images for images in hand.seen.values()), "a Deployment was there before a migration ended"
        first = images_of(cluster)
        assert len(first) == 6
        _say(f"installed: {len(migrations)} migrations ended before any of {len(first)} Deployments was there")

        hand.seen.clear()
        _helm(cluster, "upgrade", "jitney", str(CHART), *_PLAIN, "--set", "image.tag=0.2.0")
        assert set(hand.seen) == migrations
        assert all(images == first for images in hand.seen.values()), "a Deployment changed before a migration ended"
        assert all(image.endswith(":0.2.0") for image in images_of(cluster).values())
        _say("upgraded: migrations ended before any Deployment changed")

        hand.seen.clear()
        _helm(cluster, "rollback", "jitney", "1")
        assert images_of(cluster) == first
        assert not hand.seen
        _say("rolled back: the Deployments are those of before, and no schema was touched")
    _helm(cluster, "uninstall", "jitney")
    assert not cluster.get(DEPLOYMENTS)["items"]


def _dev(cluster: Cluster) -> None:
    with Hand(cluster):
        _helm(cluster, "install", "jitney", str(CHART), *DEV)
        _helm(cluster, "upgrade", "jitney", str(CHART), *DEV, "--set", "image.tag=0.2.0")
        jobs = {job["metadata"]["name"] for job in cluster.get(JOBS)["items"]}
        assert jobs == {"jitney-databases-2"}
        _helm(cluster, "rollback", "jitney", "1")
        sets = {
            item["metadata"]["name"] for item in cluster.get("/apis/apps/v1/namespaces/rides/statefulsets")["items"]
        }
        assert sets == {"jitney-postgres", "jitney-redis"}
    _helm(cluster, "uninstall", "jitney")
    _say("the same with everything bundled: a Job a revision, none of them a hook")


def _whole(spec: dict[str, Any]) -> dict[str, Any]:
    """A pod as its StatefulSet would make it: the volumes of its claims are added."""
    mounted = {mount["name"] for container in spec["containers"] for mount in container.get("volumeMounts", [])}
    volumes = spec.get("volumes", [])
    missing = mounted - {volume["name"] for volume in volumes}
    claims = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in sorted(missing)]
    return {**spec, "volumes": [*volumes, *claims]}


def _helm(cluster: Cluster, *arguments: str) -> None:
    done = cluster.helm(*arguments)
    assert done.returncode == 0, f"helm {arguments[0]}: {done.stderr}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
