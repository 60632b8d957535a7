"""Mutual TLS in the chart: who holds which certificate, and that probes need none."""

import json

import jsonschema
import pytest
import yaml

from tests.chart.render import CHART, DEV, Rendered, render, run_helm
from tests.chart.test_chart import SCHEMAS

TLS = ("--set", "tls.enabled=true", "--set", "tls.certManager.issuer.name=authority")
FILES = ("JITNEY_TLS_CERT_FILE", "JITNEY_TLS_KEY_FILE", "JITNEY_TLS_CA_FILE")


@pytest.fixture(scope="module")
def encrypted() -> Rendered:
    return render(*TLS, *DEV)


def test_each_component_has_a_certificate_of_its_own_under_all_names_that_it_is_called_by(encrypted: Rendered) -> None:
    components = yaml.safe_load((CHART / "components.yaml").read_text())
    certificates = encrypted.of("Certificate")
    assert set(certificates) == {f"jitney-{name}" for name in (*components, "health", "test")}
    for name, certificate in certificates.items():
        spec = certificate["spec"]
        assert spec["secretName"] == f"{name}-tls"
        assert {name, f"{name}.rides", f"{name}.rides.svc"} < set(spec["dnsNames"])
        assert {"server auth", "client auth"} < set(spec["usages"])
        assert spec["issuerRef"] == {"name": "authority", "kind": "Issuer", "group": "cert-manager.io"}


def test_whoever_is_told_of_a_certificate_has_it_mounted(encrypted: Rendered) -> None:
    told = 0
    for name, pod in encrypted.pods().items():
        for container in pod["containers"]:
            settings = {variable["name"]: variable.get("value") for variable in container.get("env", [])}
            mounts = {mount["mountPath"]: mount["name"] for mount in container.get("volumeMounts", [])}
            assert ("JITNEY_TLS_CERT_FILE" in settings) == ("/run/tls" in mounts), name
            if "/run/tls" in mounts:
                told += 1
                assert all(str(settings[file]).startswith("/run/tls/") for file in FILES)
                volumes = {volume["name"]: volume for volume in pod["volumes"]}
                expected = f"{name.split('/')[1].replace('jitney-ride', 'jitney-test')}-tls"
                assert volumes[mounts["/run/tls"]]["secret"]["secretName"] == expected
    assert told == 8


def test_probes_ask_where_no_certificate_is_wanted(encrypted: Rendered) -> None:
    for name, deployment in encrypted.of("Deployment").items():
        [container] = deployment["spec"]["template"]["spec"]["containers"]
        probes = [container[kind] for kind in ("startupProbe", "livenessProbe", "readinessProbe") if kind in container]
        settings = {variable["name"]: variable.get("value") for variable in container["env"]}
        for probe in probes:
            if "grpc" in probe:
                assert settings["JITNEY_HEALTH_LISTEN"] == f"0.0.0.0:{probe['grpc']['port']}", name
        for service in (encrypted.of("Service").get(name),):
            assert service is not None
            assert not any("appProtocol" in port for port in service["spec"]["ports"])


def test_what_is_encrypted_is_still_what_kubernetes_knows(encrypted: Rendered) -> None:
    schema = json.loads((SCHEMAS / "v1.34.json").read_text())
    for item in encrypted.documents:
        if item["kind"] == "Certificate":
            continue
        definition = schema["kinds"][f"{item['apiVersion']}/{item['kind']}"]
        whole = {"$ref": f"#/$defs/{definition}", "$defs": schema["$defs"]}
        assert jsonschema.Draft202012Validator(whole).is_valid(item), item["metadata"]["name"]


def test_certificates_may_come_from_elsewhere_and_an_issuer_must_be_named() -> None:
    assert not render("--set", "tls.enabled=true", "--set", "tls.certManager.enabled=false").of("Certificate")
    refused = run_helm("template", "jitney", str(CHART), "--kube-version", "1.34.0", "--set", "tls.enabled=true")
    assert refused.returncode != 0
    assert "tls.certManager.issuer.name" in refused.stderr
