"""Who may talk to whom: the arrows of docs/architecture.md and of the code, and no more."""

from typing import Any

import pytest
import yaml

from identity_service.settings import IdentitySettings
from matching_service.settings import MatchingSettings
from notification_service.settings import NotificationSettings
from payment_service.settings import PaymentSettings
from rider_api.settings import EdgeSettings
from tests.chart.render import CHART, Rendered, render

FACTS: dict[str, dict[str, Any]] = yaml.safe_load((CHART / "components.yaml").read_text())
SETTINGS = {
    "identity": IdentitySettings,
    "matching": MatchingSettings,
    "payment": PaymentSettings,
    "notification": NotificationSettings,
    "rest": EdgeSettings,
}


def name_of(labels: dict[str, str]) -> str:
    return labels["app.kubernetes.io/name"].removeprefix("jitney-")


def ports(rule: dict[str, Any]) -> set[int]:
    return {port["port"] for port in rule["ports"]}


def arrows(rendered: Rendered, way: str, peers: str) -> set[tuple[str, str, int]]:
    """(whose policy, the other end, port) for rules that name pods."""
    found: set[tuple[str, str, int]] = set()
    for policy in rendered.of("NetworkPolicy").values():
        selector = policy["spec"]["podSelector"]["matchLabels"]
        if "app.kubernetes.io/name" not in selector:
            continue
        for rule in policy["spec"].get(way, []):
            for peer in rule[peers]:
                if "podSelector" in peer:
                    other = name_of(peer["podSelector"]["matchLabels"])
                    found |= {(name_of(selector), other, port) for port in ports(rule)}
    return found


def peers_of(policy: dict[str, Any]) -> list[dict[str, Any]]:
    """The ends of a policy's rules that name pods."""
    spec = policy["spec"]
    rules = [*(rule["from"] for rule in spec.get("ingress", [])), *(rule["to"] for rule in spec.get("egress", []))]
    return [peer for peers in rules for peer in peers if "app.kubernetes.io/name" in matched(peer)]


def matched(peer: dict[str, Any]) -> dict[str, str]:
    return peer.get("podSelector", {}).get("matchLabels", {})


@pytest.mark.parametrize("name", SETTINGS)
def test_a_component_may_call_whom_its_settings_have_a_target_for(name: str) -> None:
    targets = {field.removesuffix("_target") for field in SETTINGS[name].model_fields if field.endswith("_target")}
    assert set(FACTS[name]["calls"]) == targets


def test_the_stream_asks_matching_alone() -> None:
    assert FACTS["stream"]["calls"] == ["matching"]


def test_all_is_denied_to_everything_of_the_release(rendered: Rendered) -> None:
    deny = rendered.of("NetworkPolicy")["jitney-deny"]["spec"]
    assert deny["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in deny
    assert "egress" not in deny
    for item in rendered.documents:
        template = (
            item["spec"].get("template", item) if item["kind"] in {"Deployment", "StatefulSet", "Job", "Pod"} else None
        )
        if template is not None:
            labels = template["metadata"]["labels"]
            assert all(labels.get(key) == value for key, value in deny["podSelector"]["matchLabels"].items())


def test_production_allows_the_arrows_between_components_and_no_other(production: Rendered) -> None:
    expected = {(name, callee, FACTS[callee]["port"]) for name, facts in FACTS.items() for callee in facts["calls"]}
    health = {("health", name, facts["port"]) for name, facts in FACTS.items()}

    assert arrows(production, "egress", "to") == expected | health
    received = {(caller, callee, port) for callee, caller, port in arrows(production, "ingress", "from")}
    assert received == expected | health


def test_both_ends_of_every_arrow_of_a_dev_release_agree(dev: Rendered) -> None:
    sent = arrows(dev, "egress", "to")
    received = {(caller, callee, port) for callee, caller, port in arrows(dev, "ingress", "from")}
    assert sent <= received
    assert {(caller, callee) for caller, callee, _ in received - sent} == set()


def test_two_releases_that_share_the_services_reach_each_other() -> None:
    """One runs notification alone, the other all the rest: each lets the other's pods in and out, by what they are."""
    rest = render("--set", "notification.enabled=false")
    alone = render(*(part for name in FACTS if name != "notification" for part in ("--set", f"{name}.enabled=false")))
    expected = {(name, callee, FACTS[callee]["port"]) for name, facts in FACTS.items() for callee in facts["calls"]}

    for one, other in ((rest, alone), (alone, rest)):
        sent = {arrow for arrow in arrows(one, "egress", "to") if arrow in expected}
        received = {(caller, callee, port) for callee, caller, port in arrows(other, "ingress", "from")}
        ours = {component for component in FACTS if f"jitney-{component}" in one.of("Deployment")}
        across = {arrow for arrow in sent if arrow[1] not in ours}
        assert across
        assert across <= received
        for policy in one.of("NetworkPolicy").values():
            for peer in peers_of(policy):
                labels = peer["podSelector"]["matchLabels"]
                if name_of(labels) in FACTS and name_of(labels) not in ours:
                    assert "app.kubernetes.io/instance" not in labels


def test_only_those_that_have_a_database_reach_one(dev: Rendered, production: Rendered) -> None:
    databases = {name for name, facts in FACTS.items() if facts.get("database")}
    assert {name for name, other, _ in arrows(dev, "egress", "to") if other == "postgres"} == databases | {"databases"}
    for name, policy in production.of("NetworkPolicy").items():
        reached = {port for rule in policy["spec"].get("egress", []) for port in ports(rule)}
        component = name.removeprefix("jitney-")
        assert (5432 in reached) == (component.removeprefix("migrate-") in databases), name
        assert (6379 in reached) == (component in FACTS), name


def test_only_payment_and_notification_reach_the_world_and_no_private_network_by_that(production: Rendered) -> None:
    for name, policy in production.of("NetworkPolicy").items():
        rules = [rule for rule in policy["spec"].get("egress", []) if 443 in ports(rule)]
        assert bool(rules) == (name in {"jitney-payment", "jitney-notification"}), name
        for peer in (peer for rule in rules for peer in rule["to"]):
            assert peer["ipBlock"]["except"]


def test_the_world_enters_by_the_edge_alone(production: Rendered) -> None:
    everywhere = {"namespaceSelector": {}}
    for name, policy in production.of("NetworkPolicy").items():
        open_to = {
            port for rule in policy["spec"].get("ingress", []) if everywhere in rule["from"] for port in ports(rule)
        }
        assert open_to == {"jitney-rest": {8080}, "jitney-stream": {8081}}.get(name, set()), name
