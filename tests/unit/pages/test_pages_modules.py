"""Runs the tests of the pages' modules with the Node of the locked environment: no browser, no layout, no drawing."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from itertools import product
from pathlib import Path
from string import ascii_uppercase

import pytest

from payment_service.domain import reconciliation
from shared_kernel.errors import InvalidInput
from shared_kernel.money import exponent
from tools.typescript import node

HERE = Path(__file__).parent
PAGES = HERE.parents[2] / "rider_api/pages"


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.test.mjs")))
def test_the_modules_keep_their_promises(name: str) -> None:
    command = [node(), "--test", "--test-reporter=tap", HERE / name]
    environment = {"TZ": "America/Los_Angeles", "LC_ALL": "en_US.UTF-8"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout


def test_the_pages_count_minor_units_as_the_services_do() -> None:
    digits: dict[str, int] = {}
    for code in map("".join, product(ascii_uppercase, repeat=3)):
        with suppress(InvalidInput):
            digits[code] = exponent(code)
    assert len(digits) > 150
    script = f"""
        import {{ digitsOf }} from {json.dumps((PAGES / "lib/format.js").as_uri())};
        const told = {json.dumps(list(digits))}.map((code) => [code, digitsOf(code)]);
        console.log(JSON.stringify(Object.fromEntries(told)));
    """
    command = [node(), "--input-type=module", "-e", script]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(told.stdout) == digits


def test_the_console_books_open_items_to_where_payment_does() -> None:
    module = (PAGES / "console/item_resolutions.js").as_uri()
    script = f"""
        import {{ BACK, BOOKABLE_KINDS, MONEY_KINDS }} from {json.dumps(module)};
        console.log(JSON.stringify([[...BOOKABLE_KINDS, BACK], MONEY_KINDS]));
    """
    command = [node(), "--input-type=module", "-e", script]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    accounts, kinds = json.loads(told.stdout)
    assert sorted(accounts) == sorted(reconciliation.BOOKABLE_KINDS)
    assert sorted(kinds) == sorted(reconciliation.MONEY_KINDS)
