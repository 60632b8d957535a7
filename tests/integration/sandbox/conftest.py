"""A sandbox for these tests alone, and the real client connected to it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from jitney.stack.launch import Launcher
from tests.integration.sandbox.running import Psp, SandboxProcess


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """What starts processes that end with the tests."""
    with Launcher() as own:
        yield own


@pytest.fixture(scope="session")
def own_sandbox(launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A running sandbox."""
    sandbox = SandboxProcess(launcher, tmp_path_factory.mktemp("own-sandbox"))
    with sandbox.running():
        yield sandbox


@pytest.fixture
async def psp(own_sandbox: SandboxProcess) -> AsyncIterator[Psp]:
    """The client, with no fault in force when the test begins and when it ends."""
    psp = Psp(own_sandbox.url)
    yield psp
    await psp.controls.delete("/_sim/faults")
    await psp.close()
