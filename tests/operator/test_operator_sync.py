"""What a working KMSSecret does, seen from outside: the operator as a process, the KMS and the cluster over HTTP."""

from __future__ import annotations

import json

import pytest

from canaries import canary
from stand import NAMESPACE, PROJECT, eventually, kmssecret


def values(*keys):
    return {key: canary(key) for key in keys}


def listed(kms, status):
    """How many lists of secrets the KMS answered with this status."""
    return sum(one.status == status for one in kms.asked("list"))


@pytest.mark.row("kmssecret-1")
def test_the_example_becomes_a_secret(stand):
    wanted = values("DB_URL", "HOST", "EMPTY") | {"EMPTY": ""}
    kms = stand.kms({"/example": wanted})
    address = kms.url.removeprefix("http://")
    stand.operator("--resolve", f"kms.hanzo.svc.cluster.local:80={address}")
    labels = {"app.kubernetes.io/name": "example"}
    host = "http://kms.hanzo.svc.cluster.local"
    stand.apply(kmssecret("example-kms-sync", host, path="/example", target="example-secrets", labels=labels))
    stand.until_ready("example-kms-sync")

    made, obj = stand.secret("example-secrets"), stand.object("example-kms-sync")
    assert stand.data("example-secrets") == wanted
    assert made["type"] == "Opaque"
    assert made["metadata"]["labels"] == labels | {"secrets.lux.network/managed": "true"}
    annotations = made["metadata"]["annotations"]
    assert annotations["secrets.lux.network/owner"] == "shop/example-kms-sync"
    assert annotations["secrets.lux.network/owner-uid"] == obj["metadata"]["uid"]
    assert annotations["secrets.lux.network/version"].startswith("v2:")
    assert "ownerReferences" not in made["metadata"]
    assert obj["status"]["secretsCount"] == 3
    assert {one["type"].rpartition("/")[-1]: one["status"] for one in obj["status"]["conditions"]} == dict.fromkeys(
        ("LoadedKMSToken", "ReadyToSyncSecrets", "AutoRedeployReady", "Ready"), "True"
    )
    assert stand.until_event("example-kms-sync", "Created")["type"] == "Normal"


@pytest.mark.row("kmssecret-2")
def test_the_cluster_collects_what_an_owner_leaves(stand):
    kms = stand.kms({"/app": values("A")})
    stand.operator()
    manifest = kmssecret("app", kms.url)
    del manifest["spec"]["managedSecretReference"]["creationPolicy"]
    stand.apply(manifest)
    stand.until_ready("app")

    (reference,) = stand.secret("app")["metadata"]["ownerReferences"]
    assert (reference["uid"], reference["controller"]) == (stand.object("app")["metadata"]["uid"], True)
    stand.forget()
    stand.cluster.delete("kmssecrets", "app", namespace=NAMESPACE)
    stand.until("secrets", lambda: stand.data("app") is None)
    assert [(one.verb, one.resource) for one in stand.writes()] == [("delete", "kmssecrets")]


@pytest.mark.row("kmssecret-3")
def test_an_orphan_outlives_its_object(stand):
    wanted = values("A", "B")
    kms = stand.kms({"/app": wanted})
    operator = stand.operator()
    with_finalizers = []
    changes = stand.cluster.watch("kmssecrets")
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    before = stand.secret("app")

    stand.cluster.delete("kmssecrets", "app", namespace=NAMESPACE)
    eventually(lambda: operator.metric('secretsync_kmssecret_ready{name="app",namespace="shop"}') is None)
    while not with_finalizers or with_finalizers[-1]["type"] != "DELETED":
        with_finalizers += changes.take()
    assert not [one for one in with_finalizers if one["object"]["metadata"].get("finalizers")]
    assert stand.secret("app") == before
    assert stand.data("app") == wanted


@pytest.mark.row("kmssecret-33")
def test_nothing_is_written_while_nothing_changes(stand):
    kms = stand.kms({"/app": values("A", "B", "C")})
    first = stand.operator()
    stand.apply(kmssecret("app", kms.url, projectSlug=None, projectId=PROJECT.id))
    stand.until_ready("app")
    fresh = 'secretsync_kmssecret_last_success_timestamp_seconds{name="app",namespace="shop"}'
    seen = eventually(lambda: first.metric(fresh))
    stand.until_event("app", "Created")
    stand.forget()

    eventually(lambda: listed(kms, 304) >= 3)
    assert eventually(lambda: (first.metric(fresh) or 0) > seen)
    assert stand.writes() == []

    assert first.stop() == 0
    asked = listed(kms, 200)
    second = stand.operator()
    eventually(lambda: listed(kms, 200) > asked and listed(kms, 304) >= 5)
    assert eventually(lambda: second.metric(fresh))
    assert stand.writes() == []
    tags = json.dumps([stand.object("app"), stand.secret("app")["metadata"]])
    assert "W/" not in tags
    assert "etag" not in tags.lower()


@pytest.mark.row("kmssecret-34")
def test_a_target_deleted_by_hand_comes_back_at_once(stand):
    wanted = values("A", "B")
    kms = stand.kms({"/app": wanted})
    stand.operator("--max-interval", "1h")
    stand.apply(kmssecret("app", kms.url, interval=3600))
    stand.until_ready("app")
    uid = stand.secret("app")["metadata"]["uid"]

    stand.cluster.delete("secrets", "app", namespace=NAMESPACE)
    stand.until("secrets", lambda: stand.data("app") is not None)
    assert stand.data("app") == wanted
    assert stand.secret("app")["metadata"]["uid"] != uid
    stand.until("events.events.k8s.io", lambda: len(stand.events("app", "Created")) == 2)


@pytest.mark.row("kmssecret-35")
def test_a_value_edited_by_hand_is_put_right_at_once(stand):
    wanted = values("A", "B")
    kms = stand.kms({"/app": wanted})
    operator = stand.operator("--max-interval", "1h")
    stand.apply(kmssecret("app", kms.url, interval=3600))
    stand.until_ready("app")

    stand.cluster.patch("secrets", "app", {"data": {"A": "bWluZQ=="}}, namespace=NAMESPACE)
    stand.until("secrets", lambda: stand.data("app") == wanted)
    assert stand.until_event("app", "DriftCorrected")["type"] == "Warning"
    eventually(lambda: operator.metric('secretsync_kmssecret_drift_total{name="app",namespace="shop"}') == 1.0)
