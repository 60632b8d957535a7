"""docker/compose.yaml as far as Jitney uses it: read, filled in, and turned into command lines of podman."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker" / "compose.yaml"
STORES = ("postgres", "redis")
"""What comes from official images, which are not ours to build."""
_VARIABLE = re.compile(r"\$\{(\w+)(?:(:[-?])([^}]*))?\}")


@dataclass(frozen=True)
class Container:
    """One service of the file.

    Args:
        name: its name, by which the others reach it.
        image: with its tag.
        command: its arguments.
        environment: whole.
        secrets: by name, the file on this machine.
        needs: by name of another one, the condition that it must have met.
        options: the service as the file has it, for whoever checks more.
    """

    name: str
    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    secrets: Mapping[str, Path]
    needs: Mapping[str, str]
    options: Mapping[str, Any]

    @property
    def is_once(self) -> bool:
        """True if it is to do something and end."""
        return self.options.get("restart") == "no"

    def podman(self, prefix: str, names: Mapping[str, str]) -> list[str]:
        """The arguments of `podman run`, on the network that podman itself is in.

        Args:
            prefix: of the container's name.
            names: of the other containers, with the address of each.
        """
        options = self.options
        line = ["--name", f"{prefix}{self.name}", "--network", "host", "--pull", "never", "--no-healthcheck"]
        line += ["--user", str(options["user"])]
        line += ["--read-only", "--read-only-tmpfs=false"] if options["read_only"] else []
        line += [f"--tmpfs={place}:rw,mode=1777" for place in options["tmpfs"]]
        line += [f"--cap-drop={name}" for name in options["cap_drop"]]
        line += [f"--security-opt={text.replace(':true', '')}" for text in options["security_opt"]]
        line += [f"--add-host={name}:{address}" for name, address in names.items()]
        line += [f"--env={name}={value}" for name, value in self.environment.items()]
        line += [f"--volume={file}:/run/secrets/{name}:ro" for name, file in self.secrets.items()]
        return [*line, self.image, *self.command]


def read(settings: Mapping[str, str]) -> dict[str, Container]:
    """Read the file; ValueError where it asks for a variable that is not there."""
    whole = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    files = {name: Path(_filled(secret["file"], settings)) for name, secret in whole["secrets"].items()}
    return {name: _container(name, options, files, settings) for name, options in whole["services"].items()}


def in_order(containers: Mapping[str, Container]) -> list[Container]:
    """Sort so that each comes after those it needs."""
    done: dict[str, Container] = {}

    def add(name: str) -> None:
        if name not in done:
            for other in containers[name].needs:
                add(other)
            done[name] = containers[name]

    for name in containers:
        add(name)
    return list(done.values())


def _container(name: str, options: dict[str, Any], files: Mapping[str, Path], settings: Mapping[str, str]) -> Container:
    filled = {key: _filled(value, settings) for key, value in options.items()}
    return Container(
        name=name,
        image=filled["image"],
        command=tuple(filled.get("command", ())),
        environment=filled.get("environment", {}),
        secrets={secret: files[secret] for secret in options.get("secrets", ())},
        needs={other: needed["condition"] for other, needed in options.get("depends_on", {}).items()},
        options=filled,
    )


def _filled(value: Any, settings: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _value(match, settings), value)
    if isinstance(value, list):
        return [_filled(item, settings) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, settings) for key, item in value.items()}
    return value


def _value(match: re.Match[str], settings: Mapping[str, str]) -> str:
    name, kind, text = match.groups()
    if settings.get(name):
        return settings[name]
    if kind == ":-":
        return text
    raise ValueError(f"{name} is not set: {text or 'docker/compose.yaml needs it'}")
