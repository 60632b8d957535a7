"""`jitney secrets`: all keys and passwords of a system, made once in a folder, told as compose or Kubernetes want them.

Nothing of it is in an image or in a chart. What was made is kept: asked again, the same comes out, whatever form.
"""

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path

from jitney.stack.addresses import Address
from jitney.stack.credentials import Credentials
from jitney.stack.databases import OWNED_APART, SERVICES, database_of, owner_of
from jitney.stack.keys import make_signing_keys, write_private
from jitney.stack.problems import plain_file_errors
from jitney.stack.providers import PROVIDERS_NAME, make_providers_file

CONTAINER_UID = 10001
"""As whom the images run."""
COMPOSE_NAME = "compose.env"
SIGNERS = {"identity": "identity", "matching": "matching", "notification": "notification", "edge": "rider_api"}
"""Which part signs as which issuer; payment calls nobody."""


@dataclass(frozen=True)
class Surroundings:
    """What the services find around them.

    Args:
        postgres: `host:port` of the PostgreSQL server.
        redis: `host:port` of Redis, or its URL without a password (see `chassis.redis_urls`).
        sandbox: the host name of the sandbox; empty where there is none.
    """

    postgres: str
    redis: str
    sandbox: str


class SecretsFolder:
    """The folder with everything; readable by its owner alone."""

    def __init__(self, path: Path) -> None:
        """Makes what is missing in `path`."""
        self.path = path
        with plain_file_errors(path, purpose="The folder of the secrets"):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.credentials = Credentials.load_or_make(path / "passwords.json")
        self.keys = path / "keys"
        make_signing_keys(self.keys)

    def providers(self, sandbox: str) -> Path:
        """The file of the sandbox' providers of messages, for a system that has no real ones yet."""
        path = self.keys / PROVIDERS_NAME
        make_providers_file(path, Address(sandbox, 8090), Address(sandbox, 8025), "AC_sandbox", "sandbox_token")
        return path

    def settings(self, around: Surroundings) -> dict[str, str]:
        """Every secret setting, by its name."""
        credentials = self.credentials
        found = {
            "JITNEY_POSTGRES_PASSWORD": credentials["postgres_password"],
            "JITNEY_POSTGRES_ADMIN_URL": _url(around, "postgres", credentials["postgres_password"], "postgres"),
            "JITNEY_REDIS_PASSWORD": credentials["redis_password"],
            "JITNEY_REDIS_URL": _redis_url(around.redis, credentials["redis_password"]),
            "JITNEY_IDENTITY_OTP_PEPPER": credentials["identity_otp_pepper"],
            "JITNEY_IDENTITY_PHONE_KEY": credentials["identity_phone_key"],
            "JITNEY_NOTIFICATION_WEBHOOK_KEY": credentials["notification_webhook_key"],
            "JITNEY_PAYMENT_PSP_WEBHOOK_SECRET": f"whsec_{credentials['psp_webhook_secret']}",
            "JITNEY_PAYMENT_PSP_API_KEY": "sk_test_sandbox",
        }
        for service in SERVICES:
            name = database_of(service)
            found[f"JITNEY_{service.upper()}_DATABASE_URL"] = _url(
                around, name, credentials[f"{service}_database_password"], name
            )
            if service in OWNED_APART:
                found[f"JITNEY_{service.upper()}_OWNER_DATABASE_URL"] = _url(
                    around, owner_of(service), credentials[f"{service}_owner_database_password"], name
                )
        return found


def for_compose(folder: SecretsFolder, around: Surroundings) -> Path:
    """Writes the file for `docker compose --env-file`; the key files are lent to whom the containers run as."""
    folder.providers(around.sandbox)
    # A container reads the files as their owner: who made them, or the images' own account if root did.
    uid = os.getuid() or CONTAINER_UID
    if os.getuid() == 0:
        os.chown(folder.keys, uid, uid)
        for file in folder.keys.iterdir():
            os.chown(file, uid, uid)
    lines = {"JITNEY_UID": str(uid), "JITNEY_KEYS": str(folder.keys.absolute()), **folder.settings(around)}
    path = folder.path / COMPOSE_NAME
    with plain_file_errors(path, purpose="The file of the secrets"):
        write_private(path, "".join(f"{name}={value}\n" for name, value in lines.items()).encode())
    return path


def for_kubernetes(
    folder: SecretsFolder, around: Surroundings, release: str, namespace: str, providers: Path | None = None
) -> str:
    """Writes the manifest of all Secrets that the chart refers to, for `kubectl apply -f -`.

    Args:
        folder: where the secrets are.
        around: what the services find around them.
        release: the name of the Helm release; the Secrets' names begin with it.
        namespace: where they go; empty is the current one.
        providers: the file of the real providers of messages.
    """
    values = folder.settings(around)
    file = providers or (folder.providers(around.sandbox) if around.sandbox else None)
    secrets: dict[str, dict[str, str]] = {
        "jwks": {"jwks.json": (folder.keys / "jwks.json").read_text()},
        "cli": {"cli.pem": (folder.keys / "cli.pem").read_text()},
        "redis": {"url": values["JITNEY_REDIS_URL"], "password": values["JITNEY_REDIS_PASSWORD"]},
        "postgres": {"password": values["JITNEY_POSTGRES_PASSWORD"], "admin-url": values["JITNEY_POSTGRES_ADMIN_URL"]},
        "payment": {
            "psp-api-key": values["JITNEY_PAYMENT_PSP_API_KEY"],
            "psp-webhook-secret": values["JITNEY_PAYMENT_PSP_WEBHOOK_SECRET"],
            "owner-database-url": values["JITNEY_PAYMENT_OWNER_DATABASE_URL"],
        },
        "identity": {
            "otp-pepper": values["JITNEY_IDENTITY_OTP_PEPPER"],
            "phone-key": values["JITNEY_IDENTITY_PHONE_KEY"],
        },
        "matching": {},
        "edge": {},
        "notification": {
            "webhook-key": values["JITNEY_NOTIFICATION_WEBHOOK_KEY"],
            **({} if file is None else {PROVIDERS_NAME: file.read_text()}),
        },
    }
    for part, issuer in SIGNERS.items():
        secrets[part][f"{issuer}.pem"] = (folder.keys / f"{issuer}.pem").read_text()
    for service in SERVICES:
        secrets[service]["database-url"] = values[f"JITNEY_{service.upper()}_DATABASE_URL"]
    metadata: dict[str, object] = {"labels": {"app.kubernetes.io/part-of": "jitney"}}
    if namespace:
        metadata["namespace"] = namespace
    items = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": f"{release}-{name}", **metadata},
            "type": "Opaque",
            "data": {key: base64.b64encode(value.encode()).decode() for key, value in content.items()},
        }
        for name, content in secrets.items()
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=2) + "\n"


def _redis_url(place: str, password: str) -> str:
    """The setting for `host:port`, or for a URL of any kind whose password is left out."""
    if "://" not in place:
        place = f"redis://{place}/0"
    scheme, _, rest = place.partition("://")
    return place if "@" in rest else f"{scheme}://:{password}@{rest}"


def _url(around: Surroundings, role: str, password: str, database: str) -> str:
    return f"postgresql://{role}:{password}@{around.postgres}/{database}"
