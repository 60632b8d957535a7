"""docs/deploy.md explains each value."""

import re

import yaml

from tests.chart.render import CHART, ROOT


def first_cells(page: str) -> set[str]:
    return {
        name
        for line in page.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }


def test_every_value_is_explained() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()
    explained = first_cells(page.split("### Values", 1)[1].split("### Upgrades", 1)[0])
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert explained == {*values, *values["identity"]}


def test_every_key_that_a_pod_asks_for_is_in_the_table_of_secrets() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.MULTILINE))
    for facts in yaml.safe_load((CHART / "components.yaml").read_text()).values():
        keys = [
            *facts.get("secrets", {}).values(),
            *facts.get("migrating", {}).values(),
            *facts.get("files", {}).values(),
        ]
        for key in [*keys, *filter(None, [facts.get("signs")])]:
            assert f"`{key}`" in rows[facts["secret"]]
