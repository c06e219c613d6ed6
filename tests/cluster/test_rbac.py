"""The roles of `deploy/` are those that the operator needs, by the audit log of an API server that enforces them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from canaries import canary
from controlplane.audit import Asked
from real_stand import RealStand, install, manifests, user
from stand import NAMESPACE, OPERATOR_NAMESPACE, PROJECT, kmssecret
from workloads import KINDS, OURS, by_env_from, deploy, told, workload

pytestmark = pytest.mark.cluster

Json = dict[str, Any]
Right = tuple[str, str, str]
"""Group, resource with its sub-resource, verb."""

ELSEWHERE = "other"
GRANT = f"{OURS}allow-from-namespaces"
OF_APP = f"{OURS}managed-secret.app"
UNSEEN: frozenset[Right] = frozenset({("secrets.lux.network", "kmssecrets/finalizers", "update")})
"""What admission asks about, and no request: without it a Secret with an owner is refused."""


def granted(made: Iterable[Json]) -> Iterator[Right]:
    for rule in (rule for manifest in made for rule in manifest.get("rules", ())):
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                yield from ((group, resource, verb) for verb in rule["verbs"])


def used(asked: Iterable[Asked], account: str) -> Iterator[Right]:
    for one in asked:
        if one.user == user(account):
            yield one.group, f"{one.resource}/{one.subresource}" if one.subresource else one.resource, one.verb


def names(stand: RealStand) -> set[str]:
    return {one["metadata"]["name"] for one in stand.cluster.list("configmaps", namespace=NAMESPACE)["items"]}


def life(stand: RealStand, *argv: str) -> None:
    """Have an operator do everything it does to a cluster."""
    kms = stand.kms({"/app": {"A": canary()}})
    config = {"metadata": {"name": "kms-config"}, "data": {"hostAPI": kms.url}}
    stand.cluster.create("configmaps", config, namespace=OPERATOR_NAMESPACE)
    operator = stand.operator("--cross-namespace=Annotated", *argv)
    stand.apply(kmssecret("app", kms.url, policy="Owner"))
    stand.until_ready("app")
    deploy(stand, *(workload(kind, "web", by_env_from("app")) for kind in KINDS))
    for kind, resource in KINDS.items():
        stand.until(resource, lambda kind=kind: told(stand, kind, "web", of=OF_APP)[0])
    kms.model.put(PROJECT.slug, "prod", "/app", {"A": canary()})
    stand.until_event("app", "Updated")
    for kind, resource in KINDS.items():
        stand.until(resource, lambda kind=kind: told(stand, kind, "web", of=OF_APP)[1])
    grant = {"metadata": {"annotations": {GRANT: NAMESPACE}}}
    stand.cluster.patch("namespaces", ELSEWHERE, grant)
    far = kmssecret("far", kms.url, policy="Owner")
    far["spec"]["managedSecretReference"]["secretNamespace"] = ELSEWHERE
    stand.apply(far)
    stand.until_ready("far")
    stand.cluster.delete("kmssecrets", "far", namespace=NAMESPACE)
    stand.until("secrets", lambda: stand.data("far", namespace=ELSEWHERE) is None)
    stand.until("kmssecrets", lambda: len(stand.cluster.list("kmssecrets")["items"]) == 1)
    assert operator.stop() == 0  # by which it gives its Lease back


def test_no_right_is_missing_and_none_is_too_much(stand: RealStand) -> None:
    stand.namespace(ELSEWHERE)
    life(stand)
    needed = set(used(stand.real.asked(), "secretsync-operator"))
    assert set(granted(manifests())) - needed == UNSEEN


def test_to_log_in_as_service_accounts_takes_a_role_of_its_own(stand: RealStand) -> None:
    stand.grant("rbac-kubernetes-auth")
    stand.cluster.create("serviceaccounts", {"metadata": {"name": "web"}}, namespace=NAMESPACE)
    kms = stand.kms({"/app": {"A": canary()}})
    stand.operator()
    manifest = kmssecret("app", kms.url)
    blocks = manifest["spec"]["authentication"]
    scope = blocks.pop("universalAuth")["secretsScope"]
    account = {"name": "web", "namespace": NAMESPACE}
    blocks["kubernetesAuth"] = {"identityId": "nobody", "serviceAccountRef": account, "secretsScope": scope}
    stand.apply(manifest)
    stand.until_reason("app", "AuthenticationFailed")
    needed = set(used(stand.real.asked(), "secretsync-operator"))
    assert set(granted(manifests("rbac-kubernetes-auth"))) - needed == set()


def test_config_maps_as_targets_take_a_role_of_their_own(stand: RealStand) -> None:
    stand.grant("rbac-configmaps")
    kms = stand.kms({"/text": {"A": "for all to read"}})
    stand.operator()
    text = {"configMapName": "text", "configMapNamespace": NAMESPACE, "creationPolicy": "Owner"}
    several = kmssecret("several", kms.url, path="/text")
    several["spec"]["managedKubeConfigMapReferences"] = [text, {**text, "configMapName": "more"}]
    stand.apply(several)
    stand.until_ready("several")
    fewer = {"spec": {"managedKubeConfigMapReferences": [text]}}
    stand.cluster.patch("kmssecrets", "several", fewer, namespace=NAMESPACE)
    stand.until("configmaps", lambda: "more" not in names(stand))
    kms.model.put(PROJECT.slug, "prod", "/text", {"A": "news"})
    stand.until_event("several", "Updated")
    needed = set(used(stand.real.asked(), "secretsync-operator"))
    assert set(granted(manifests("rbac-configmaps"))) - needed == set()


@pytest.mark.row("kmssecret-63")
def test_an_operator_for_some_namespaces_needs_no_right_in_the_cluster(stand: RealStand) -> None:
    stand.namespace(ELSEWHERE)
    account, role, binding, *own = manifests("rbac-scoped")
    again = [{**one, "metadata": one["metadata"] | {"namespace": ELSEWHERE}} for one in (role, binding)]
    install(stand.real, [account, role, binding, *again, *own])
    stand.run_as(account["metadata"]["name"])
    life(stand, "--namespaces", f"{NAMESPACE},{ELSEWHERE}")
    needed = set(used(stand.real.asked(), account["metadata"]["name"]))
    assert set(granted([role, *own])) - needed == UNSEEN
