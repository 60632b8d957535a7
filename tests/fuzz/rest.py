"""Fuzzing of REST: schemathesis with all of its checks on the served OpenAPI document."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.hooks import TOKENS_VARIABLE

ROOT = Path(__file__).resolve().parents[2]
_SETTINGS = Path(__file__).with_name("schemathesis.toml")


@dataclass(frozen=True, slots=True)
class RestReport:
    """What came of a run."""

    operations: int
    requests: int
    statuses: Counter[int]
    failures: Counter[str]
    """Failed checks by name."""
    output: str

    @property
    def server_errors(self) -> int:
        """Answers that say that something broke; 501, 503 and 504 are said of back ends and tell what to do."""
        return sum(count for status, count in self.statuses.items() if status >= 500)

    @property
    def schema_violations(self) -> int:
        """Answers that the document does not tell of."""
        names = ("status_code", "content_type", "response_headers", "response_schema", "Undocumented", "schema")
        return sum(count for name, count in self.failures.items() if any(part in name for part in names))


def fuzz_rest(
    rest_url: str, tokens: Mapping[str, str], folder: Path, *, examples: int, phases: str, seed: int, workers: int = 1
) -> RestReport:
    """Run schemathesis against a running edge.

    Args:
        rest_url: where the edge listens.
        tokens: an access token for each role.
        folder: for the events of the run.
        examples: how many requests an operation gets at most in each phase.
        phases: which phases of schemathesis, with commas.
        seed: of what is random.
        workers: that send requests.
    """
    events = folder / "schemathesis.ndjson"
    command = [
        *(
            str(Path(sys.executable).with_name("schemathesis")),
            "--config-file",
            str(Path(__file__).with_name("schemathesis.toml")),
        ),
        *("run", f"{rest_url}/openapi.json", "--checks", "all", "--phases", phases, "--max-examples", str(examples)),
        *("--seed", str(seed), "--workers", str(workers), "--continue-on-failure", "--no-color"),
        *("--report-ndjson-path", str(events), "--suppress-health-check", "all", "--warnings", "off"),
    ]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
        TOKENS_VARIABLE: json.dumps(dict(tokens)),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=folder)
    return _report(events, done.stdout + done.stderr)


def _report(events: Path, output: str) -> RestReport:
    operations: set[str] = set()
    statuses: Counter[int] = Counter()
    failures: Counter[str] = Counter()
    for line in events.read_text().splitlines():
        event = json.loads(line)
        for name, body in event.items():
            if name != "ScenarioFinished":
                continue
            recorder = body["recorder"]
            operations.add(recorder["label"])
            # What is empty is left out.
            for interaction in recorder.get("interactions", {}).values():
                if "response" in interaction:
                    statuses[interaction["response"]["status_code"]] += 1
            for checks in recorder.get("checks", {}).values():
                failures.update(check["name"] for check in checks if check["status"] == "failure")
    return RestReport(len(operations), sum(statuses.values()), statuses, failures, output)
