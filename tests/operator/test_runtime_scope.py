"""An operator for some namespaces only: what it watches, where it stops, and by which Lease it leads (kmssecret §8.4)."""

from __future__ import annotations

import pytest

from canaries import canary
from stand import CREDENTIALS, NAMESPACE, OPERATOR_NAMESPACE, eventually, kmssecret
from workloads import KINDS

ELSEWHERE = "bank"


@pytest.fixture
def kms(stand):
    stand.namespace(ELSEWHERE)
    return stand.kms({"/app": {"A": canary()}})


def referring(kms, **reference):
    made = kmssecret("app", kms.url)
    if "credentials" in reference:
        made["spec"]["authentication"]["universalAuth"]["credentialsRef"]["secretNamespace"] = reference["credentials"]
    if "target" in reference:
        made["spec"]["managedSecretReference"]["secretNamespace"] = reference["target"]
    return made


@pytest.mark.row("kmssecret-63")
@pytest.mark.parametrize(
    ("reference", "reason", "what"),
    [
        pytest.param({"credentials": ELSEWHERE}, "CredentialsNotFound", f"Secret bank/{CREDENTIALS}", id="credentials"),
        pytest.param({"target": ELSEWHERE}, "TargetForbidden", "Secret bank/app", id="target"),
    ],
)
def test_a_reference_outside_is_refused_with_a_hint(stand, kms, reference, reason, what):
    stand.operator("--namespaces", NAMESPACE)
    stand.apply(referring(kms, **reference))
    ready = stand.until_reason("app", reason)
    assert ready["message"] == (
        f"{what}: this operator is installed for shop only; add bank to --namespaces and grant it there, "
        "or refer to one of these"
    )
    assert not [one for one in tuple(stand.cluster.requests) if one.namespace == ELSEWHERE and one.verb == "get"]


@pytest.mark.row("kmssecret-63")
@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(("--namespaces", "shop,third"), id="several"),
        pytest.param(("--namespace", "shop", "--namespaces", "third"), id="both flags"),
    ],
)
def test_it_works_in_its_namespaces_and_lists_nothing_else(stand, kms, argv):
    stand.namespace("third")
    operator = stand.operator(*argv)
    for namespace in (NAMESPACE, "third", ELSEWHERE):
        stand.apply(kmssecret("app", kms.url, namespace=namespace))
    for namespace in (NAMESPACE, "third"):  # without a watch: the log of requests shall hold the operator's alone
        eventually(lambda namespace=namespace: stand.condition("app", namespace=namespace).get("reason") == "Synced")
    eventually(lambda: operator.page("/readyz") == (200, "ok\n"))
    assert not stand.condition("app", namespace=ELSEWHERE)
    resources = ("kmssecrets", "secrets", *KINDS.values())
    scope = {(resource, namespace) for resource in resources for namespace in (NAMESPACE, "third")}
    scope.add(("configmaps", OPERATOR_NAMESPACE))
    eventually(lambda: scope <= follows(stand))  # readiness does not wait for workloads
    assert follows(stand) == scope


def follows(stand):
    """Return what was listed or watched, and in which namespace."""
    asked = tuple(stand.cluster.requests)
    return {(one.resource, one.namespace) for one in asked if one.verb in {"list", "watch"}}


def test_installs_for_different_namespaces_do_not_wait_for_each_other(stand, kms):
    stand.apply(kmssecret("app", kms.url), kmssecret("app", kms.url, namespace=ELSEWHERE))
    both = [stand.operator("--namespaces", namespace) for namespace in (NAMESPACE, ELSEWHERE)]
    for namespace in (NAMESPACE, ELSEWHERE):
        stand.until_ready("app", namespace=namespace)
    for operator in both:
        eventually(lambda operator=operator: operator.page("/readyz") == (200, "ok\n"))
    names = {lease["metadata"]["name"] for lease in stand.cluster.list("leases")["items"]}
    assert len(names) == 2
    assert all(name.startswith("cf2b8c44.lux.network-") for name in names)
