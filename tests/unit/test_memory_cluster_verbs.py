"""MemoryCluster in process: each verb as a real API server answers it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.testing.clock import ManualClock
from secretsync_k8s.manifests import crd
from secretsync_k8s.testing import ApiError, MemoryCluster, Record

Json = dict[str, Any]

CRD = crd("kmssecrets")  # read once: parsing it takes longer than a test


def kmssecret(name: str = "sync", **spec: Any) -> Json:
    target = {"secretName": "env", "secretNamespace": "default"}
    return {
        "apiVersion": "secrets.lux.network/v1alpha1",
        "kind": "KMSSecret",
        "metadata": {"name": name},
        "spec": {"managedSecretReference": target, **spec},
    }


def secret(name: str = "env", **rest: Any) -> Json:
    metadata = {"name": name, **rest.pop("metadata", {})}
    return {"metadata": metadata, **(rest or {"stringData": {"A": "1"}})}


@pytest.fixture
def cluster() -> MemoryCluster:
    return MemoryCluster(crds=[CRD], clock=ManualClock(), seed=0)


def refused(call: Callable[[], object]) -> tuple[int, str, str]:
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value.status, caught.value.reason, caught.value.message


def test_a_created_object_gets_its_system_metadata(cluster: MemoryCluster) -> None:
    made = cluster.create("secrets", secret())
    assert made["kind"] == "Secret"
    assert made["metadata"]["namespace"] == "default"
    assert made["metadata"]["creationTimestamp"] == "2030-01-01T00:00:00Z"
    assert made["metadata"]["uid"]
    assert made == cluster.get("secrets", "env")


def test_client_supplied_system_metadata_is_ignored_on_create(cluster: MemoryCluster) -> None:
    past = "1999-01-01T00:00:00Z"
    forged = {"uid": "mine", "generation": 9, "creationTimestamp": past, "deletionTimestamp": past}
    metadata = cluster.create("secrets", secret(metadata=forged))["metadata"]
    assert metadata["uid"] != "mine"
    assert metadata["creationTimestamp"] == "2030-01-01T00:00:00Z"
    assert metadata.keys() == {"name", "namespace", "uid", "creationTimestamp", "resourceVersion"}


def test_a_generated_name_begins_with_its_prefix_and_differs(cluster: MemoryCluster) -> None:
    bodies = [{"metadata": {"generateName": "env-"}} for _ in range(2)]
    names = {cluster.create("secrets", body)["metadata"]["name"] for body in bodies}
    assert len(names) == 2
    assert all(name.startswith("env-") and len(name) == 9 for name in names)


REFUSED_CREATES = {
    "exists": ("secrets", secret("old"), 409, "AlreadyExists", 'secrets "old" already exists'),
    "no namespace": (
        "secrets",
        secret(metadata={"namespace": "none"}),
        404,
        "NotFound",
        'namespaces "none" not found',
    ),
    "no name": (
        "secrets",
        {"metadata": {}},
        422,
        "Invalid",
        'Secret "" is invalid: metadata.name: Required value: name or generateName is required',
    ),
    "another kind": ("secrets", {**secret(), "kind": "ConfigMap"}, 400, "BadRequest", ""),
    "a custom resource without kind": ("kmssecrets", {"metadata": {"name": "x"}}, 400, "BadRequest", ""),
    "with a version": ("secrets", secret(metadata={"resourceVersion": "1"}), 400, "BadRequest", ""),
    "metadata of another type": ("secrets", {"metadata": "x"}, 400, "BadRequest", ""),
    "label of another type": ("secrets", secret(metadata={"labels": {"a": 1}}), 400, "BadRequest", ""),
    "nonsense": ("nonsense", secret(), 404, "NotFound", ""),
}


@pytest.mark.parametrize(
    ("resource", "body", "expected"),
    [(resource, body, expected) for resource, body, *expected in REFUSED_CREATES.values()],
    ids=REFUSED_CREATES,
)
def test_refused_create(cluster: MemoryCluster, resource: str, body: Json, expected: tuple[int, str, str]) -> None:
    cluster.create("secrets", secret("old"))
    namespace = "none" if expected[2].startswith("namespaces") else "default"
    status, reason, message = refused(lambda: cluster.create(resource, body, namespace=namespace))
    assert [status, reason] == expected[:2]
    assert expected[2] in message


BAD_METADATA = {
    "upper case": ({"name": "Env"}, "metadata.name"),
    "too long": ({"name": "x" * 254}, "metadata.name"),
    "annotation key of 64": ({"annotations": {"example.com/" + "k" * 64: ""}}, "metadata.annotations"),
    "annotation prefix": ({"annotations": {"Not a prefix/k": ""}}, "metadata.annotations"),
    "annotations over 256 KiB": ({"annotations": {"a": "x" * 262_144}}, "metadata.annotations"),
    "label value of 64": ({"labels": {"a": "v" * 64}}, "metadata.labels"),
    "label value with a space": ({"labels": {"a": "v v"}}, "metadata.labels"),
    "label key with a space": ({"labels": {"a b": "v"}}, "metadata.labels"),
    "owner without uid": (
        {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p"}]},
        "metadata.ownerReferences[0].uid",
    ),
}


@pytest.mark.parametrize(("metadata", "field"), BAD_METADATA.values(), ids=BAD_METADATA)
def test_bad_metadata_is_invalid_with_its_field(cluster: MemoryCluster, metadata: Json, field: str) -> None:
    with pytest.raises(ApiError) as caught:
        cluster.create("secrets", secret(metadata=metadata))
    assert caught.value.status == 422
    assert [cause["field"] for cause in caught.value.details["causes"]] == [field]


def test_an_annotation_key_of_63_is_accepted(cluster: MemoryCluster) -> None:
    key = "example.com/" + "k" * 63
    assert cluster.create("secrets", secret(metadata={"annotations": {key: ""}}))["metadata"]["annotations"] == {
        key: ""
    }


def test_a_missing_object_is_not_found_by_its_full_name(cluster: MemoryCluster) -> None:
    missing = 'kmssecrets.secrets.lux.network "x" not found'
    assert refused(lambda: cluster.get("kmssecrets", "x")) == (404, "NotFound", missing)


def test_lists_are_sorted_and_scoped(cluster: MemoryCluster) -> None:
    cluster.create("namespaces", {"metadata": {"name": "shop"}})
    for namespace, name in (("shop", "b"), ("default", "z"), ("shop", "a")):
        cluster.create("secrets", secret(name), namespace=namespace)
    everywhere = cluster.list("secrets")
    assert [item["metadata"]["name"] for item in everywhere["items"]] == ["z", "a", "b"]
    assert everywhere["metadata"]["resourceVersion"] == everywhere["items"][1]["metadata"]["resourceVersion"]
    assert len(cluster.list("secrets", namespace="shop")["items"]) == 2
    assert "kind" not in everywhere["items"][0]  # a typed server does not repeat it


SELECTED = {
    "equal": ({"labels": "app=a"}, {"a"}),
    "double equal": ({"labels": "app==a"}, {"a"}),
    "not equal": ({"labels": "app!=a"}, {"b", "c"}),
    "in": ({"labels": "app in (a, b)"}, {"a", "b"}),
    "not in": ({"labels": "app notin (a),tier"}, {"b"}),
    "present": ({"labels": "tier"}, {"a", "b"}),
    "absent": ({"labels": "!tier"}, {"c"}),
    "both": ({"labels": "tier=x,app=b"}, {"b"}),
    "prefix": ({"labels": "example.com/k=v"}, {"c"}),
    "name": ({"fields": "metadata.name=b"}, {"b"}),
    "not name": ({"fields": "metadata.name!=b,metadata.namespace=default"}, {"a", "c"}),
    "type": ({"fields": "type=Opaque"}, {"a", "b", "c"}),
}


@pytest.mark.parametrize(("selector", "names"), SELECTED.values(), ids=SELECTED)
def test_selectors(cluster: MemoryCluster, selector: dict[str, str], names: set[str]) -> None:
    for name, labels in (
        ("a", {"app": "a", "tier": "x"}),
        ("b", {"app": "b", "tier": "x"}),
        ("c", {"example.com/k": "v"}),
    ):
        cluster.create("secrets", secret(name, metadata={"labels": labels}))
    assert {item["metadata"]["name"] for item in cluster.list("secrets", **selector)["items"]} == names


@pytest.mark.parametrize("selector", [{"labels": "a in b"}, {"fields": "spec.x=1"}, {"fields": "nonsense"}], ids=str)
def test_a_selector_that_cannot_be_read_is_a_bad_request(cluster: MemoryCluster, selector: dict[str, str]) -> None:
    assert refused(lambda: cluster.list("secrets", **selector))[0] == 400


def test_an_update_with_a_stale_version_is_a_conflict(cluster: MemoryCluster) -> None:
    old = cluster.create("secrets", secret())
    cluster.patch("secrets", "env", {"stringData": {"A": "2"}})
    status, reason, message = refused(lambda: cluster.update("secrets", old))
    assert (status, reason) == (409, "Conflict")
    assert message.startswith('Operation cannot be fulfilled on secrets "env": the object has been modified')


def test_a_secret_may_be_updated_without_a_version_and_a_custom_resource_may_not(cluster: MemoryCluster) -> None:
    cluster.create("secrets", secret())
    cluster.create("kmssecrets", kmssecret())
    assert cluster.update("secrets", secret(stringData={"B": "2"}))["data"] == {"B": "Mg=="}
    status, _, message = refused(lambda: cluster.update("kmssecrets", kmssecret()))
    assert status == 422
    assert "metadata.resourceVersion: Invalid value: 0: must be specified for an update" in message


PATCHED_METADATA = {
    "stale version": ({"resourceVersion": "1"}, 409),
    "another uid": ({"uid": "other"}, 422),
    "another name": ({"name": "other"}, 400),
}


@pytest.mark.parametrize(("metadata", "status"), PATCHED_METADATA.values(), ids=PATCHED_METADATA)
def test_a_patch_meant_for_another_object_is_refused(cluster: MemoryCluster, metadata: Json, status: int) -> None:
    cluster.create("secrets", secret())
    assert refused(lambda: cluster.patch("secrets", "env", {"metadata": metadata}))[0] == status


def test_a_patch_with_the_live_version_and_uid_passes(cluster: MemoryCluster) -> None:
    metadata = cluster.create("secrets", secret())["metadata"]
    guard = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
    assert cluster.patch("secrets", "env", {"metadata": guard, "data": {"A": None}}).get("data") is None


@pytest.mark.parametrize("verb", ["patch", "update"])
def test_a_write_that_changes_nothing_keeps_the_version(cluster: MemoryCluster, verb: str) -> None:
    made = cluster.create("secrets", secret())
    again = (
        cluster.update("secrets", made)
        if verb == "update"
        else cluster.patch("secrets", "env", {"stringData": {"A": "1"}})
    )
    assert again["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_the_generation_counts_changes_of_the_spec_only(cluster: MemoryCluster) -> None:
    assert cluster.create("kmssecrets", kmssecret())["metadata"]["generation"] == 1
    labelled = cluster.patch("kmssecrets", "sync", {"metadata": {"labels": {"a": "b"}}})
    assert labelled["metadata"]["generation"] == 1
    reported = cluster.patch("kmssecrets", "sync", {"status": {"secretsCount": 1}}, subresource="status")
    assert reported["metadata"]["generation"] == 1
    assert cluster.patch("kmssecrets", "sync", {"spec": {"resyncInterval": 30}})["metadata"]["generation"] == 2


def test_status_and_the_rest_are_written_apart(cluster: MemoryCluster) -> None:
    made = cluster.create("kmssecrets", {**kmssecret(), "status": {"secretsCount": 9}})
    assert "status" not in made
    both = {"status": {"secretsCount": 3}, "spec": {"resyncInterval": 99}, "metadata": {"labels": {"a": "b"}}}
    reported = cluster.patch("kmssecrets", "sync", both, subresource="status")
    assert reported["status"] == {"secretsCount": 3}
    assert reported["spec"] == made["spec"]
    assert "labels" not in reported["metadata"]
    changed = cluster.update("kmssecrets", {**reported, "status": {"secretsCount": 7}, "spec": kmssecret()["spec"]})
    assert changed["status"] == {"secretsCount": 3}


def test_the_status_of_a_secret_is_not_served(cluster: MemoryCluster) -> None:
    cluster.create("secrets", secret())
    assert refused(lambda: cluster.patch("secrets", "env", {}, subresource="status"))[0] == 404


def test_a_deleted_object_is_gone(cluster: MemoryCluster) -> None:
    uid = cluster.create("secrets", secret())["metadata"]["uid"]
    answer = cluster.delete("secrets", "env")
    assert (answer["status"], answer["details"]["uid"]) == ("Success", uid)
    assert refused(lambda: cluster.get("secrets", "env"))[0] == 404


def test_preconditions_of_a_delete(cluster: MemoryCluster) -> None:
    metadata = cluster.create("secrets", secret())["metadata"]
    assert refused(lambda: cluster.delete("secrets", "env", uid="other"))[:2] == (409, "Conflict")
    assert refused(lambda: cluster.delete("secrets", "env", resource_version="1"))[:2] == (409, "Conflict")
    cluster.delete("secrets", "env", uid=metadata["uid"], resource_version=metadata["resourceVersion"])


def test_finalizers_hold_an_object_back_until_they_are_gone(cluster: MemoryCluster) -> None:
    cluster.create("kmssecrets", {**kmssecret(), "metadata": {"name": "sync", "finalizers": ["example.com/hold"]}})
    marked = cluster.delete("kmssecrets", "sync")
    assert marked["metadata"]["deletionTimestamp"]
    assert cluster.delete("kmssecrets", "sync") == marked  # asking again changes nothing
    more = {"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}}
    status, _, message = refused(lambda: cluster.patch("kmssecrets", "sync", more))
    assert status == 422
    assert "no new finalizers can be added if the object is being deleted" in message
    cluster.patch("kmssecrets", "sync", {"metadata": {"finalizers": None}})
    assert refused(lambda: cluster.get("kmssecrets", "sync"))[0] == 404


def test_a_collection_is_deleted_by_selector(cluster: MemoryCluster) -> None:
    for name in ("a", "b"):
        cluster.create("secrets", secret(name, metadata={"labels": {"name": name}}))
    assert len(cluster.delete_collection("secrets", namespace="default", labels="name=a")["items"]) == 1
    assert [item["metadata"]["name"] for item in cluster.list("secrets")["items"]] == ["b"]


def owned_by(*uids: str) -> Json:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner"}
    return {"ownerReferences": [{**owner, "uid": uid} for uid in uids]}


def test_dependents_go_with_their_last_owner(cluster: MemoryCluster) -> None:
    uids = [cluster.create("configmaps", {"metadata": {"name": name}})["metadata"]["uid"] for name in ("x", "y")]
    middle = cluster.create("secrets", secret("middle", metadata=owned_by(*uids)))["metadata"]["uid"]
    cluster.create("secrets", secret("leaf", metadata=owned_by(middle)))
    cluster.delete("configmaps", "x")
    left = cluster.get("secrets", "middle")["metadata"]["ownerReferences"]
    assert [reference["uid"] for reference in left] == [uids[1]]
    cluster.delete("configmaps", "y")
    assert cluster.list("secrets")["items"] == []


def test_what_is_made_for_an_owner_that_has_just_gone_goes_too(cluster: MemoryCluster) -> None:
    uid = cluster.create("configmaps", {"metadata": {"name": "x"}})["metadata"]["uid"]
    cluster.delete("configmaps", "x")
    cluster.create("secrets", secret("late", metadata=owned_by(uid)))
    cluster.create("secrets", secret("other", metadata=owned_by("of-another-cluster")))
    assert [item["metadata"]["name"] for item in cluster.list("secrets")["items"]] == ["other"]


def test_a_reference_taken_away_frees_the_dependent(cluster: MemoryCluster) -> None:
    uid = cluster.create("configmaps", {"metadata": {"name": "x"}})["metadata"]["uid"]
    cluster.create("secrets", secret(metadata=owned_by(uid)))
    cluster.patch("secrets", "env", {"metadata": {"ownerReferences": None}})
    cluster.delete("configmaps", "x")
    assert cluster.get("secrets", "env")


def test_a_deleted_namespace_takes_everything_along(cluster: MemoryCluster) -> None:
    cluster.create("namespaces", {"metadata": {"name": "shop"}})
    cluster.create("secrets", secret("held", metadata={"finalizers": ["example.com/hold"]}), namespace="shop")
    cluster.create("secrets", secret(), namespace="shop")
    assert cluster.delete("namespaces", "shop")["status"] == {"phase": "Terminating"}
    assert [item["metadata"]["name"] for item in cluster.list("secrets", namespace="shop")["items"]] == ["held"]
    assert refused(lambda: cluster.create("secrets", secret("new"), namespace="shop"))[:2] == (403, "Forbidden")
    cluster.patch("secrets", "held", {"metadata": {"finalizers": []}}, namespace="shop")
    assert refused(lambda: cluster.get("namespaces", "shop"))[0] == 404


def test_a_crd_is_established_and_takes_its_objects_along(cluster: MemoryCluster) -> None:
    name = "kmssecrets.secrets.lux.network"
    conditions = cluster.get("customresourcedefinitions", name)["status"]["conditions"]
    assert {condition["type"]: condition["status"] for condition in conditions} == {
        "NamesAccepted": "True",
        "Established": "True",
    }
    cluster.create("kmssecrets", kmssecret())
    cluster.delete("customresourcedefinitions", name)
    assert refused(lambda: cluster.list("kmssecrets"))[0] == 404
    cluster.create("customresourcedefinitions", CRD)
    assert cluster.list("kmssecrets")["items"] == []


def test_a_crd_with_another_name_than_its_resource_is_invalid(cluster: MemoryCluster) -> None:
    wrong = {**CRD, "metadata": {"name": "others.secrets.lux.network"}}
    assert refused(lambda: cluster.create("customresourcedefinitions", wrong))[0] == 422


def test_bodies_are_copied_in_both_directions(cluster: MemoryCluster) -> None:
    body = kmssecret()
    cluster.create("kmssecrets", body)["spec"].clear()
    body["spec"].clear()
    cluster.get("kmssecrets", "sync")["spec"].clear()
    assert cluster.get("kmssecrets", "sync")["spec"]["managedSecretReference"]


def test_requests_are_recorded_without_bodies(cluster: MemoryCluster) -> None:
    cluster.create("secrets", secret(stringData={"A": "canary-7f3a"}))
    refused(lambda: cluster.get("kmssecrets", "x", namespace="shop"))
    assert list(cluster.requests) == [
        Record("create", "secrets", "", "default", "", 201),
        Record("get", "kmssecrets", "", "shop", "x", 404),
    ]
    assert "canary-7f3a" not in repr(cluster.requests)


def test_planned_faults_happen_as_often_as_planned_and_only_to_what_matches(cluster: MemoryCluster) -> None:
    cluster.create("secrets", secret())
    cluster.fail(verb="patch", resource="secrets", status=409, times=2)
    cluster.fail(verb="get", status="reset")
    for _ in range(2):
        assert refused(lambda: cluster.patch("secrets", "env", {"stringData": {"A": "2"}}))[:2] == (409, "Conflict")
    assert len(cluster.list("secrets")["items"]) == 1
    with pytest.raises(ConnectionResetError):
        cluster.get("secrets", "env")
    assert cluster.get("secrets", "env")["data"] == {"A": "MQ=="}
    assert cluster.patch("secrets", "env", {"stringData": {"A": "2"}})["data"] == {"A": "Mg=="}
    assert [record.status for record in cluster.requests] == [201, 409, 409, 200, 0, 200, 200]


def test_planned_faults_can_be_taken_back(cluster: MemoryCluster) -> None:
    cluster.fail(status=503, times=9)
    cluster.heal()
    assert cluster.list("secrets")["items"] == []


def test_nothing_answers_during_an_outage_and_everything_is_there_after_it(cluster: MemoryCluster) -> None:
    cluster.create("secrets", secret())
    cluster.outage(down=True)
    with pytest.raises(ConnectionResetError):
        cluster.get("secrets", "env")
    cluster.outage(down=False)
    assert cluster.get("secrets", "env")


def test_an_event_has_two_faces(cluster: MemoryCluster) -> None:
    regarding = {"kind": "KMSSecret", "name": "sync", "namespace": "default", "uid": "u1"}
    event: Json = {
        "metadata": {"name": "e"},
        "regarding": regarding,
        "note": "done",
        "reason": "Synced",
        "type": "Normal",
    }
    event |= {"action": "Sync", "reportingController": "secretsync"}
    made = cluster.create("events.events.k8s.io", event)
    assert (made["apiVersion"], made["note"]) == ("events.k8s.io/v1", "done")
    (core,) = cluster.list("events", fields="involvedObject.uid=u1,reason=Synced")["items"]
    assert (core["involvedObject"], core["message"]) == (regarding, "done")
    assert len(cluster.list("events.events.k8s.io", fields="regarding.name=sync")["items"]) == 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["put", "drop", "label"])), max_size=12))
def test_the_events_since_a_list_lead_to_the_next_list(steps: list[tuple[str, str]]) -> None:
    cluster = MemoryCluster(seed=0)
    watch = cluster.watch("secrets", resource_version=cluster.list("secrets")["metadata"]["resourceVersion"], timeout=1)
    for number, (name, step) in enumerate(steps):
        _do(cluster, name, step, number)
    cluster.create("secrets", secret("end"))  # so that there is something to wait for
    seen: dict[str, str] = {}
    for event in watch.take():
        metadata = event["object"]["metadata"]
        assert (metadata["name"] in seen) is (event["type"] != "ADDED")
        seen[metadata["name"]] = metadata["resourceVersion"]
        if event["type"] == "DELETED":
            del seen[metadata["name"]]
    items = cluster.list("secrets")["items"]
    assert seen == {item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in items}


def _do(cluster: MemoryCluster, name: str, step: str, number: int) -> None:
    exists = any(item["metadata"]["name"] == name for item in cluster.list("secrets")["items"])
    if not exists:
        cluster.create("secrets", secret(name))
    elif step == "drop":
        cluster.delete("secrets", name)
    elif step == "label":
        cluster.patch("secrets", name, {"metadata": {"labels": {"n": str(number)}}})
