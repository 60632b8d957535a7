"""etcd and kube-apiserver on loopback, as `tools/kube.sh` builds them: an API to install to, and nobody who acts on it.

There is no controller, no scheduler and no kubelet. The API server judges objects all the same: schema, defaults, what
may change, and the Pod Security Standards.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from jitney.stack.launch import Launcher
from jitney.stack.logfiles import last_lines
from jitney.stack.specs import ProcessSpec
from tests.chart.render import ROOT
from tests.integration.embedded import free_ports

TOOLS = ROOT / ".tools" / "bin"
_READY_SECONDS = 90.0


class Cluster:
    """The API of a cluster."""

    def __init__(self, kubeconfig: Path, client: httpx.Client) -> None:
        self.kubeconfig = kubeconfig
        self.client = client

    def get(self, path: str) -> dict[str, Any]:
        """Read an object or a list."""
        return self.client.get(path).raise_for_status().json()

    def post(self, path: str, body: object, **query: str) -> httpx.Response:
        """Make an object; whatever the answer is."""
        return self.client.post(path, json=body, params=query)

    def patch_status(self, path: str, status: dict[str, Any]) -> None:
        """Say what a controller would have said of an object."""
        headers = {"Content-Type": "application/merge-patch+json"}
        self.client.patch(f"{path}/status", content=json.dumps({"status": status}), headers=headers).raise_for_status()

    def helm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run helm against it."""
        line = [str(TOOLS / "helm"), "--kubeconfig", str(self.kubeconfig), "--namespace", "rides", *arguments]
        return subprocess.run(line, capture_output=True, text=True, timeout=300, check=False)


@contextlib.contextmanager
def running_cluster(place: Path) -> Generator[Cluster]:
    """Start both in a folder, give them back when done."""
    etcd_port, peer_port, port = free_ports(3)
    token = secrets.token_hex(16)
    (place / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    (place / "accounts.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    etcd, peer = f"http://127.0.0.1:{etcd_port}", f"http://127.0.0.1:{peer_port}"
    programs = {
        "etcd": (
            f"--data-dir={place / 'etcd'}", f"--listen-client-urls={etcd}", f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}", f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
        ),
        "kube-apiserver": (
            f"--etcd-servers={etcd}", "--bind-address=127.0.0.1", f"--secure-port={port}",
            f"--cert-dir={place / 'certs'}",
            f"--token-auth-file={place / 'tokens.csv'}", "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default", "--service-cluster-ip-range=10.96.0.0/16",
            f"--service-account-key-file={place / 'accounts.key'}",
            f"--service-account-signing-key-file={place / 'accounts.key'}",
            # The controller that makes each namespace's account is not here.
            "--disable-admission-plugins=ServiceAccount",
        ),
    }  # fmt: skip
    kubeconfig = place / "kubeconfig"
    kubeconfig.write_text(json.dumps(_kubeconfig(f"https://127.0.0.1:{port}", token)))
    with contextlib.ExitStack() as stack:
        launcher = stack.enter_context(Launcher())
        for name, arguments in programs.items():
            spec = ProcessSpec(name, (str(TOOLS / name), *arguments), {"HOME": str(place), "PATH": "/usr/bin:/bin"})
            process = launcher.start(spec, place / f"{name}.log")
            stack.callback(launcher.stop, process, spec)
        # Its certificate is its own, made just now, on loopback.
        client = httpx.Client(
            base_url=f"https://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {token}"},
            verify=False,  # noqa: S501
            timeout=30,
        )
        stack.enter_context(client)
        _await_ready(client, place)
        yield Cluster(kubeconfig, client)


def _await_ready(client: httpx.Client, place: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if client.get("/readyz").status_code == 200:
                return
        if time.monotonic() > deadline:
            raise RuntimeError(f"the API server is not ready:\n{last_lines(place / 'kube-apiserver.log', 20)}")
        time.sleep(0.2)


def _kubeconfig(url: str, token: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "check",
        "contexts": [{"name": "check", "context": {"cluster": "check", "user": "check"}}],
        "clusters": [{"name": "check", "cluster": {"server": url, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "check", "user": {"token": token}}],
    }
