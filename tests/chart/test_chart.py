"""What the chart makes, and what it refuses to make."""

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.chart.render import ALL, CHART, DEV, Rendered, hook_of, render, run_helm

SCHEMAS = Path(__file__).parent / "schemas"
GOLDEN = Path(__file__).parent / "golden"
OWN_KINDS = {"ServiceMonitor", "PrometheusRule"}
"""Of the Prometheus operator: not in Kubernetes' own schemas."""


def containers_of(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", []), *pod["containers"]]


@pytest.mark.parametrize("values", [(), DEV], ids=["production", "dev"])
def test_helm_finds_nothing_to_say_against_it(values: tuple[str, ...]) -> None:
    done = run_helm("lint", "--strict", str(CHART), *values)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("identity.replicas=0", "replicas"),
        ("environment=staging", "environment"),
        ("sandbox.enabled=true", "sandbox"),
        ("identity.env.JITNEY_IDENTITY_OTP_PEPPER=abc", "JITNEY_IDENTITY_OTP_PEPPER"),
        ("payment.env.PATH=/tmp", "env"),
        ("matching.resources.limits.memory=null", "memory"),
        ("rests.replicas=3", "rests"),
        ("image.tag=a tag", "tag"),
        ("shutdown.drainSeconds=100000", "drainSeconds"),
        ("secrets.identity=Not A Name", "identity"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(setting: str, why: str) -> None:
    done = run_helm("template", "jitney", str(CHART), "--kube-version", "1.34.0", "--set", setting)
    assert done.returncode != 0
    assert why in done.stderr


@pytest.mark.parametrize("version", ["v1.32", "v1.34", "v1.37"])
def test_every_object_is_what_kubernetes_knows(rendered: Rendered, version: str) -> None:
    schema = json.loads((SCHEMAS / f"{version}.json").read_text())
    for item in rendered.documents:
        if item["kind"] in OWN_KINDS:
            continue
        definition = schema["kinds"][f"{item['apiVersion']}/{item['kind']}"]
        whole = {"$ref": f"#/$defs/{definition}", "$defs": schema["$defs"]}
        errors = [
            f"{error.json_path}: {error.message}" for error in jsonschema.Draft202012Validator(whole).iter_errors(item)
        ]
        assert not errors, (item["kind"], item["metadata"]["name"], errors)


def test_a_misspelled_field_would_be_noticed(production: Rendered) -> None:
    schema = json.loads((SCHEMAS / "v1.34.json").read_text())
    deployment = json.loads(json.dumps(production.of("Deployment")["jitney-identity"]))
    deployment["spec"]["template"]["spec"]["containers"][0]["livenesProbe"] = {}
    whole = {"$ref": f"#/$defs/{schema['kinds']['apps/v1/Deployment']}", "$defs": schema["$defs"]}
    assert not jsonschema.Draft202012Validator(whole).is_valid(deployment)


def test_every_pod_is_restricted(rendered: Rendered) -> None:
    """The `restricted` profile of the Pod Security Standards, and a root that cannot be written to."""
    for name, pod in rendered.pods().items():
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] > 0, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not any("hostPath" in volume for volume in pod.get("volumes", [])), name
        for container in containers_of(pod):
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] is True, name
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert "memory" in container["resources"]["limits"], name
            assert "cpu" not in container["resources"]["limits"], name


def test_no_secret_is_rendered_and_each_setting_that_is_one_is_a_reference(rendered: Rendered) -> None:
    assert not rendered.of("Secret")
    secret = re.compile(r"(PASSWORD|SECRET|_KEY|PEPPER|DATABASE_URL|REDIS_URL|ADMIN_URL|TOKEN)$")
    for name, pod in rendered.pods().items():
        for container in containers_of(pod):
            for variable in container.get("env", []):
                if secret.search(variable["name"]):
                    assert set(variable) == {"name", "valueFrom"}, (name, variable["name"])


def test_every_image_of_ours_has_the_one_tag() -> None:
    tagged = render("--set", "image.tag=9.8.7", "--set", "image.registry=registry.example.org/jitney", *DEV)
    images = {c["image"] for pod in tagged.pods().values() for c in containers_of(pod)}
    ours = {image for image in images if "jitney" in image}
    assert len(ours) == 6
    assert all(re.fullmatch(r"registry\.example\.org/jitney/jitney-\w+:9\.8\.7", image) for image in ours)
    assert images - ours == {"docker.io/library/postgres:18-bookworm", "docker.io/library/redis:7-bookworm"}


def test_each_pod_holds_its_own_signing_key_alone(production: Rendered) -> None:
    for name, deployment in production.of("Deployment").items():
        volumes = deployment["spec"]["template"]["spec"]["volumes"]
        sources = next(volume["projected"]["sources"] for volume in volumes if volume["name"] == "keys")
        keys = {item["key"] for source in sources for item in source["secret"]["items"]}
        facts = yaml.safe_load((CHART / "components.yaml").read_text())[name.removeprefix("jitney-")]
        assert keys == {"jwks.json", *filter(None, [facts.get("signs")]), *facts.get("files", {}).values()}


def test_nobody_but_the_migration_may_own_the_ledger(production: Rendered) -> None:
    holders = {
        name
        for name, pod in production.pods().items()
        for container in containers_of(pod)
        if "JITNEY_PAYMENT_OWNER_DATABASE_URL" in {variable["name"] for variable in container.get("env", [])}
    }
    assert holders == {"Job/jitney-migrate-payment"}


def test_a_pod_leaves_later_than_its_calls_end(rendered: Rendered) -> None:
    for name, deployment in rendered.of("Deployment").items():
        pod = deployment["spec"]["template"]["spec"]
        if name.endswith("-sandbox"):
            continue
        environment = {v["name"]: v.get("value", "") for v in pod["containers"][0]["env"]}
        delay, drain = (int(environment[f"JITNEY_{text}_SECONDS"]) for text in ("ENDPOINT_DELAY", "DRAIN"))
        assert pod["terminationGracePeriodSeconds"] > delay + drain, name
        assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        assert int(environment["JITNEY_MAX_CONNECTION_AGE_SECONDS"]) > 0


def test_grpc_services_are_headless_and_called_by_dns(production: Rendered) -> None:
    for name in ("identity", "matching", "payment", "notification"):
        assert production.of("Service")[f"jitney-{name}"]["spec"]["clusterIP"] == "None"
    for deployment in production.of("Deployment").values():
        for variable in deployment["spec"]["template"]["spec"]["containers"][0]["env"]:
            if variable["name"].endswith("_TARGET"):
                assert variable["value"].startswith("dns:///jitney-"), variable


def test_what_a_migration_needs_is_there_before_the_release(production: Rendered) -> None:
    """A hook runs before every other object of an install: it may ask for nothing that the release itself makes."""
    jobs = production.of("Job")
    assert set(jobs) == {f"jitney-migrate-{name}" for name in ("identity", "matching", "payment", "notification")}
    made = {(item["kind"], item["metadata"]["name"]) for item in production.documents if not hook_of(item)}
    for job in jobs.values():
        assert hook_of(job) == "pre-install,pre-upgrade"
        pod = job["spec"]["template"]["spec"]
        assert "serviceAccountName" not in pod
        for volume in pod["volumes"]:
            assert set(volume) - {"name"} <= {"projected", "emptyDir"}
            assert all(set(source) == {"secret"} for source in volume.get("projected", {}).get("sources", []))
    assert not [kind for kind, _ in made if kind in {"Secret", "PersistentVolumeClaim"}]


def test_a_bundled_database_is_made_ready_step_by_step_and_by_no_hook(dev: Rendered) -> None:
    jobs = dev.of("Job")
    assert [hook_of(job) for job in jobs.values()] == [""]
    steps = [step["name"] for step in jobs["jitney-databases-1"]["spec"]["template"]["spec"]["initContainers"]]
    assert steps[:2] == ["wait", "provision"]
    assert sorted(steps[2:]) == [f"migrate-{name}" for name in ("identity", "matching", "notification", "payment")]
    assert not [item for item in dev.documents if hook_of(item).startswith("pre-")]


def test_a_service_can_be_deployed_alone() -> None:
    others = ["identity", "matching", "payment", "rest", "stream"]
    alone = render(
        *(part for name in others for part in ("--set", f"{name}.enabled=false")),
        "--set",
        "targets.identity=dns:///identity.example.org:50050",
    )
    assert set(alone.of("Deployment")) == {"jitney-notification"}
    assert set(alone.of("Job")) == {"jitney-migrate-notification"}
    assert "dns:///identity.example.org:50050" in alone.text


def environment_of(rendered: Rendered, name: str) -> dict[str, Any]:
    container = rendered.of("Deployment")[f"jitney-{name}"]["spec"]["template"]["spec"]["containers"][0]
    return {variable["name"]: variable.get("value") for variable in container["env"]}


def test_production_asks_stripe_unless_the_values_name_another(production: Rendered, dev: Rendered) -> None:
    other = render("--set", "payment.env.JITNEY_PAYMENT_PSP_URL=https://psp.example.org")
    asked = [environment_of(one, "payment")["JITNEY_PAYMENT_PSP_URL"] for one in (production, dev, other)]
    assert asked == ["https://api.stripe.com", "http://jitney-sandbox:8090/psp", "https://psp.example.org"]


def test_behind_the_ingress_clients_are_known_by_what_it_saw(renders: dict[str, Rendered]) -> None:
    assert environment_of(renders["everything"], "rest")["JITNEY_REST_PROXIES"] == "1"
    assert "JITNEY_REST_PROXIES" not in environment_of(renders["production"], "rest")
    behind_two = render(*ALL, "--set-string", "rest.env.JITNEY_REST_PROXIES=2")
    assert environment_of(behind_two, "rest")["JITNEY_REST_PROXIES"] == "2"


def test_links_of_shared_rides_lead_to_the_host_of_the_ingress(renders: dict[str, Rendered]) -> None:
    link = environment_of(renders["everything"], "notification")["JITNEY_NOTIFICATION_SHARE_URL"]
    assert link == "https://api.example.org/v1/shared-rides/"


def test_the_world_may_ask_for_all_but_health_and_metrics(renders: dict[str, Rendered]) -> None:
    paths = {
        name.removeprefix("jitney-"): {(path["path"], path["pathType"]) for path in rule["http"]["paths"]}
        for name, ingress in renders["everything"].of("Ingress").items()
        for rule in ingress["spec"]["rules"]
    }
    assert {path for path, kind in paths["rest"] if kind == "Exact"} == {"/"}
    assert paths["stream"] == {("/v1", "Prefix")}
    for name in ("rest", "stream"):
        assert not {path for path, _ in paths[name]} & {"/metrics", "/healthz", "/readyz"}


@pytest.mark.parametrize("values", [(), DEV], ids=["production", "dev"])
def test_what_is_meant_for_every_pod_reaches_every_pod(values: tuple[str, ...]) -> None:
    told = render(
        *values, "--set", "image.pullSecrets[0]=registry", "--set", "podLabels.team=rides",
        "--set", "podAnnotations.sidecar/inject=no",
    )  # fmt: skip
    for name, pod in told.pods().items():
        assert pod["imagePullSecrets"] == [{"name": "registry"}], name
    for item in told.documents:
        if item["kind"] in {"Deployment", "StatefulSet", "Job", "Pod"}:
            metadata = item["metadata"] if item["kind"] == "Pod" else item["spec"]["template"]["metadata"]
            assert metadata["labels"]["team"] == "rides", item["metadata"]["name"]
            assert metadata["annotations"]["sidecar/inject"] == "no", item["metadata"]["name"]


def test_a_migration_runs_where_its_service_does() -> None:
    chosen = render("--set", "matching.nodeSelector.disk=fast")
    places = {name: pod.get("nodeSelector") for name, pod in chosen.pods().items()}
    assert {name for name, place in places.items() if place} == {
        "Deployment/jitney-matching",
        "Job/jitney-migrate-matching",
    }


def test_a_log_level_of_one_component_changes_no_pod(production: Rendered) -> None:
    louder = render("--set", "matching.logLevel=debug")
    assert louder.of("ConfigMap")["jitney-log-levels"]["data"]["matching"] == "debug"
    assert louder.pods() == production.pods()


def test_replicas_are_left_to_the_autoscaler(renders: dict[str, Rendered]) -> None:
    deployments = renders["everything"].of("Deployment")
    assert "replicas" not in deployments["jitney-matching"]["spec"]
    assert deployments["jitney-rest"]["spec"]["replicas"] == 3
    assert set(renders["everything"].of("HorizontalPodAutoscaler")) == {"jitney-matching"}
    assert len(renders["everything"].of("ServiceMonitor")) == 6


def test_rules_and_dashboards_come_from_their_folders(renders: dict[str, Rendered]) -> None:
    rules = {f"jitney-{file.stem}" for file in (CHART / "rules").glob("*.yaml")}
    assert set(renders["everything"].of("PrometheusRule")) == rules
    dashboards = {f"jitney-dashboard-{file.stem}" for file in (CHART / "dashboards").glob("*.json")}
    boards = {k: v for k, v in renders["everything"].of("ConfigMap").items() if k != "jitney-log-levels"}
    assert set(boards) == dashboards
    for board in boards.values():
        assert all(json.loads(text) for text in board["data"].values())


@pytest.mark.parametrize("name", ["production", "dev"])
def test_the_outline_is_the_one_that_was_agreed(name: str, renders: dict[str, Rendered]) -> None:
    """What is made, and what each container is told; `GOLDEN=write` writes it anew."""
    rendered = renders[name]
    outline: dict[str, Any] = {
        "objects": sorted(
            f"{item['kind']}/{item['metadata']['name']} {hook_of(item)}".strip() for item in rendered.documents
        ),
        "containers": {
            f"{pod_name}/{container['name']}": {
                "image": container["image"],
                "args": container.get("args", []),
                "environment": {v["name"]: v.get("value", v.get("valueFrom")) for v in container.get("env", [])},
            }
            for pod_name, pod in rendered.pods().items()
            for container in containers_of(pod)
        },
    }
    path = GOLDEN / f"{name}.yaml"
    text = yaml.safe_dump(outline, width=120)
    if os.environ.get("GOLDEN") == "write":
        path.write_text(text)
    assert path.read_text() == text


def test_a_pooler_is_told_to_the_services_and_their_migrations_alone() -> None:
    told = {
        name
        for name, pod in render("--set", "pooler=prepared").pods().items()
        for container in pod["containers"]
        if {"name": "JITNEY_DATABASE_POOLER", "value": "prepared"} in container.get("env", [])
    }
    services = {"identity", "matching", "payment", "notification"}
    assert {name.rsplit("-", 1)[1] for name in told} == services
    assert {name.split("/")[0] for name in told} == {"Deployment", "Job"}


def test_a_replica_is_named_to_matching_alone_by_its_secret() -> None:
    told = {
        name: item["valueFrom"]["secretKeyRef"]["key"]
        for name, pod in render("--set", "readReplica=true").pods().items()
        for container in pod["containers"]
        for item in container.get("env", [])
        if item["name"] == "JITNEY_MATCHING_READ_DATABASE_URL"
    }
    assert list(told.values()) == ["read-database-url"]
    assert all(name.startswith("Deployment/") and name.endswith("-matching") for name in told)
