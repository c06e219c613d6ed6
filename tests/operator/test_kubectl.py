"""`kubectl`: the commands that people use on a KMSSecret, against the cluster in memory and a real one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from controlplane.build import programs
from controlplane.cluster import RealCluster
from secretsync_k8s.manifests import crd
from secretsync_k8s.testing import ClusterServer, MemoryCluster

pytestmark = pytest.mark.cluster

Kubectl = Callable[..., str]
Cluster = MemoryCluster | RealCluster
NAMESPACE = "shop"

MANIFEST = """
apiVersion: v1
kind: Secret
metadata: {name: universal-auth-credentials, namespace: shop}
stringData: {clientId: id, clientSecret: canary-9d21}
---
apiVersion: secrets.lux.network/v1alpha1
kind: KMSSecret
metadata: {name: sync, namespace: shop}
spec:
  authentication:
    universalAuth:
      credentialsRef: {secretName: universal-auth-credentials, secretNamespace: shop}
      secretsScope: {projectSlug: shop, envSlug: prod, secretsPath: /shop}
  managedSecretReference: {secretName: env, secretNamespace: shop}
"""
READY = {
    "type": "Ready",
    "status": "True",
    "reason": "Synced",
    "message": "3 keys",
    "lastTransitionTime": "2030-01-01T00:00:00Z",
}


@pytest.fixture(params=["memory", "real"])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    if request.param == "real":
        with RealCluster(request.getfixturevalue("plane")) as real:
            real.create("namespaces", {"metadata": {"name": NAMESPACE}})
            yield real
        return
    memory = MemoryCluster(crds=[crd("kmssecrets")])
    memory.create("namespaces", {"metadata": {"name": NAMESPACE}})
    yield memory


@pytest.fixture
def kubectl(cluster: Cluster, tmp_path: Path) -> Iterator[Kubectl]:
    with ExitStack() as stack:
        server = cluster if isinstance(cluster, RealCluster) else stack.enter_context(ClusterServer(cluster))
        server.write_kubeconfig(tmp_path / "kubeconfig", namespace=NAMESPACE)
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "kubeconfig")}

        def run(*arguments: str, stdin: str = "", fails: bool = False, **environ: str) -> str:
            # The cluster in memory describes no types, by which kubectl would check what it sends.
            unchecked = not isinstance(cluster, RealCluster) and arguments[0] in {"apply", "edit"}
            done = subprocess.run(
                [str(programs() / "kubectl"), *arguments, *(["--validate=false"] if unchecked else ())],
                input=stdin,
                capture_output=True,
                text=True,
                env=environment | environ,
                check=False,
                timeout=60,
            )
            assert (done.returncode != 0) is fails, done.stderr
            return done.stderr if fails else done.stdout

        yield run


@pytest.fixture
def applied(kubectl: Kubectl) -> Kubectl:
    kubectl("apply", "-f", "-", stdin=MANIFEST)
    return kubectl


def test_apply_creates_then_changes_only_what_differs(kubectl: Kubectl, cluster: Cluster) -> None:
    apply = ("apply", "-f", "-")
    created = kubectl(*apply, stdin=MANIFEST)
    assert "secret/universal-auth-credentials created" in created
    assert "kmssecret.secrets.lux.network/sync created" in created
    custom = MANIFEST.partition("---")[2]
    assert "unchanged" in kubectl(*apply, stdin=custom)
    assert "configured" in kubectl(*apply, stdin=custom.replace("prod", "dev"))
    scope = cluster.get("kmssecrets", "sync", namespace=NAMESPACE)["spec"]["authentication"]["universalAuth"][
        "secretsScope"
    ]
    assert scope["envSlug"] == "dev"


def test_apply_shows_what_the_schema_forbids(kubectl: Kubectl) -> None:
    wrong = MANIFEST.partition("---")[2].replace("spec:", "spec:\n  resyncInterval: 9")
    told = kubectl("apply", "-f", "-", stdin=wrong, fails=True)
    assert "spec.resyncInterval in body should be greater than or equal to 10" in told


def test_get_prints_the_columns_of_the_crd(applied: Kubectl, cluster: Cluster) -> None:
    cluster.patch(
        "kmssecrets",
        "sync",
        {"status": {"conditions": [READY], "secretsCount": 3}},
        namespace=NAMESPACE,
        subresource="status",
    )
    header, row = applied("get", "kmss").splitlines()
    assert header.split() == ["NAME", "AUTHENTICATED", "SYNCED", "REASON", "SECRETS", "LAST", "SYNC", "AGE"]
    assert row.split()[:3] == ["sync", "Synced", "3"]
    assert "MESSAGE" in applied("get", "kmssecrets", "-A", "-o", "wide")
    secrets = applied("get", "secrets").splitlines()
    assert secrets[1].split()[:3] == ["universal-auth-credentials", "Opaque", "2"]


def test_get_as_yaml(applied: Kubectl) -> None:
    text = applied("get", "kmssecret", "sync", "-o", "yaml")
    assert "resyncInterval: 60" in text
    assert "creationPolicy: Owner" in text


def test_describe_shows_conditions_and_events(applied: Kubectl, cluster: Cluster) -> None:
    made = cluster.patch(
        "kmssecrets", "sync", {"status": {"conditions": [READY]}}, namespace=NAMESPACE, subresource="status"
    )
    regarding = {name: made["metadata"][name] for name in ("name", "namespace", "uid")} | {
        "kind": "KMSSecret",
        "apiVersion": made["apiVersion"],
    }
    event = {
        "metadata": {"name": "sync.1"},
        "eventTime": "2030-01-01T00:00:00.000000Z",
        "reportingController": "secretsync",
        "reportingInstance": "secretsync-0",
        "action": "Sync",
        "regarding": regarding,
        "type": "Normal",
        "reason": "Created",
        "note": "Secret shop/env created",
    }
    cluster.create("events.events.k8s.io", event, namespace=NAMESPACE)
    text = applied("describe", "kmssecret", "sync")
    assert "Message:               3 keys" in text
    assert "Secret shop/env created" in text


def test_describe_shows_no_value_of_a_secret(applied: Kubectl) -> None:
    text = applied("describe", "secret", "universal-auth-credentials")
    assert "clientSecret:  11 bytes" in text


def test_delete(applied: Kubectl, cluster: Cluster) -> None:
    assert '"sync" deleted' in applied("delete", "kmss", "sync")
    assert cluster.list("kmssecrets")["items"] == []
    assert "not found" in applied("delete", "kmss", "sync", fails=True)


def test_wait_for_a_condition_and_for_the_end(applied: Kubectl, cluster: Cluster) -> None:
    waiting = "--timeout=30s"
    applied("wait", "--for=condition=established", "crd/kmssecrets.secrets.lux.network", waiting)
    cluster.patch("kmssecrets", "sync", {"status": {"conditions": [READY]}}, namespace=NAMESPACE, subresource="status")
    applied("wait", "--for=condition=Ready", "kmss/sync", waiting)
    cluster.delete("kmssecrets", "sync", namespace=NAMESPACE)
    applied("wait", "--for=delete", "kmss/sync", waiting)


def test_edit(applied: Kubectl, cluster: Cluster) -> None:
    """As a person does it, with an editor."""
    told = applied("edit", "kmss", "sync", KUBE_EDITOR="sed -i s/resyncInterval:.*/resyncInterval:\\ 90/")
    assert "kmssecret.secrets.lux.network/sync edited" in told
    assert cluster.get("kmssecrets", "sync", namespace=NAMESPACE)["spec"]["resyncInterval"] == 90
    told = applied("edit", "secret", "universal-auth-credentials", KUBE_EDITOR="sed -i s/clientId:.*/clientId:\\ bmV3/")
    assert "secret/universal-auth-credentials edited" in told
    held = cluster.get("secrets", "universal-auth-credentials", namespace=NAMESPACE)["data"]
    assert held["clientId"] == "bmV3"
    assert "clientSecret" in held
