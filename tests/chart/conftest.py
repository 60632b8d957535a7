"""What the chart makes of its three sets of values."""

import pytest

from tests.chart.render import ALL, DEV, Rendered, helm, render

RENDERS = {"production": (), "everything": ALL, "dev": DEV}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if helm() is None:
        for item in items:
            if "tests/chart/" in str(item.path):
                item.add_marker(pytest.mark.skip(reason="helm is not installed: tools/kube.sh builds it"))


@pytest.fixture(scope="session")
def renders() -> dict[str, Rendered]:
    """All three."""
    return {name: render(*arguments) for name, arguments in RENDERS.items()}


@pytest.fixture(scope="session", params=list(RENDERS))
def rendered(request: pytest.FixtureRequest, renders: dict[str, Rendered]) -> Rendered:
    """Each of the three."""
    return renders[request.param]


@pytest.fixture(scope="session")
def production(renders: dict[str, Rendered]) -> Rendered:
    """What the values say by themselves."""
    return renders["production"]


@pytest.fixture(scope="session")
def dev(renders: dict[str, Rendered]) -> Rendered:
    """With everything bundled."""
    return renders["dev"]
