"""Writes, as API servers take and refuse them: one suite for every server there is."""

from __future__ import annotations

from itertools import count

import pytest

from api_world import TARGET, World, refusal, version
from secretsync_k8s.cluster.resources import CONFIGMAPS, EVENTS, KMSSECRETS, LEASES, NAMESPACES, SECRETS
from secretsync_k8s.cluster.transport import JSON_PATCH, ApiError, Json
from stand import eventually

OWNED = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "controller": True, "blockOwnerDeletion": True}


# -- Secrets and ConfigMaps


def test_a_secret_without_its_last_key_has_no_data(world: World) -> None:
    world.create(SECRETS, "a", stringData={"K": "v"})
    assert "data" not in world.patch(SECRETS, "a", {"data": {"K": None}})
    assert "data" not in world.create(SECRETS, "b", data={})


def test_text_is_stored_as_data_and_never_shown(world: World) -> None:
    made = world.create(SECRETS, "a", stringData={"K": "v"}, data={"K": "b3RoZXI=", "L": "bA=="})
    assert made["data"] == {"K": "dg==", "L": "bA=="}
    assert "stringData" not in made


def test_data_that_is_no_base64_is_400(world: World) -> None:
    assert refusal(lambda: world.create(SECRETS, "a", data={"K": "?"})).status == 400


def test_a_secret_holds_a_mebibyte(world: World) -> None:
    world.create(SECRETS, "a", stringData={"K": "x" * 1048576})
    error = refusal(lambda: world.create(SECRETS, "b", stringData={"K": "x" * 1048577}))
    assert (error.status, error.causes) == (422, ("data: FieldValueTooLong",))


def test_an_immutable_secret_keeps_data_and_immutability_and_lets_metadata_change(world: World) -> None:
    world.create(SECRETS, "a", stringData={"K": "v"}, immutable=True)
    error = refusal(lambda: world.patch(SECRETS, "a", {"stringData": {"K": "w"}}))
    assert (error.status, error.causes) == (422, ("data: FieldValueForbidden",))
    error = refusal(lambda: world.patch(SECRETS, "a", {"immutable": False}))
    assert (error.status, error.causes) == (422, ("immutable: FieldValueForbidden",))
    assert world.patch(SECRETS, "a", {"metadata": {"labels": {"x": "1"}}})["metadata"]["labels"] == {"x": "1"}


@pytest.mark.parametrize(
    ("type_", "keys", "place"),
    [
        ("kubernetes.io/tls", {"tls.crt": "x"}, "data[tls.key]"),
        ("kubernetes.io/dockerconfigjson", {"a": "x"}, "data[.dockerconfigjson]"),
        ("kubernetes.io/ssh-auth", {"a": "x"}, "data[ssh-privatekey]"),
        ("kubernetes.io/basic-auth", {"a": "x"}, "data[username]"),
    ],
)
def test_a_type_asks_for_its_keys(world: World, type_: str, keys: Json, place: str) -> None:
    error = refusal(lambda: world.create(SECRETS, "a", type=type_, stringData=keys))
    assert error.status == 422
    assert any(cause.startswith(f"{place}:") for cause in error.causes)


def test_a_config_map_holds_text_and_bytes_under_different_keys(world: World) -> None:
    made = world.create(CONFIGMAPS, "a", data={"K": "v"}, binaryData={"B": "/w=="})
    assert (made["data"], made["binaryData"]) == ({"K": "v"}, {"B": "/w=="})
    assert refusal(lambda: world.create(CONFIGMAPS, "b", data={"K": "v"}, binaryData={"K": "/w=="})).status == 422
    assert refusal(lambda: world.create(CONFIGMAPS, "b", data={"a b": "v"})).status == 422


@pytest.mark.parametrize("name", ["Upper", "under_score", "-", "x" * 254])
def test_a_name_that_is_none_is_invalid(world: World, name: str) -> None:
    error = refusal(lambda: world.create(SECRETS, name))
    assert (error.status, error.causes) == (422, ("metadata.name: FieldValueInvalid",))


# -- any object


@pytest.mark.parametrize("verb", ["replace", "patch", "delete"])
def test_nobody_changes_what_is_not_there(world: World, verb: str) -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "none"}}
    calls = {
        "replace": lambda: world.replace(SECRETS, body),
        "patch": lambda: world.patch(SECRETS, "none", {"data": {}}),
        "delete": lambda: world.delete(SECRETS, "none"),
    }
    assert refusal(calls[verb]).status == 404


def test_a_put_replaces_all_that_is_not_the_servers(world: World) -> None:
    made = world.create(SECRETS, "a", stringData={"K": "v"}, metadata={"labels": {"x": "1"}})
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"L": "bA=="}}
    put = world.replace(SECRETS, body)
    assert put["data"] == {"L": "bA=="}
    assert "labels" not in put["metadata"]
    assert put["metadata"]["uid"] == made["metadata"]["uid"]


def test_what_the_server_writes_nobody_else_does(world: World) -> None:
    made = world.create(KMSSECRETS, "a", spec=TARGET)["metadata"]
    theirs = {"generation": 9, "creationTimestamp": "2001-01-01T00:00:00Z", "labels": {"x": "1"}}
    now = world.patch(KMSSECRETS, "a", {"metadata": theirs})["metadata"]
    assert (now["labels"], now["generation"]) == ({"x": "1"}, 1)
    assert now["creationTimestamp"] == made["creationTimestamp"]
    end = {"metadata": {"deletionTimestamp": "2001-01-01T00:00:00Z"}}
    error = refusal(lambda: world.patch(KMSSECRETS, "a", end))
    assert error.status == 422
    assert "metadata.deletionTimestamp: FieldValueInvalid" in error.causes


def test_a_write_for_another_uid_is_refused(world: World) -> None:
    made = world.create(SECRETS, "a")
    patch = {"metadata": {"uid": "9c5b9f1e-7d0c-4d0f-8a39-0d3f1b6f2a11", "labels": {"x": "1"}}}
    error = refusal(lambda: world.patch(SECRETS, "a", patch))
    assert (error.status, set(error.causes)) == (422, {"metadata.uid: FieldValueInvalid"})
    put = made | {"apiVersion": "v1", "kind": "Secret", "metadata": made["metadata"] | patch["metadata"]}
    error = refusal(lambda: world.replace(SECRETS, put))
    assert (error.status, error.reason) == (409, "Conflict")


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/data/none"},
        {"op": "add", "path": "/none/deep", "value": "1"},
        {"op": "test", "path": "/data/k", "value": "2"},
    ],
    ids=lambda operation: operation["op"],
)
def test_a_json_patch_that_cannot_be_done_is_422(world: World, operation: Json) -> None:
    world.create(CONFIGMAPS, "a", data={"k": "1"})
    assert refusal(lambda: world.patch(CONFIGMAPS, "a", [operation])).status == 422


def test_a_json_patch_may_replace_what_is_not_there(world: World) -> None:
    """Whatever the standard says of that."""
    world.create(CONFIGMAPS, "a", data={"k": "1"})
    operation = {"op": "replace", "path": "/data/l", "value": "2"}
    assert world.patch(CONFIGMAPS, "a", [operation])["data"] == {"k": "1", "l": "2"}


def test_only_the_spec_moves_the_generation(world: World) -> None:
    world.create(KMSSECRETS, "a", spec=TARGET)
    labelled = world.patch(KMSSECRETS, "a", {"metadata": {"labels": {"x": "1"}, "annotations": {"y": "2"}}})
    assert labelled["metadata"]["generation"] == 1
    assert world.patch(KMSSECRETS, "a", {"spec": {"resyncInterval": 61}})["metadata"]["generation"] == 2


# -- custom resources


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"resyncInterval": 9}, "spec.resyncInterval: FieldValueInvalid"),
        ({"resyncInterval": "60"}, "spec.resyncInterval: FieldValueTypeInvalid"),
        ({"resyncInterval": 60.5}, "spec.resyncInterval: FieldValueTypeInvalid"),
        ({"hostAPI": "x" * 513}, "spec.hostAPI: FieldValueTooLong"),
        ({"syncConfig": {"resyncInterval": "soon"}}, "spec.syncConfig.resyncInterval: FieldValueInvalid"),
        (
            {"managedSecretReference": {"secretName": "a", "secretNamespace": "b", "creationPolicy": "Mine"}},
            "spec.managedSecretReference.creationPolicy: FieldValueNotSupported",
        ),
        ({"managedSecretReference": {"secretName": "a"}}, "spec.managedSecretReference.secretNamespace: FieldValueRequired"),
    ],
)  # fmt: skip
def test_each_rule_of_the_schema_names_its_place(world: World, fields: Json, place: str) -> None:
    error = refusal(lambda: world.create(KMSSECRETS, "a", spec=TARGET | fields))
    assert error.status == 422
    assert place in error.causes


def test_null_is_as_good_as_absent(world: World) -> None:
    spec = world.create(KMSSECRETS, "a", spec=TARGET | {"resyncInterval": None, "hostAPI": None})["spec"]
    assert spec["resyncInterval"] == 60
    assert "hostAPI" not in spec
    assert spec["managedSecretReference"]["secretType"] == "Opaque"


def test_a_default_comes_back_when_its_field_is_taken_away(world: World) -> None:
    world.create(KMSSECRETS, "a", spec=TARGET | {"resyncInterval": 90})
    assert world.patch(KMSSECRETS, "a", {"spec": {"resyncInterval": None}})["spec"]["resyncInterval"] == 60


def test_a_status_is_held_to_its_schema_too(world: World) -> None:
    world.create(KMSSECRETS, "a", spec=TARGET)
    error = refusal(lambda: world.patch(KMSSECRETS, "a", {"status": {"secretsCount": "many"}}, "status"))
    assert error.status == 422
    assert "status.secretsCount: FieldValueTypeInvalid" in error.causes
    twice = [
        {"type": "Ready", "status": "True", "reason": "A", "message": "", "lastTransitionTime": "2030-01-01T00:00:00Z"}
    ] * 2
    error = refusal(lambda: world.patch(KMSSECRETS, "a", {"status": {"conditions": twice}}, "status"))
    assert error.status == 422
    assert "status.conditions[1]: FieldValueDuplicate" in error.causes


def test_a_status_alone_moves_the_version(world: World) -> None:
    made = world.create(KMSSECRETS, "a", spec=TARGET)
    written = world.patch(KMSSECRETS, "a", [{"op": "add", "path": "/status", "value": {"secretsCount": 1}}], "status")
    assert version(written) != version(made)
    again = world.patch(KMSSECRETS, "a", [{"op": "add", "path": "/status", "value": {"secretsCount": 1}}], "status")
    assert version(again) == version(written)


# -- what goes


def test_to_delete_what_is_held_back_twice_changes_nothing(world: World) -> None:
    world.create(KMSSECRETS, "a", spec=TARGET, metadata={"finalizers": ["contract.example/x"]})
    world.delete(KMSSECRETS, "a")
    held = world.get(KMSSECRETS, "a")
    assert held["metadata"]["generation"] == 2, "its end counts as a change of what is wanted"
    world.delete(KMSSECRETS, "a")
    assert world.get(KMSSECRETS, "a")["metadata"]["deletionTimestamp"] == held["metadata"]["deletionTimestamp"]


def test_a_finalizer_that_is_no_name_is_invalid(world: World) -> None:
    metadata: Json = {"finalizers": ["not a name"]}
    assert refusal(lambda: world.create(KMSSECRETS, "a", spec=TARGET, metadata=metadata)).status == 422


@pytest.mark.real
def test_an_owner_that_waits_goes_after_what_it_owns(world: World) -> None:
    owner = world.create(CONFIGMAPS, "owner")
    reference = OWNED | {"uid": owner["metadata"]["uid"]}
    metadata: Json = {"ownerReferences": [reference], "finalizers": ["contract.example/x"]}
    owned = world.create(SECRETS, "owned", metadata=metadata)
    events = world.follow(SECRETS, resourceVersion=version(owned))
    world.delete(CONFIGMAPS, "owner", propagationPolicy="Foreground")
    assert next(events)["object"]["metadata"]["deletionTimestamp"]
    events.close()
    assert world.get(CONFIGMAPS, "owner")["metadata"]["finalizers"] == ["foregroundDeletion"]
    gone = world.follow(CONFIGMAPS, fieldSelector="metadata.name=owner", resourceVersion=version(owner))
    world.patch(SECRETS, "owned", {"metadata": {"finalizers": None}})
    assert "DELETED" in (event["type"] for event in gone)
    gone.close()


def test_what_has_another_owner_stays(world: World) -> None:
    owners = [world.create(CONFIGMAPS, name) for name in ("first", "second")]
    references = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": each["metadata"]["name"], "uid": each["metadata"]["uid"]}
        for each in owners
    ]
    made = world.create(SECRETS, "owned", metadata={"ownerReferences": references})
    events = world.follow(SECRETS, resourceVersion=version(made))
    world.delete(CONFIGMAPS, "first", propagationPolicy="Background")
    told = next(events)
    events.close()
    assert told["type"] == "MODIFIED"
    assert [one["name"] for one in told["object"]["metadata"]["ownerReferences"]] == ["second"]


def test_what_an_absent_owner_owns_goes(world: World) -> None:
    gone = world.create(CONFIGMAPS, "owner")
    world.delete(CONFIGMAPS, "owner")
    reference = OWNED | {"uid": gone["metadata"]["uid"]}
    made = world.create(SECRETS, "owned", metadata={"ownerReferences": [reference]})
    events = world.follow(SECRETS, resourceVersion=version(made))
    assert next(events)["type"] == "DELETED"
    events.close()


def test_two_controllers_are_one_too_many(world: World) -> None:
    owners = [world.create(CONFIGMAPS, name)["metadata"] for name in ("first", "second")]
    references = [OWNED | {"name": one["name"], "uid": one["uid"]} for one in owners]
    error = refusal(lambda: world.create(SECRETS, "owned", metadata={"ownerReferences": references}))
    assert (error.status, error.causes) == (422, ("metadata.ownerReferences: FieldValueInvalid",))


def test_a_namespace_that_goes_takes_nothing_new(world: World) -> None:
    world.create(SECRETS, "a", metadata={"finalizers": ["contract.example/x"]})
    world.transport.request("DELETE", NAMESPACES.path(name=world.namespace))
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "b"}}
    with pytest.raises(Exception, match="forbidden"):
        world.transport.request("POST", world.path(SECRETS), body=body)
    world.patch(SECRETS, "a", {"metadata": {"finalizers": None}})


# -- Leases and Events


def test_times_of_a_lease_have_microseconds(world: World) -> None:
    spec = {"holderIdentity": "x", "leaseDurationSeconds": 15, "renewTime": "2030-01-01T00:00:00.123456Z"}
    assert world.create(LEASES, "a", spec=spec)["spec"]["renewTime"] == "2030-01-01T00:00:00.123456Z"


def event(world: World, **fields: object) -> Json:
    regarding = {"kind": "Secret", "namespace": world.namespace, "name": "a", "apiVersion": "v1"}
    whole: Json = {
        "eventTime": "2030-01-01T00:00:00.000000Z",
        "reportingController": "contract.example/operator",
        "reportingInstance": "pod",
        "action": "Sync",
        "reason": "Created",
        "type": "Normal",
        "regarding": regarding,
    }
    return whole | fields


def test_an_event_of_the_same_name_is_a_conflict(world: World) -> None:
    world.create(EVENTS, "a", **event(world))
    assert refusal(lambda: world.create(EVENTS, "a", **event(world))).reason == "AlreadyExists"


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"action": ""}, "action: FieldValueRequired"),
        ({"reason": ""}, "reason: FieldValueRequired"),
        ({"reportingController": ""}, "reportingController: FieldValueRequired"),
        ({"type": "Odd"}, "type: FieldValueInvalid"),
        ({"note": "x" * 1025}, "message: FieldValueInvalid"),
    ],
)
def test_an_event_says_all_that_an_event_says(world: World, fields: Json, place: str) -> None:
    error = refusal(lambda: world.create(EVENTS, "a", **event(world, **fields)))
    assert error.status == 422
    assert place in error.causes


# -- what only a real server does


@pytest.mark.real
@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"managedSecretReference": {"secretName": "", "secretNamespace": ""}},
        TARGET | {"managedKubeSecretReferences": [{"secretName": "b", "secretNamespace": "c"}]},
    ],
    ids=["no target", "an empty target", "both forms"],
)
def test_the_rules_of_the_crd_ask_for_one_form_of_targets(world: World, spec: Json) -> None:
    error = refusal(lambda: world.create(KMSSECRETS, "a", spec=spec))
    assert (error.status, error.causes) == (422, ("spec: FieldValueInvalid",))


@pytest.mark.real
@pytest.mark.parametrize(
    "target",
    [
        {"managedKubeSecretReferences": [{"secretName": "a", "secretNamespace": "b"}]},
        {"managedKubeConfigMapReferences": [{"configMapName": "a", "configMapNamespace": "b"}]},
        TARGET | {"managedKubeSecretReferences": []},
        TARGET | {"managedKubeConfigMapReferences": [{"configMapName": "a", "configMapNamespace": "b"}]},
    ],
    ids=["a list", "ConfigMaps", "an empty list beside", "a ConfigMap beside"],
)
def test_every_other_form_of_targets_is_taken(world: World, target: Json) -> None:
    assert world.create(KMSSECRETS, "a", spec=target)["metadata"]["generation"] == 1


@pytest.mark.real
@pytest.mark.row("kmssecret-8")
def test_what_was_stored_before_a_rule_may_stay_and_take_a_status(world: World) -> None:
    """An object with an interval of 5 s, from before there was a least one."""
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/kmssecrets.secrets.lux.network"
    minimum = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/resyncInterval/minimum"

    def least(seconds: int) -> None:
        change = [{"op": "replace", "path": minimum, "value": seconds}]
        world.transport.request("PATCH", crds, body=change, content_type=JSON_PATCH)

    least(1)
    try:
        made = eventually(lambda: short(world))
    finally:
        least(10)
    names = (f"b-{n}" for n in count())
    eventually(lambda: not short(world, next(names)))
    assert made
    assert world.patch(KMSSECRETS, "a", {"status": {"secretsCount": 1}}, "status")["status"] == {"secretsCount": 1}
    assert world.patch(KMSSECRETS, "a", {"metadata": {"labels": {"x": "1"}}})["spec"]["resyncInterval"] == 5


def short(world: World, name: str = "a") -> Json | None:
    """Return an object with a short interval, None if there may be none; it takes a while until a new schema holds."""
    try:
        return world.create(KMSSECRETS, name, spec=TARGET | {"resyncInterval": 5})
    except ApiError:
        return None
