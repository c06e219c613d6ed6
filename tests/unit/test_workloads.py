"""What workloads use and are told, as the engine sees it (kmssecret §6)."""

from __future__ import annotations

import pytest

from secretsync.errors import Defect, Forbidden, TargetForbidden, TargetInvalid, TargetMoved
from secretsync.targets import Create, Ref, Update
from secretsync.values import Version
from secretsync_k8s.cluster import workloads
from secretsync_k8s.cluster.pods import Use, uses
from secretsync_k8s.cluster.resources import DEPLOYMENTS
from secretsync_k8s.cluster.transport import ApiError
from secretsync_k8s.cluster.workloads import HOST, Workloads, annotation, asked_ways, followed, observed, restarts
from secretsync_k8s.testing import MemoryCluster
from secretsync_k8s.testing.direct import DirectTransport

OURS = "secrets.lux.network/"
WEB = Ref(HOST, "Deployment", "web", "default")
APP, FLAGS = Use("Secret", "app"), Use("ConfigMap", "flags")


def named(part, field, kind):
    return {part: {field: kind}}


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        pytest.param({"containers": [{"envFrom": [{"secretRef": {"name": "app"}}]}]}, {APP: {"env"}}, id="envFrom"),
        pytest.param(
            {"containers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "app"}}}]}]}, {APP: {"env"}}, id="env"
        ),
        pytest.param({"containers": [{"env": [{"name": "A", "value": "1"}]}]}, {}, id="a plain variable"),
        pytest.param({"initContainers": [{"envFrom": [{"secretRef": {"name": "app"}}]}]}, {APP: {"env"}}, id="init"),
        pytest.param(
            {"ephemeralContainers": [{"envFrom": [{"secretRef": {"name": "app"}}]}]}, {APP: {"env"}}, id="ephemeral"
        ),
        pytest.param({"volumes": [{"secret": {"secretName": "app"}}]}, {APP: {"volume"}}, id="volume"),
        pytest.param(
            {"volumes": [{"projected": {"sources": [{"secret": {"name": "app"}}, {"configMap": {"name": "flags"}}]}}]},
            {APP: {"volume"}, FLAGS: {"volume"}},
            id="projected",
        ),
        pytest.param(
            {
                "containers": [{"envFrom": [{"configMapRef": {"name": "flags"}}]}],
                "volumes": [{"configMap": {"name": "flags"}}],
            },
            {FLAGS: {"env", "volume"}},
            id="in both ways",
        ),
        pytest.param(
            {"containers": [{"env": [{"valueFrom": {"configMapKeyRef": {"name": "flags"}}}]}]},
            {FLAGS: {"env"}},
            id="ConfigMap key",
        ),
        pytest.param({"imagePullSecrets": [{"name": "app"}]}, {}, id="what fetches images"),
        pytest.param({"containers": None, "volumes": None}, {}, id="nulls"),
    ],
)
def test_what_pods_use_and_how(spec, found):
    assert uses({"spec": spec}) == found


@pytest.mark.row("kmssecret-55")
@pytest.mark.parametrize(
    ("use", "name"),
    [
        pytest.param(Use("Secret", "app"), "managed-secret.app", id="short"),
        pytest.param(Use("Secret", "a" * 48), f"managed-secret.{'a' * 48}", id="just short enough"),
        pytest.param(Use("Secret", "a" * 60), f"managed-secret.{'a' * 39}-11ee3912", id="long"),
        pytest.param(Use("ConfigMap", "a" * 45), f"managed-configmap.{'a' * 45}", id="ConfigMap, just short enough"),
        pytest.param(Use("ConfigMap", "a" * 46), f"managed-configmap.{'a' * 36}-6643110c", id="ConfigMap, long"),
    ],
)
def test_the_name_of_the_annotation_fits(use, name):
    assert annotation(use) == OURS + name
    assert len(name) <= 63


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("true", {"env", "volume"}),
        ("env", {"env"}),
        ("volume, env", {"env", "volume"}),
        ("false", set()),
        ("", set()),
        ("TRUE", set()),
    ],
)
def test_how_a_workload_asks(text, ways):
    assert asked_ways(text) == ways


def deployment(*, reload="true", **spec):
    template = {"spec": {"containers": [{"envFrom": [{"secretRef": {"name": "app"}}]}]}}
    metadata = {"name": "web", "annotations": {f"{OURS}auto-reload": reload, "theirs": "x"}}
    return {"metadata": metadata, "spec": {"replicas": 2, "template": template, **spec}}


@pytest.fixture
def cluster() -> MemoryCluster:
    return MemoryCluster()


def seen(cluster):
    return observed(cluster.get("deployments", "web"))


def tell(cluster, attributes, *, uid=""):
    now = seen(cluster)
    action = Update({}, frozenset(), attributes, workloads.MARK, uid or now.uid, now.version)
    return Workloads(DirectTransport(cluster)).perform(WEB, action, subject="web")


def test_only_ways_that_count_are_followed(cluster):
    cluster.create("deployments", deployment(reload="volume"))
    assert list(followed(seen(cluster))) == []
    cluster.patch("deployments", "web", {"metadata": {"annotations": {f"{OURS}auto-reload": "env"}}})
    assert list(followed(seen(cluster))) == [APP]


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({}, ""),
        ({"paused": False}, ""),
        ({"paused": True}, "paused"),
        ({"updateStrategy": {"type": "OnDelete"}}, "OnDelete"),
        ({"updateStrategy": {"type": "RollingUpdate"}}, ""),
    ],
)
def test_why_another_template_would_start_nothing(cluster, spec, why):
    cluster.create("deployments", deployment(**spec))
    assert workloads.held(seen(cluster)) == why


def test_what_concerns_nobody_here_is_not_seen(cluster):
    cluster.create("deployments", deployment())
    before = seen(cluster)
    cluster.patch("deployments", "web", {"metadata": {"annotations": {"theirs": "y"}}, "spec": {"replicas": 5}})
    assert seen(cluster).attributes == before.attributes


@pytest.mark.row("kmssecret-57")
def test_a_patch_writes_nothing_but_our_annotations(cluster):
    cluster.create("deployments", deployment())
    action = Update({}, frozenset(), restarts(APP, "v1"), workloads.MARK, seen(cluster).uid, Version("1"))
    cluster.patch("deployments", "web", {"spec": {"replicas": 7}})  # after the look, before the patch
    answer = Workloads(DirectTransport(cluster)).perform(WEB, action, subject="web")
    live = cluster.get("deployments", "web")
    assert live["spec"]["replicas"] == 7
    assert live["metadata"]["annotations"]["theirs"] == "x"
    assert workloads.was_restarted(answer.value, APP, "v1")


def test_to_be_told_alone_leaves_the_pods(cluster):
    cluster.create("deployments", deployment())
    tell(cluster, workloads.remembers(APP, "v1"))
    live = cluster.get("deployments", "web")
    assert live["metadata"]["annotations"][annotation(APP)] == "v1"
    assert live["metadata"]["generation"] == 1
    assert workloads.told(seen(cluster), APP) == "v1"
    assert not workloads.was_restarted(seen(cluster), APP, "v1")


def test_another_of_the_same_name_is_not_touched(cluster):
    cluster.create("deployments", deployment())
    with pytest.raises(TargetMoved, match="it is gone, or another by now"):
        tell(cluster, restarts(APP, "v1"), uid="another")
    assert not workloads.told(seen(cluster), APP)


def test_one_that_is_gone_is_not_made(cluster):
    cluster.create("deployments", deployment())
    now = seen(cluster)
    cluster.delete("deployments", "web")
    action = Update({}, frozenset(), restarts(APP, "v1"), workloads.MARK, now.uid, now.version)
    place = Workloads(DirectTransport(cluster))
    with pytest.raises(TargetMoved):
        place.perform(WEB, action, subject="web")
    with pytest.raises(Defect, match="Create of a workload"):
        place.perform(WEB, Create({}, {}, workloads.MARK), subject="web")
    assert cluster.list("deployments")["items"] == []


class Refusing:
    """A transport that is refused."""

    def __init__(self, error):
        self.error = error

    def request(self, *args, **named):
        raise self.error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        pytest.param(
            Forbidden("the kubernetes API", "PATCH", "forbidden"),
            (TargetForbidden, "let our service account patch deployments in namespace default"),
            id="no right to",
        ),
        pytest.param(
            ApiError("PATCH", "Invalid", status=422, causes=("spec.selector: FieldValueInvalid",)),
            (TargetInvalid, "spec.selector: FieldValueInvalid"),
            id="not accepted",
        ),
    ],
)
def test_what_is_refused_says_what_to_do(error, told):
    kind, text = told
    action = Update({}, frozenset(), restarts(APP, "v1"), workloads.MARK, "uid", Version("1"))
    with pytest.raises(kind, match=text):
        Workloads(Refusing(error)).perform(WEB, action, subject="web")


ARGO = {
    "metadata": {"name": "rollouts.argoproj.io"},
    "spec": {
        "group": "argoproj.io",
        "scope": "Namespaced",
        "names": {"plural": "rollouts", "kind": "Rollout"},
        "versions": [{"name": "v1alpha1", "served": True, "storage": True}],
    },
}


def test_argo_rollouts_are_followed_where_there_are_any(cluster):
    transport = DirectTransport(cluster)
    assert DEPLOYMENTS in workloads.served(transport)
    assert "rollouts" not in {one.plural for one in workloads.served(transport)}
    cluster.create("customresourcedefinitions", ARGO)
    assert "rollouts" in {one.plural for one in workloads.served(transport)}
