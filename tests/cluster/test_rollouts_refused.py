"""An operator that may not restart workloads keeps Secrets all the same, on an API server that enforces it."""

from __future__ import annotations

import pytest

from canaries import canary
from real_stand import RealStand, install, manifests
from stand import NAMESPACE, PROJECT, kmssecret
from workloads import OURS, by_env_from, deploy, told, workload

pytestmark = pytest.mark.cluster

OF_APP = f"{OURS}managed-secret.app"


def without_patch(role: dict[str, object]) -> dict[str, object]:
    rules = [{**rule, "verbs": _left(rule)} for rule in role["rules"]]  # type: ignore[attr-defined]
    return {**role, "rules": rules}


def _left(rule: dict[str, list[str]]) -> list[str]:
    return [verb for verb in rule["verbs"] if verb != "patch" or "deployments" not in rule["resources"]]


@pytest.mark.row("kmssecret-56")
def test_a_patch_that_is_refused_is_told_and_made_once_it_is_allowed(stand: RealStand) -> None:
    stand.may_be_refused = True
    account, role, binding, *own = manifests("rbac-scoped")
    install(stand.real, [account, without_patch(role), binding, *own])
    stand.run_as(account["metadata"]["name"])
    kms = stand.kms({"/app": {"A": canary("a")}})
    version = "v2:of-an-operator-before"
    deploy(stand, workload("Deployment", "web", by_env_from("app"), told={"app": version}))
    stand.operator("--namespaces", NAMESPACE)
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    stand.until_event("app", "RolloutFailed")
    stand.until("kmssecrets", lambda: stand.condition("app", "AutoRedeployReady")["status"] == "False")
    assert stand.condition("app", "AutoRedeployReady")["reason"] == "Error"
    assert "let our service account patch deployments" in stand.condition("app", "AutoRedeployReady")["message"]
    value = canary("b")
    kms.model.put(PROJECT.slug, "prod", "/app", {"A": value})
    stand.until("secrets", lambda: stand.data("app") == {"A": value})
    assert stand.condition("app")["status"] == "True"
    stand.cluster.patch("roles", role["metadata"]["name"], {"rules": role["rules"]}, namespace=NAMESPACE)
    stand.until("deployments", lambda: told(stand, "Deployment", "web", of=OF_APP) == (current(stand),) * 2)
    stand.until("kmssecrets", lambda: stand.condition("app", "AutoRedeployReady")["status"] == "True")


def current(stand: RealStand) -> str:
    return str(stand.secret("app")["metadata"]["annotations"][f"{OURS}version"])
