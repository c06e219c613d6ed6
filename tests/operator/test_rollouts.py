"""Workloads are restarted when what they use has changed, and only then (kmssecret §6)."""

from __future__ import annotations

from itertools import count
from threading import Event, Thread

import pytest

from canaries import canary
from originals import GENERATIONS
from stand import NAMESPACE, PROJECT, eventually, kmssecret
from workloads import KINDS, OURS, RESOURCES, by_env_from, container, deploy, pods, told, workload

OF_APP = f"{OURS}managed-secret.app"
VALUE_OF_APP = {"valueFrom": {"secretKeyRef": {"name": "app", "key": "A"}}}


def version(stand, secret="app"):
    """Return the version of a Secret, None where it is not there yet."""
    found = stand.secret_if_there(secret)
    return found["metadata"]["annotations"][f"{OURS}version"] if found else None


def is_told(stand, kind, name, *, of=OF_APP, secret="app"):
    """Whether a workload knows the version of a Secret as it is now, with its pods or without."""
    return told(stand, kind, name, of=of)[0] == version(stand, secret)


def is_restarted(stand, kind, name, *, of=OF_APP, secret="app"):
    return told(stand, kind, name, of=of) == (version(stand, secret),) * 2


def until_told(stand, *named, restarted=False):
    holds = is_restarted if restarted else is_told
    for kind, name in named:
        stand.until(RESOURCES[kind], lambda kind=kind, name=name: holds(stand, kind, name))


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


@pytest.mark.row("kmssecret-55")
def test_a_secret_with_a_long_name_restarts_who_uses_it(stand):
    name = "a" * 60
    of = f"{OURS}managed-secret.{'a' * 39}-11ee3912"
    kms = stand.kms({"/app": {"A": canary("a")}})
    deploy(stand, workload("Deployment", "web", by_env_from(name)))
    stand.operator()
    stand.apply(kmssecret("app", kms.url, target=name))
    stand.until("deployments", lambda: told(stand, "Deployment", "web", of=of)[0])
    before = version(stand, name)
    kms.model.put(PROJECT.slug, "prod", "/app", {"A": canary("b")})
    stand.until("secrets", lambda: version(stand, name) != before)
    stand.until("deployments", lambda: is_restarted(stand, "Deployment", "web", of=of, secret=name))


def redeploy(stand):
    """Return status and reason of the condition about workloads."""
    found = stand.condition("app", "AutoRedeployReady")
    return found.get("status"), found.get("reason")


@pytest.mark.row("kmssecret-56")
def test_a_paused_deployment_is_skipped_and_restarted_when_it_goes_on(stand):
    kms = stand.kms({"/app": {"A": canary("a")}})
    deploy(stand, workload("Deployment", "web", by_env_from("app"), paused=True))
    stand.operator()
    stand.apply(kmssecret("app", kms.url))
    until_told(stand, ("Deployment", "web"))
    stand.until_ready("app")
    change(stand, kms)
    stand.until_event("app", "RolloutSkipped")
    assert told(stand, "Deployment", "web", of=OF_APP)[1] == ""
    assert stand.condition("app")["status"] == "True"
    stand.cluster.patch("deployments", "web", {"spec": {"paused": None}}, namespace=NAMESPACE)
    until_told(stand, ("Deployment", "web"), restarted=True)
    stand.until("kmssecrets", lambda: redeploy(stand) == ("True", "OK"))


@pytest.mark.memory
@pytest.mark.row("kmssecret-56")
def test_what_may_not_be_patched_is_told_and_tried_again_while_secrets_are_in_step(stand):
    kms = stand.kms({"/app": {"A": canary("a")}})
    deploy(stand, workload("Deployment", "web", by_env_from("app")))
    operator = stand.operator()
    stand.apply(kmssecret("app", kms.url))
    until_told(stand, ("Deployment", "web"))
    stand.until_ready("app")
    stand.cluster.fail(status=403, verb="patch", resource="deployments", times=1000)
    change(stand, kms)
    stand.until("kmssecrets", lambda: redeploy(stand) == ("False", "Error"))
    stand.until_event("app", "RolloutFailed")
    assert stand.condition("app")["status"] == "True"
    change(stand, kms, "one more")
    stand.cluster.heal()
    until_told(stand, ("Deployment", "web"), restarted=True)
    stand.until("kmssecrets", lambda: redeploy(stand) == ("True", "OK"))
    assert operator.metric('secretsync_kmssecret_ready{name="app",namespace="shop"}') == 1.0


@pytest.mark.memory
def test_without_the_right_to_see_workloads_secrets_are_kept_all_the_same(stand):
    stand.cluster.fail(status=403, verb="list", resource="deployments", times=1000)
    kms = stand.kms({"/app": {"A": canary("a")}})
    deploy(stand, workload("StatefulSet", "db", by_env_from("app")))
    operator = stand.operator()
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    operator.line("cannot follow /apis/apps/v1/deployments")
    assert eventually(lambda: operator.page("/readyz")[0] == 200)
    until_told(stand, ("StatefulSet", "db"))
    change(stand, kms)
    until_told(stand, ("StatefulSet", "db"), restarted=True)


class Scaler:
    """Somebody who scales a Deployment all the time, and looks whether that holds."""

    def __init__(self, stand) -> None:
        self._cluster = stand.beside()
        self._over = Event()
        self.replicas = 0
        self.lost: list[tuple[int, int]] = []
        self._thread = Thread(target=self._scale)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _scale(self):
        for number in count(1):
            if self._over.wait(0.02):
                return
            self._cluster.patch("deployments", "web", {"spec": {"replicas": number}}, namespace=NAMESPACE)
            found = self._cluster.get("deployments", "web", namespace=NAMESPACE)["spec"]["replicas"]
            self.lost += [(number, found)] if found != number else []
            self.replicas = number


@pytest.mark.row("kmssecret-57")
def test_whoever_scales_a_deployment_meanwhile_is_not_undone(stand):
    kms = stand.kms({"/app": {"A": canary("a")}})
    deploy(stand, workload("Deployment", "web", by_env_from("app")))
    stand.operator()
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    until_told(stand, ("Deployment", "web"))
    with Scaler(stand) as scaler:
        for number in range(3):
            change(stand, kms, f"value-{number}")
            until_told(stand, ("Deployment", "web"), restarted=True)
    assert scaler.lost == []
    assert stand.cluster.get("deployments", "web", namespace=NAMESPACE)["spec"]["replicas"] == scaler.replicas


@pytest.mark.memory
def test_an_argo_rollout_is_restarted_where_there_are_any(stand):
    structure = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    served = {"name": "v1alpha1", "served": True, "storage": True, "schema": structure}
    names = {"plural": "rollouts", "kind": "Rollout"}
    spec = {"group": "argoproj.io", "scope": "Namespaced", "names": names, "versions": [served]}
    stand.cluster.create("customresourcedefinitions", {"metadata": {"name": "rollouts.argoproj.io"}, "spec": spec})
    made = workload("Rollout", "web", by_env_from("app"))
    stand.cluster.create("rollouts", {**made, "apiVersion": "argoproj.io/v1alpha1"}, namespace=NAMESPACE)
    kms = stand.kms({"/app": {"A": canary("a")}})
    stand.operator()
    stand.apply(kmssecret("app", kms.url))
    until_told(stand, ("Rollout", "web"))
    change(stand, kms)
    until_told(stand, ("Rollout", "web"), restarted=True)


@pytest.mark.parametrize("stand", ["memory", pytest.param("real", marks=pytest.mark.cluster)], indirect=True)
def test_a_config_map_restarts_who_uses_it(stand):
    stand.grant("rbac-configmaps")
    of = f"{OURS}managed-configmap.flags"
    kms = stand.kms({"/flags": {"LEVEL": "info"}})
    volume = {"name": "v", "configMap": {"name": "flags"}}
    deploy(stand, workload("Deployment", "web", pods(volumes=[volume])))
    deploy(stand, workload("Deployment", "veto", pods(volumes=[volume]), reload="env"))
    stand.operator()
    manifest = kmssecret("app", kms.url, path="/flags")
    del manifest["spec"]["managedSecretReference"]
    kept = {"configMapName": "flags", "configMapNamespace": NAMESPACE, "creationPolicy": "Orphan"}
    manifest["spec"]["managedKubeConfigMapReferences"] = [kept]
    stand.apply(manifest)
    stand.until("deployments", lambda: told(stand, "Deployment", "web", of=of)[0])
    before = told(stand, "Deployment", "web", of=of)[0]
    kms.model.put(PROJECT.slug, "prod", "/flags", {"LEVEL": "debug"})
    stand.until("deployments", lambda: told(stand, "Deployment", "web", of=of)[1])
    itself, in_pods = told(stand, "Deployment", "web", of=of)
    assert itself == in_pods != before
    assert told(stand, "Deployment", "veto", of=of) == ("", "")
