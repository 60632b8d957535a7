"""Which process gets which settings."""

from pathlib import Path

import pytest

from jitney.stack.credentials import Credentials
from jitney.stack.databases import SERVICES
from jitney.stack.environment import StackSettings, compose, environment_of
from jitney.stack.problems import StackError
from jitney.stack.processes import ProcessFactory

_DATABASES = {f"JITNEY_{service.upper()}_DATABASE_URL": f"postgresql://elsewhere/{service}" for service in SERVICES}


def _credentials(tmp_path: Path) -> Credentials:
    return Credentials.load_or_make(tmp_path / "secrets")


def test_a_service_sees_its_own_database_and_nobody_elses(tmp_path: Path) -> None:
    settings = StackSettings.read({}, tmp_path)
    whole = compose(settings, _credentials(tmp_path))
    factory = ProcessFactory(settings, whole, {})
    for spec in factory.services():
        urls = [name for name in spec.environment if name.endswith("_DATABASE_URL")]
        assert urls == [f"JITNEY_{spec.name.upper()}_DATABASE_URL"]
        assert f"jitney_{spec.name}:" in spec.environment[urls[0]]
    for spec in (factory.sandbox(), *factory.edge(), factory.city()):
        assert not [name for name in spec.environment if name.endswith("_DATABASE_URL")]


def test_more_matchers_see_what_matching_sees_and_listen_nowhere(tmp_path: Path) -> None:
    settings = StackSettings.read({}, tmp_path)
    factory = ProcessFactory(settings, compose(settings, _credentials(tmp_path)), {})
    matching = next(spec for spec in factory.services() if spec.name == "matching")
    more = factory.matchers(3)
    assert [spec.name for spec in more] == ["matcher-2", "matcher-3"]
    for spec in more:
        assert spec.environment == {**matching.environment, "JITNEY_REPLICA": spec.name}
        assert spec.port is None
    assert factory.matchers(1) == []


def test_replicas_listen_apart_have_names_of_their_own_and_are_all_called(tmp_path: Path) -> None:
    settings = StackSettings.read({"JITNEY_REPLICAS": "3"}, tmp_path)
    whole = compose(settings, _credentials(tmp_path))
    factory = ProcessFactory(settings, whole, {})
    specs = [*factory.services(), *factory.edge()]
    assert len(specs) == 3 * 6
    assert {spec.environment["JITNEY_REPLICA"] for spec in specs} == {spec.name for spec in specs}
    assert len({spec.port for spec in specs}) == len(specs)
    third = next(spec for spec in specs if spec.name == "payment-3")
    assert third.ready == "grpc://127.0.0.1:50252"
    assert third.environment["JITNEY_PAYMENT_LISTEN"] == "127.0.0.1:50252"
    assert third.environment["JITNEY_PAYMENT_METRICS_LISTEN"] == "127.0.0.1:9302"
    target = "ipv4:127.0.0.1:50052,127.0.0.1:50152,127.0.0.1:50252"
    assert {spec.environment["JITNEY_PAYMENT_TARGET"] for spec in specs} == {target}
    assert {spec.port for spec in specs} <= {address.port for address in settings.listening().values()}
    assert "http://127.0.0.1:8080,http://127.0.0.1:8180,http://127.0.0.1:8280" in factory.city().argv
    assert settings.cluster(_credentials(tmp_path)).settings["max_connections"] == "360"


@pytest.mark.parametrize("text", ["0", "9", "three"])
def test_a_number_of_replicas_that_cannot_be_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(StackError, match="JITNEY_REPLICAS"):
        StackSettings.read({"JITNEY_REPLICAS": text}, tmp_path)


def test_the_owner_of_the_ledger_is_known_to_the_migrations_alone(tmp_path: Path) -> None:
    settings = StackSettings.read({}, tmp_path)
    factory = ProcessFactory(settings, compose(settings, _credentials(tmp_path)), {})
    setting = "JITNEY_PAYMENT_OWNER_DATABASE_URL"

    assert "jitney_payment_owner:" in factory.migrator().environment[setting]
    for spec in (factory.sandbox(), *factory.services(), *factory.edge(), factory.city()):
        assert setting not in spec.environment


def test_only_identity_gets_the_keys_of_phone_numbers_and_codes(tmp_path: Path) -> None:
    settings = StackSettings.read({}, tmp_path)
    factory = ProcessFactory(settings, compose(settings, _credentials(tmp_path)), {})
    holders = {
        spec.name
        for spec in (factory.sandbox(), *factory.services(), *factory.edge(), factory.city())
        if "JITNEY_IDENTITY_OTP_PEPPER" in spec.environment or "JITNEY_IDENTITY_PHONE_KEY" in spec.environment
    }
    assert holders == {"identity"}


def test_the_sandbox_knows_the_secrets_of_its_customers_only(tmp_path: Path) -> None:
    settings = StackSettings.read({"JITNEY_PAYMENT_PSP_WEBHOOK_SECRET": "whsec_other"}, tmp_path)
    environment = ProcessFactory(settings, compose(settings, _credentials(tmp_path)), {}).sandbox().environment
    assert environment["JITNEY_PAYMENT_PSP_WEBHOOK_SECRET"] == "whsec_other"
    assert "JITNEY_PAYMENT_LISTEN" not in environment


def test_an_address_that_moves_takes_those_along_who_call_it(tmp_path: Path) -> None:
    moved = {"JITNEY_MATCHING_LISTEN": "0.0.0.0:6000", "JITNEY_SANDBOX_LISTEN": "127.0.0.1:6001"}
    whole = compose(StackSettings.read(moved, tmp_path), _credentials(tmp_path))
    assert whole["JITNEY_MATCHING_LISTEN"] == "0.0.0.0:6000"
    assert whole["JITNEY_MATCHING_TARGET"] == "127.0.0.1:6000"
    assert whole["JITNEY_PAYMENT_PSP_URL"] == "http://127.0.0.1:6001/psp"
    assert whole["JITNEY_NOTIFICATION_SMS_URL"] == "http://127.0.0.1:6001/sms"


def test_what_a_person_sets_wins(tmp_path: Path) -> None:
    given = {"JITNEY_IDENTITY_DRIVER_APPROVAL": "manual", "JITNEY_PAYMENT_TARGET": "payments.internal:443"}
    whole = compose(StackSettings.read(given, tmp_path), _credentials(tmp_path))
    assert whole["JITNEY_IDENTITY_DRIVER_APPROVAL"] == "manual"
    assert whole["JITNEY_PAYMENT_TARGET"] == "payments.internal:443"


def test_stores_that_are_given_are_not_embedded(tmp_path: Path) -> None:
    settings = StackSettings.read({**_DATABASES, "JITNEY_REDIS_URL": "redis://elsewhere"}, tmp_path)
    assert not settings.embeds_postgres
    assert not settings.embeds_redis
    assert not {"JITNEY_POSTGRES_LISTEN", "JITNEY_REDIS_LISTEN"} & set(settings.listening())
    whole = compose(settings, _credentials(tmp_path))
    assert whole["JITNEY_REDIS_URL"] == "redis://elsewhere"
    assert whole["JITNEY_PAYMENT_DATABASE_URL"] == "postgresql://elsewhere/payment"


def test_databases_for_some_services_only_are_refused_by_name(tmp_path: Path) -> None:
    some = dict(list(_DATABASES.items())[:2])
    with pytest.raises(StackError, match="JITNEY_PAYMENT_DATABASE_URL, JITNEY_NOTIFICATION_DATABASE_URL"):
        StackSettings.read(some, tmp_path)


def test_compiled_modules_are_always_written() -> None:
    inherited = {"PYTHONDONTWRITEBYTECODE": "1", "PATH": "/bin", "JITNEY_REDIS_URL": "redis://stale"}
    environment = environment_of((), {"JITNEY_REDIS_URL": "redis://fresh"}, inherited)
    assert "PYTHONDONTWRITEBYTECODE" not in environment
    assert environment["PATH"] == "/bin"
    assert environment["JITNEY_REDIS_URL"] == "redis://fresh"


def test_credentials_are_made_once_and_readable_by_their_owner_alone(tmp_path: Path) -> None:
    first, second = _credentials(tmp_path), _credentials(tmp_path)
    assert dict(first.values) == dict(second.values)
    assert len(set(first.values.values())) == len(first.values)
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o600
    assert first["identity_phone_key"] not in repr(first)


def test_damaged_credentials_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text("{")
    with pytest.raises(StackError, match="damaged"):
        _credentials(tmp_path)
    assert (tmp_path / "secrets").read_text() == "{"


def test_the_sandbox_posts_its_webhooks_to_the_edge_and_payment_knows_their_secret(tmp_path: Path) -> None:
    settings = StackSettings.read({"JITNEY_REST_LISTEN": "127.0.0.1:6002"}, tmp_path)
    factory = ProcessFactory(settings, compose(settings, _credentials(tmp_path)), {})
    sandbox = factory.sandbox().environment
    payment = next(spec for spec in factory.services() if spec.name == "payment").environment
    assert sandbox["JITNEY_SANDBOX_WEBHOOK_URL"] == "http://127.0.0.1:6002/v1/callbacks/payments/stripe"
    secret = payment["JITNEY_PAYMENT_PSP_WEBHOOK_SECRET"]
    assert secret == sandbox["JITNEY_PAYMENT_PSP_WEBHOOK_SECRET"]
    assert len(secret) > 40
