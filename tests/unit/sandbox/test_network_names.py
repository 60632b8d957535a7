"""Where the sandbox may listen."""

import pytest
from pydantic import ValidationError

from jitney.sandbox.settings import SandboxSettings


def test_the_sandbox_listens_beyond_loopback_only_under_a_name() -> None:
    with pytest.raises(ValidationError, match="JITNEY_SANDBOX_NETWORK_NAMES"):
        SandboxSettings(sandbox_listen="0.0.0.0:8090")
    settings = SandboxSettings(sandbox_listen="0.0.0.0:8090", sandbox_network_names="sandbox,town-sandbox")
    assert settings.network_names == ["sandbox", "town-sandbox"]


def test_any_name_at_all_is_no_name() -> None:
    with pytest.raises(ValidationError):
        SandboxSettings(sandbox_listen="0.0.0.0:8090", sandbox_network_names="*")
