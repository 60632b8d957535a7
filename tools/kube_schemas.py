"""Write the schemas that the chart is judged by: `python -m tools.kube_schemas v1.32.13 v1.34.4 v1.37.2`.

They are Kubernetes' own OpenAPI documents, as its Go module carries them (`go mod download k8s.io/kubernetes@VERSION`),
cut down to the kinds that the chart makes and made strict: a field that the schema does not know is a mistake.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "chart" / "schemas"
KINDS = {
    "apps/v1/Deployment": "io.k8s.api.apps.v1.Deployment",
    "apps/v1/StatefulSet": "io.k8s.api.apps.v1.StatefulSet",
    "autoscaling/v2/HorizontalPodAutoscaler": "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
    "batch/v1/Job": "io.k8s.api.batch.v1.Job",
    "networking.k8s.io/v1/Ingress": "io.k8s.api.networking.v1.Ingress",
    "networking.k8s.io/v1/NetworkPolicy": "io.k8s.api.networking.v1.NetworkPolicy",
    "policy/v1/PodDisruptionBudget": "io.k8s.api.policy.v1.PodDisruptionBudget",
    "v1/ConfigMap": "io.k8s.api.core.v1.ConfigMap",
    "v1/Pod": "io.k8s.api.core.v1.Pod",
    "v1/Service": "io.k8s.api.core.v1.Service",
}
_LOOSE = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["integer", "string"]},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["integer", "number", "string"]},
}
_KEPT = ("type", "items", "properties", "required", "additionalProperties", "enum", "$ref", "minimum", "maximum")


def strict(document: dict[str, Any]) -> dict[str, Any]:
    """Return one schema with all kinds among its definitions."""
    found: dict[str, Any] = {}
    waiting = list(KINDS.values())
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = _LOOSE.get(name) or _reduced(document["definitions"][name])
        waiting += re.findall(r'"#/\$defs/([^"]+)"', json.dumps(found[name]))
    return {"kinds": KINDS, "$defs": dict(sorted(found.items()))}


def main(versions: list[str]) -> int:
    """Fetch the modules, write a file a version."""
    for version in versions:
        line = ["go", "mod", "download", "-json", f"k8s.io/kubernetes@{version}"]
        told = json.loads(subprocess.run(line, capture_output=True, text=True, check=True, cwd="/").stdout)
        with zipfile.ZipFile(told["Zip"]) as module:
            text = module.read(f"k8s.io/kubernetes@{version}/api/openapi-spec/swagger.json")
        path = FOLDER / f"{version.rsplit('.', 1)[0]}.json"
        path.write_text(json.dumps(strict(json.loads(text)), separators=(",", ":")) + "\n", encoding="utf-8")
    return 0


def _reduced(schema: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in schema.items() if key in _KEPT}
    if "$ref" in kept:
        return {"$ref": kept["$ref"].replace("#/definitions/", "#/$defs/")}
    if "properties" in kept:
        kept["properties"] = {name: _reduced(value) for name, value in kept["properties"].items()}
        kept["additionalProperties"] = False
    for key in ("items", "additionalProperties"):
        if isinstance(kept.get(key), dict):
            kept[key] = _reduced(kept[key])
    return kept


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
