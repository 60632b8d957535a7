"""Keys and passwords, in the forms that compose and clusters want."""

import base64
import json
import os
from pathlib import Path

import pytest

from jitney.deploy.provision import provision_from
from jitney.deploy.secrets import SecretsFolder, Surroundings, for_compose, for_kubernetes
from jitney.stack.problems import StackError
from tests.images.compose import STORES, in_order, read

AROUND = Surroundings("postgres:5432", "redis:6379", "sandbox")


def made_settings(place: Path) -> dict[str, str]:
    lines = for_compose(SecretsFolder(place), AROUND).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_what_was_made_once_is_told_again(tmp_path: Path) -> None:
    first = for_kubernetes(SecretsFolder(tmp_path), AROUND, "jitney", "")
    assert for_kubernetes(SecretsFolder(tmp_path), AROUND, "jitney", "") == first
    assert (tmp_path / "passwords.json").stat().st_mode & 0o777 == 0o600


def test_each_secret_of_a_cluster_holds_the_key_of_its_part_alone(tmp_path: Path) -> None:
    manifest = json.loads(for_kubernetes(SecretsFolder(tmp_path), AROUND, "town", "rides"))
    keys = {item["metadata"]["name"]: set(item["data"]) for item in manifest["items"]}
    assert {item["metadata"]["namespace"] for item in manifest["items"]} == {"rides"}
    holders = {key: [name for name, held in keys.items() if key in held] for held in keys.values() for key in held}
    assert holders["identity.pem"] == ["town-identity"]
    assert holders["matching.pem"] == ["town-matching"]
    assert holders["rider_api.pem"] == ["town-edge"]
    assert holders["owner-database-url"] == ["town-payment"]
    for item in manifest["items"]:
        assert all(base64.b64decode(value) for value in item["data"].values())


@pytest.mark.parametrize(
    ("place", "before", "after"),
    [
        ("redis:6379", "redis://:", "@redis:6379/0"),
        ("rediss+cluster://a:1,b:2", "rediss+cluster://:", "@a:1,b:2"),
        ("redis+sentinel://a:1,b:2/rides/0", "redis+sentinel://:", "@a:1,b:2/rides/0"),
    ],
)
def test_the_password_of_redis_stands_in_the_url_of_each_kind(
    tmp_path: Path, place: str, before: str, after: str
) -> None:
    settings = SecretsFolder(tmp_path).settings(Surroundings("postgres:5432", place, ""))
    assert settings["JITNEY_REDIS_URL"] == before + settings["JITNEY_REDIS_PASSWORD"] + after


def test_compose_gives_no_container_a_password_or_a_key_of_another(tmp_path: Path) -> None:
    containers = read(made_settings(tmp_path))
    for service in ("identity", "matching", "payment", "notification"):
        holders = {name for name, c in containers.items() if f"JITNEY_{service.upper()}_DATABASE_URL" in c.environment}
        assert holders == {service, f"migrate-{service}", "provision"}
    owners = {name for name, c in containers.items() if "JITNEY_PAYMENT_OWNER_DATABASE_URL" in c.environment}
    assert owners == {"migrate-payment", "provision"}
    for name, container in containers.items():
        pems = {secret for secret in container.secrets if secret.endswith(".pem")}
        own = {"rest": "rider_api", "stream": "rider_api", "city": "cli"}.get(name, name.removeprefix("migrate-"))
        assert pems <= {f"{own}.pem"}, name
        assert all(file.exists() for file in container.secrets.values())


def test_every_container_of_compose_is_restricted_and_waits_for_its_schema(tmp_path: Path) -> None:
    containers = read(made_settings(tmp_path))
    for name, container in containers.items():
        if name in STORES:
            continue
        options = container.options
        assert options["read_only"] is True
        assert options["cap_drop"] == ["ALL"]
        assert options["user"] != "0"
    order = [container.name for container in in_order(containers)]
    assert {name for name, container in containers.items() if container.is_once} == {
        "provision",
        "city",
        *(f"migrate-{service}" for service in ("identity", "matching", "payment", "notification")),
    }
    for service in ("identity", "matching", "payment", "notification"):
        assert containers[service].needs[f"migrate-{service}"] == "service_completed_successfully"
        assert order.index("provision") < order.index(f"migrate-{service}") < order.index(service)


def test_compose_without_secrets_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="jitney secrets"):
        read({})


def test_key_files_belong_to_whom_the_containers_run_as(tmp_path: Path) -> None:
    settings = made_settings(tmp_path)
    assert settings["JITNEY_UID"] != "0"
    owners = {file.stat().st_uid for file in Path(settings["JITNEY_KEYS"]).iterdir()}
    assert owners == {int(settings["JITNEY_UID"])}
    assert os.stat(tmp_path / "compose.env").st_mode & 0o077 == 0


async def test_provisioning_names_the_setting_that_is_wrong() -> None:
    with pytest.raises(StackError, match="JITNEY_IDENTITY_DATABASE_URL"):
        await provision_from({}, 0)
    urls = {
        f"JITNEY_{name}_DATABASE_URL": f"postgresql://jitney_{name.lower()}:a@127.0.0.1:9/jitney_{name.lower()}"
        for name in ("IDENTITY", "MATCHING", "PAYMENT", "NOTIFICATION")
    }
    urls["JITNEY_PAYMENT_OWNER_DATABASE_URL"] = "postgresql://jitney_payment_owner:a@127.0.0.1:9/jitney_payment"
    with pytest.raises(StackError, match="JITNEY_POSTGRES_ADMIN_URL is not set"):
        await provision_from(urls, 0)
    with pytest.raises(StackError, match="does not answer"):
        await provision_from({**urls, "JITNEY_POSTGRES_ADMIN_URL": "postgresql://a:b@127.0.0.1:9/postgres"}, 0)
