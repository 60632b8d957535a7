"""Tell what an image is made of, as CycloneDX 1.6: `python sbom.py SERVICE LOCK`, run by the interpreter of the image.

Python's packages come from their own metadata, with the hashes that the lock allows; the system's from dpkg, where
there is one. Needs the standard library alone, since it runs before anything of ours is there.
"""

import json
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

_SYSTEM = ("dpkg-query", "-W", "-f=${Package}\t${Version}\t${Architecture}\t${db:Status-Abbrev}\n")


def normal(name: str) -> str:
    """Write a package's name as registries do."""
    return re.sub(r"[-_.]+", "-", name).lower()


def python_packages(lock: str) -> list[dict[str, object]]:
    """List what is installed beside this interpreter."""
    hashes: dict[tuple[str, str], list[str]] = {}
    for entry in re.split(r"\n(?=\S)", lock.strip()):
        name, _, rest = entry.partition("==")
        key = normal(name.split("[")[0]), re.split(r"[ ;\\\n]", rest, maxsplit=1)[0]
        hashes[key] = re.findall(r"--hash=sha256:([0-9a-f]{64})", entry)
    found: list[dict[str, object]] = []
    for item in distributions():
        name, version = normal(item.metadata["Name"]), item.version
        component: dict[str, object] = {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}@{version}",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name}@{version}",
        }
        license_name = item.metadata.get("License-Expression") or item.metadata.get("License") or ""
        if license_name and len(license_name) < 100:
            component["licenses"] = [{"license": {"name": license_name}}]
        if allowed := hashes.get((name, version)):
            # Of the files that the lock allows; which of them it was depends on the platform.
            component["hashes"] = [{"alg": "SHA-256", "content": digest} for digest in allowed]
        found.append(component)
    return sorted(found, key=lambda component: str(component["name"]))


def system_packages() -> list[dict[str, object]]:
    """List Debian's packages; none where the base image is of another kind."""
    try:
        told = subprocess.run(_SYSTEM, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    rows = [line.split("\t") for line in told.splitlines()]
    return [
        {
            "type": "library",
            "bom-ref": f"pkg:deb/debian/{name}@{version}?arch={machine}",
            "name": name,
            "version": version,
            "purl": f"pkg:deb/debian/{name}@{version}?arch={machine}",
        }
        for name, version, machine, state in rows
        if state.startswith("ii")
    ]


def main() -> None:
    """Print the document."""
    service, lock = sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8")
    components = python_packages(lock)
    own = next((str(item["version"]) for item in components if item["name"] == "jitney"), "")
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "container", "name": f"jitney-{service}", "version": own}},
        "components": [*components, *system_packages()],
    }
    json.dump(document, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
