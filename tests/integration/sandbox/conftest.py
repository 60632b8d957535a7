"""A sandbox for these tests alone, and the real client connected to it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

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
    # A test sees what is before "some time later" on a slow machine too; then it advances the clock by a minute.
    later = {"JITNEY_SANDBOX_LATER_SECONDS": "50"}
    sandbox.spec = replace(sandbox.spec, environment={**sandbox.spec.environment, **later})
    with sandbox.running():
        yield sandbox


@pytest.fixture
async def psp(own_sandbox: SandboxProcess) -> AsyncIterator[Psp]:
    """The client, with no fault in force when the test begins and when it ends."""
    psp = Psp(own_sandbox.url)
    yield psp
    await psp.controls.delete("/_sim/faults")
    await psp.close()
