"""A real Prometheus reads the stack: the rules are evaluated, and every plot of the dashboards is answered."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.integration.embedded import free_ports
from tests.system.people import Town, until
from tests.system.stack import Stack
from tests.unit.telemetry.rules import dashboard_expressions, rule_files

pytestmark = pytest.mark.system

_PROCESSES = {
    "identity": "IDENTITY_METRICS",
    "matching": "MATCHING_METRICS",
    "payment": "PAYMENT_METRICS",
    "notification": "NOTIFICATION_METRICS",
    "rest": "REST",
    "stream": "STREAM",
}


@pytest.fixture
def prometheus(stack: Stack, tmp_path: Path) -> Generator[str]:
    """A Prometheus that reads all processes of the stack each second."""
    program = shutil.which("prometheus")
    if program is None:
        assert not os.environ.get("TESTS_NEED_PROMTOOL"), "Prometheus is asked for, and there is none"
        pytest.skip("there is no Prometheus here (Debian: apt-get install prometheus)")
    address = f"127.0.0.1:{free_ports(1)[0]}"
    configuration = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(path) for path in rule_files()],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [stack.addresses[f"JITNEY_{name}_LISTEN"]]}]}
            for job, name in _PROCESSES.items()
        ],
    }
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(configuration))
    options = [f"--config.file={file}", f"--storage.tsdb.path={tmp_path / 'tsdb'}", f"--web.listen-address={address}"]
    with (tmp_path / "prometheus.log").open("wb") as log:
        process = subprocess.Popen([program, *options], stdout=log, stderr=subprocess.STDOUT)
        try:
            yield f"http://{address}"
        finally:
            process.kill()
            process.wait()


async def test_rules_are_evaluated_and_every_plot_is_answered(people: Town, prometheus: str) -> None:
    rider, driver = await people.rider(), await people.driver()
    ride_id = await rider.request()
    await driver.accept(ride_id)
    await rider.cancel(ride_id)
    await rider.settled(ride_id)
    async with httpx.AsyncClient(base_url=prometheus, timeout=15) as client:

        async def ask(path: str, **parameters: str) -> Any:
            answer = (await client.get(f"/api/v1/{path}", params=parameters)).json()
            assert answer["status"] == "success", (parameters, answer)
            return answer["data"]

        async def has_looked() -> list[dict[str, Any]] | None:
            try:
                rules = [rule for group in (await ask("rules"))["groups"] for rule in group["rules"]]
                healthy = await ask("query", query="count(up == 1)")
            except httpx.TransportError:
                return None  # it has just been started
            everywhere = [each["value"][1] for each in healthy["result"]] == [str(len(_PROCESSES))]
            return rules if everywhere and rules and all(rule["health"] != "unknown" for rule in rules) else None

        rules = await until(has_looked, "a look of Prometheus at all processes and rules")
        assert [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"] == []
        for expression in dashboard_expressions():
            await ask("query", query=expression.replace("$__rate_interval", "1m").replace("$job", "matching"))

        async def counts_rides() -> bool:
            return any(float(each["value"][1]) > 0 for each in (await ask("query", query=rides))["result"])

        rides = "sum(matching_rides_total)"
        await until(counts_rides, "the ride in a later look")
