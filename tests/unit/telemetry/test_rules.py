"""Rules of Prometheus: each alert is fired by a case and left alone by another, and leads to a runbook."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests.unit.telemetry.alert_cases import CASES, Case
from tests.unit.telemetry.rules import ROOT, alerts, rule_files

PROMTOOL = shutil.which("promtool")
_SECONDS = 60


def promtool(*arguments: str) -> str:
    """Run promtool; return what it says, having failed the test where it does not like what it was given."""
    if PROMTOOL is None:
        assert not os.environ.get("TESTS_NEED_PROMTOOL"), "promtool is asked for, and there is none"
        pytest.skip("there is no promtool here (Debian: apt-get install prometheus)")
    ran = subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def played(cases: Mapping[str, Case], step_minutes: int, *, fires: bool) -> dict[str, object]:
    """Write cases as one of promtool's, which takes long to begin one: whether an alert of each name fires."""
    series: dict[str, str] = {}
    for case in cases.values():
        given = case.fires if fires else case.quiet
        assert not series.keys() & given.keys(), "two cases say different things of one metric"
        series |= given
    return {
        "interval": f"{step_minutes}m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) > bool 0',
                "eval_time": f"{case.minutes}m",
                "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
            }
            for alert, case in cases.items()
        ],
    }


def test_prometheus_takes_the_rules() -> None:
    promtool("check", "rules", *map(str, rule_files()))


@pytest.mark.parametrize("step_minutes", [1, 15])
@pytest.mark.parametrize("rules", rule_files(), ids=lambda path: path.stem)
def test_each_alert_is_fired_by_its_case_and_left_alone_by_another(
    rules: Path, step_minutes: int, tmp_path: Path
) -> None:
    text = rules.read_text()
    cases = {
        alert: case
        for alert, case in CASES.items()
        if f"alert: {alert}\n" in text and case.step_minutes == step_minutes
    }
    tests = [played(cases, step_minutes, fires=fires) for fires in (True, False)]
    document = {"rule_files": [str(rules)], "evaluation_interval": f"{step_minutes}m", "tests": tests}
    path = tmp_path / "alerts.test.yaml"
    path.write_text(yaml.safe_dump(document))
    promtool("test", "rules", str(path))


def test_each_alert_has_a_case() -> None:
    assert sorted(alert.name for alert in alerts()) == sorted(CASES)


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)
def test_each_alert_says_how_bad_it_is_and_what_to_do(alert: object) -> None:
    assert isinstance(alert, type(alerts()[0]))
    assert alert.labels["severity"] in {"page", "ticket"}
    assert alert.annotations["summary"]
    runbook = ROOT / alert.annotations["runbook"]
    text = runbook.read_text()
    assert alert.name in text
    for part in ("**What you see**", "**Why.**", "**What to do.**", "**How you know that it is over.**"):
        assert part in text
    links = re.findall(r"\]\(([^)#]+\.md)\)", text)
    assert [link for link in links if not (runbook.parent / link).exists()] == []
    index = (ROOT / "docs" / "runbooks" / "alerts" / "README.md").read_text()
    assert f"({runbook.name})" in index
