"""MemoryCluster under `kubectl`: the commands that people use on a KMSSecret."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from secretsync_k8s.manifests import crd
from secretsync_k8s.testing import ClusterServer, MemoryCluster

KUBECTL = os.environ.get("KUBECTL") or shutil.which("kubectl")
pytestmark = pytest.mark.skipif(
    KUBECTL is None,
    reason="kubectl is not on the PATH: install it, or build k8s.io/kubernetes/cmd/kubectl with Go, and set KUBECTL",
)

Kubectl = Callable[..., str]

MANIFEST = """
apiVersion: v1
kind: Secret
metadata: {name: universal-auth-credentials, namespace: default}
stringData: {clientId: id, clientSecret: canary-9d21}
---
apiVersion: secrets.lux.network/v1alpha1
kind: KMSSecret
metadata: {name: sync, namespace: default}
spec:
  authentication:
    universalAuth:
      credentialsRef: {secretName: universal-auth-credentials, secretNamespace: default}
      secretsScope: {projectSlug: shop, envSlug: prod, secretsPath: /shop}
  managedSecretReference: {secretName: env, secretNamespace: default}
"""
READY = {
    "type": "Ready",
    "status": "True",
    "reason": "Synced",
    "message": "3 keys",
    "lastTransitionTime": "2030-01-01T00:00:00Z",
}


@pytest.fixture
def cluster() -> MemoryCluster:
    return MemoryCluster(crds=[crd("kmssecrets")])


@pytest.fixture
def kubectl(cluster: MemoryCluster, tmp_path: Path) -> Iterator[Kubectl]:
    with ClusterServer(cluster) as server:
        server.write_kubeconfig(tmp_path / "kubeconfig")
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "kubeconfig")}

        def run(*arguments: str, stdin: str = "", fails: bool = False) -> str:
            command = [str(KUBECTL), *arguments]
            done = subprocess.run(
                command, input=stdin, capture_output=True, text=True, env=environment, check=False, timeout=60
            )
            assert (done.returncode != 0) is fails, done.stderr
            return done.stderr if fails else done.stdout

        yield run


@pytest.fixture
def applied(kubectl: Kubectl) -> Kubectl:
    kubectl("apply", "--validate=false", "-f", "-", stdin=MANIFEST)
    return kubectl


def test_apply_creates_then_changes_only_what_differs(kubectl: Kubectl, cluster: MemoryCluster) -> None:
    apply = ("apply", "--validate=false", "-f", "-")
    created = kubectl(*apply, stdin=MANIFEST)
    assert "secret/universal-auth-credentials created" in created
    assert "kmssecret.secrets.lux.network/sync created" in created
    custom = MANIFEST.partition("---")[2]
    assert "unchanged" in kubectl(*apply, stdin=custom)
    assert "configured" in kubectl(*apply, stdin=custom.replace("prod", "dev"))
    scope = cluster.get("kmssecrets", "sync")["spec"]["authentication"]["universalAuth"]["secretsScope"]
    assert scope["envSlug"] == "dev"


def test_apply_shows_what_the_schema_forbids(kubectl: Kubectl) -> None:
    wrong = MANIFEST.partition("---")[2].replace("spec:", "spec:\n  resyncInterval: 9")
    told = kubectl("apply", "--validate=false", "-f", "-", stdin=wrong, fails=True)
    assert "spec.resyncInterval in body should be greater than or equal to 10" in told


def test_get_prints_the_columns_of_the_crd(applied: Kubectl, cluster: MemoryCluster) -> None:
    cluster.patch("kmssecrets", "sync", {"status": {"conditions": [READY], "secretsCount": 3}}, subresource="status")
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


def test_describe_shows_conditions_and_events(applied: Kubectl, cluster: MemoryCluster) -> None:
    made = cluster.patch("kmssecrets", "sync", {"status": {"conditions": [READY]}}, subresource="status")
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
        "note": "Secret default/env created",
    }
    cluster.create("events.events.k8s.io", event)
    text = applied("describe", "kmssecret", "sync")
    assert "Message:               3 keys" in text
    assert "Secret default/env created" in text


def test_describe_shows_no_value_of_a_secret(applied: Kubectl) -> None:
    text = applied("describe", "secret", "universal-auth-credentials")
    assert "clientSecret:  11 bytes" in text


def test_delete(applied: Kubectl, cluster: MemoryCluster) -> None:
    assert '"sync" deleted' in applied("delete", "kmss", "sync")
    assert cluster.list("kmssecrets")["items"] == []
    assert "not found" in applied("delete", "kmss", "sync", fails=True)


def test_wait_for_a_condition_and_for_the_end(applied: Kubectl, cluster: MemoryCluster) -> None:
    waiting = "--timeout=30s"
    applied("wait", "--for=condition=established", "crd/kmssecrets.secrets.lux.network", waiting)
    cluster.patch("kmssecrets", "sync", {"status": {"conditions": [READY]}}, subresource="status")
    applied("wait", "--for=condition=Ready", "kmss/sync", waiting)
    cluster.delete("kmssecrets", "sync")
    applied("wait", "--for=delete", "kmss/sync", waiting)
