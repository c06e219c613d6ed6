"""Workloads are restarted when what they use has changed, and only then (kmssecret §6)."""

from __future__ import annotations

import pytest

from canaries import canary
from originals import GENERATIONS
from stand import NAMESPACE, PROJECT, kmssecret
from workloads import KINDS, OURS, by_env_from, container, deploy, pods, told, workload

OF_APP = f"{OURS}managed-secret.app"
VALUE_OF_APP = {"valueFrom": {"secretKeyRef": {"name": "app", "key": "A"}}}


def version(stand, secret="app"):
    return stand.secret(secret)["metadata"]["annotations"][f"{OURS}version"]


def is_told(stand, kind, name, *, of=OF_APP, secret="app"):
    """Whether a workload knows the version of a Secret as it is now, with its pods or without."""
    return told(stand, kind, name, of=of)[0] == version(stand, secret)


def is_restarted(stand, kind, name, *, of=OF_APP, secret="app"):
    return told(stand, kind, name, of=of) == (version(stand, secret),) * 2


def until_told(stand, *named, restarted=False):
    holds = is_restarted if restarted else is_told
    for kind, name in named:
        stand.until(KINDS[kind], lambda kind=kind, name=name: holds(stand, kind, name))


def change(stand, kms, text="another", path="/app"):
    """Have the KMS hold another value, and wait until the Secret does."""
    value = canary(text)
    kms.model.put(PROJECT.slug, "prod", path, {"A": value})
    stand.until("secrets", lambda: (stand.data(path.strip("/")) or {}).get("A") == value)


def patches(stand):
    """Return how often which workload was patched since `forget`."""
    counts = {}
    for one in stand.writes():
        if one.resource in KINDS.values() and one.verb == "patch":
            counts[one.resource, one.name] = counts.get((one.resource, one.name), 0) + 1
    return counts


@pytest.mark.row("kmssecret-53")
def test_a_take_over_restarts_nothing(stand):
    values = {"A": canary("a")}
    kms = stand.kms({"/app": values})
    left = GENERATIONS["first"]("app", kms.url, values)
    stand.cluster.create("secrets", left.secret, namespace=NAMESPACE)
    stand.apply(left.obj)
    before = version(stand)
    deploy(stand, workload("Deployment", "web", by_env_from("app"), told={"app": before}))
    deploy(stand, workload("Deployment", "new", by_env_from("app")))
    stand.forget()
    stand.operator()
    stand.until_ready("app")
    until_told(stand, ("Deployment", "new"))
    assert version(stand) == before
    assert told(stand, "Deployment", "new", of=OF_APP) == (before, ""), "its pods go on"
    assert patches(stand) == {("deployments", "new"): 1}
    change(stand, kms)
    until_told(stand, ("Deployment", "web"), ("Deployment", "new"), restarted=True)


@pytest.mark.row("kmssecret-54")
def test_a_change_restarts_who_uses_it_once_and_nobody_else(stand):
    projected = {"name": "v", "projected": {"sources": [{"secret": {"name": "app"}}]}}
    users = (
        workload("Deployment", "env-from", by_env_from("app")),
        workload("DaemonSet", "env", pods(container(env=[{"name": "A", **VALUE_OF_APP}]))),
        workload("StatefulSet", "volume", pods(volumes=[{"name": "v", "secret": {"secretName": "app"}}])),
        workload(
            "Deployment",
            "init",
            pods(initContainers=[{**container(envFrom=[{"secretRef": {"name": "app"}}]), "name": "init"}]),
        ),
        workload("Deployment", "projected", pods(volumes=[projected])),
    )
    others = (
        workload("Deployment", "silent", by_env_from("app"), reload=""),
        workload("Deployment", "other", by_env_from("credentials")),
        workload("Deployment", "images", pods(imagePullSecrets=[{"name": "app"}])),
    )
    named = [(one["kind"], one["metadata"]["name"]) for one in users]
    kms = stand.kms({"/app": {"A": canary("a")}})
    deploy(stand, *users, *others)
    operator = stand.operator()
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    until_told(stand, *named)
    assert not any(told(stand, kind, name, of=OF_APP)[1] for kind, name in named), "nobody is restarted by asking"
    stand.forget()
    change(stand, kms)
    until_told(stand, *named, restarted=True)
    assert patches(stand) == {(KINDS[kind], name): 1 for kind, name in named}
    message = "number of workloads restarted: 5"
    stand.until("kmssecrets", lambda: stand.condition("app", "AutoRedeployReady")["message"] == message)
    notes = {one["note"] for one in stand.events("app", "RolloutTriggered")}
    assert notes == {f"{kind} {NAMESPACE}/{name} is restarted for Secret app" for kind, name in named}
    series = 'secretsync_kmssecret_rollouts_total{kind="Deployment",result="success"}'
    assert operator.metric(series) == 3.0
