"""Renders the chart and reads what came out."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "jitney"
DEV = ("-f", str(CHART / "values-dev.yaml"))
ALL = (
    "--set", "ingress.enabled=true", "--set", "ingress.hosts.rest=api.example.org",
    "--set", "ingress.hosts.stream=live.example.org", "--set", "ingress.tlsSecret=tls",
    "--set", "matching.autoscaling.enabled=true", "--set", "monitoring.serviceMonitor.enabled=true",
    "--set", "monitoring.prometheusRule.enabled=true", "--set", "monitoring.dashboards.enabled=true",
    "--set", "telemetry.otlpEndpoint=http://collector.monitoring:4318",
)  # fmt: skip
"""Production with all that may be turned on."""
Document = dict[str, Any]


def helm() -> str | None:
    """Where helm is: the pinned one, or one of the system's."""
    own = ROOT / ".tools" / "bin" / "helm"
    return str(own) if own.exists() else os.environ.get("HELM") or shutil.which("helm")


def run_helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it."""
    return subprocess.run([helm() or "helm", *arguments], capture_output=True, text=True, timeout=120, check=False)


@dataclass(frozen=True)
class Rendered:
    """What one set of values makes of the chart."""

    text: str
    documents: list[Document]

    def of(self, kind: str) -> dict[str, Document]:
        """The objects of a kind, by name."""
        return {item["metadata"]["name"]: item for item in self.documents if item["kind"] == kind}

    def pods(self) -> dict[str, Document]:
        """Every pod's specification, by the kind and name of what makes it."""
        found: dict[str, Document] = {}
        for item in self.documents:
            name = f"{item['kind']}/{item['metadata']['name']}"
            if item["kind"] == "Pod":
                found[name] = item["spec"]
            elif item["kind"] in {"Deployment", "StatefulSet", "Job"}:
                found[name] = item["spec"]["template"]["spec"]
        return found


def render(*arguments: str, version: str = "1.34.0") -> Rendered:
    """Render; what helm says against it is an AssertionError."""
    done = run_helm("template", "jitney", str(CHART), "--namespace", "rides", "--kube-version", version, *arguments)
    assert done.returncode == 0, done.stderr
    return Rendered(done.stdout, [item for item in yaml.safe_load_all(done.stdout) if item])


def hook_of(document: Document) -> str:
    """The hook that an object belongs to; empty for the release's own."""
    return document["metadata"].get("annotations", {}).get("helm.sh/hook", "")
