"""What the operator relies on in an API server, through its own transport: one suite for every server there is."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from itertools import islice
from uuid import uuid4

import pytest

from api_world import PATIENCE, TARGET, World, names, refusal, version
from secretsync.testing import ManualClock
from secretsync_k8s.cluster.events import Events
from secretsync_k8s.cluster.lease import Election, LeaseName
from secretsync_k8s.cluster.reflector import Reflector
from secretsync_k8s.cluster.replica import Change
from secretsync_k8s.cluster.resources import (
    CONFIGMAPS,
    EVENTS,
    KMSSECRETS,
    LEASES,
    SECRETS,
    SERVICE_ACCOUNTS,
)
from secretsync_k8s.cluster.transport import (
    METADATA,
    METADATA_LIST,
    Json,
)

# -- objects and their versions


def test_an_object_comes_with_identity_and_version(world: World) -> None:
    made = world.create(SECRETS, "a", stringData={"K": "v"})
    assert made["metadata"]["uid"]
    assert made["metadata"]["creationTimestamp"]
    assert made["data"] == {"K": "dg=="}
    assert made["type"] == "Opaque"
    assert world.get(SECRETS, "a")["metadata"]["uid"] == made["metadata"]["uid"]


def test_every_write_moves_the_version_and_one_that_changes_nothing_does_not(world: World) -> None:
    made = world.create(CONFIGMAPS, "a", data={"k": "1"})
    changed = world.patch(CONFIGMAPS, "a", {"data": {"k": "2"}})
    assert version(changed) != version(made)
    assert version(world.patch(CONFIGMAPS, "a", {"data": {"k": "2"}})) == version(changed)


def test_what_is_not_there_is_404_and_what_is_there_409(world: World) -> None:
    missing = refusal(lambda: world.get(SECRETS, "none"))
    assert (missing.status, missing.reason) == (404, "NotFound")
    world.create(SECRETS, "a")
    twice = refusal(lambda: world.create(SECRETS, "a"))
    assert (twice.status, twice.reason) == (409, "AlreadyExists")


@pytest.mark.parametrize("how", ["put", "merge patch", "delete"])
def test_an_old_version_is_a_conflict(world: World, how: str) -> None:
    old = world.create(SECRETS, "a", stringData={"K": "1"})
    world.patch(SECRETS, "a", {"stringData": {"K": "2"}})
    calls: dict[str, Callable[[], object]] = {
        "put": lambda: world.replace(SECRETS, old),
        "merge patch": lambda: world.patch(SECRETS, "a", {"metadata": {"resourceVersion": version(old)}, "data": {}}),
        "delete": lambda: world.delete(SECRETS, "a", preconditions={"resourceVersion": version(old)}),
    }
    error = refusal(calls[how])
    assert (error.status, error.reason) == (409, "Conflict")


def test_another_uid_is_not_deleted(world: World) -> None:
    made = world.create(SECRETS, "a")
    assert refusal(lambda: world.delete(SECRETS, "a", preconditions={"uid": str(uuid4())})).status == 409
    world.delete(SECRETS, "a", preconditions={"uid": made["metadata"]["uid"]})
    assert refusal(lambda: world.get(SECRETS, "a")).status == 404


def test_nothing_is_made_in_a_namespace_that_is_not_there(world: World) -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}
    path = SECRETS.path("contract-none")
    assert refusal(lambda: world.transport.request("POST", path, body=body)).status == 404


# -- patches


def test_a_merge_patch_takes_away_what_is_null(world: World) -> None:
    world.create(SECRETS, "a", stringData={"A": "1", "B": "2"}, metadata={"labels": {"x": "1", "y": "2"}})
    body = {"data": {"A": None, "C": "Mw=="}, "metadata": {"labels": {"x": None}}}
    changed = world.patch(SECRETS, "a", body)
    assert changed["data"] == {"B": "Mg==", "C": "Mw=="}
    assert changed["metadata"]["labels"] == {"y": "2"}


def test_a_json_patch_is_done_whole_or_not_at_all(world: World) -> None:
    world.create(CONFIGMAPS, "a", data={"k": "1", "l": "2"})
    changed = world.patch(
        CONFIGMAPS,
        "a",
        [
            {"op": "test", "path": "/data/k", "value": "1"},
            {"op": "replace", "path": "/data/k", "value": "3"},
            {"op": "remove", "path": "/data/l"},
            {"op": "add", "path": "/metadata/annotations", "value": {"a.b/c": "x"}},
        ],
    )
    assert changed["data"] == {"k": "3"}
    assert changed["metadata"]["annotations"] == {"a.b/c": "x"}
    operations = [
        {"op": "replace", "path": "/data/k", "value": "4"},
        {"op": "test", "path": "/metadata/annotations/a.b~1c", "value": "y"},
    ]
    assert refusal(lambda: world.patch(CONFIGMAPS, "a", operations)).status == 422
    assert world.get(CONFIGMAPS, "a")["data"] == {"k": "3"}


# -- defaults and validation


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        pytest.param({"stringData": {"a b": "1"}}, "data[a b]", id="a key"),
        pytest.param({"metadata": {"labels": {"x": "y z"}}}, "metadata.labels", id="a label"),
        pytest.param({"type": "kubernetes.io/tls"}, "data[tls.crt]", id="a key that the type needs"),
    ],
)
def test_what_is_invalid_names_its_place(world: World, fields: Json, place: str) -> None:
    error = refusal(lambda: world.create(SECRETS, "a", **fields))
    assert (error.status, error.reason) == (422, "Invalid")
    assert any(cause.startswith(f"{place}:") for cause in error.causes)


def test_a_type_is_for_good(world: World) -> None:
    world.create(SECRETS, "a")
    error = refusal(lambda: world.patch(SECRETS, "a", {"type": "example.com/other"}))
    assert (error.status, error.causes) == (422, ("type: FieldValueInvalid",))


def test_a_custom_resource_is_held_to_its_schema(world: World) -> None:
    error = refusal(lambda: world.create(KMSSECRETS, "a", spec=TARGET | {"hostAPI": 7}))
    assert error.status == 422
    assert any(cause.startswith("spec.hostAPI:") for cause in error.causes)


def test_a_schema_fills_in_its_defaults(world: World) -> None:
    assert world.create(KMSSECRETS, "a", spec=TARGET)["spec"]["resyncInterval"] == 60


def test_what_a_schema_does_not_know_is_dropped(world: World) -> None:
    made = world.create(KMSSECRETS, "a", spec=TARGET | {"hostAPI": "http://localhost", "unheardOf": 1})
    assert "unheardOf" not in made["spec"]


# -- status, generation, finalizers, owners


def test_status_and_the_rest_are_written_apart(world: World) -> None:
    made = world.create(KMSSECRETS, "a", spec=TARGET | {"hostAPI": "http://localhost"}, status={"secretsCount": 1})
    assert "status" not in made
    assert made["metadata"]["generation"] == 1
    status = world.patch(KMSSECRETS, "a", {"status": {"secretsCount": 2}, "spec": {"hostAPI": "x"}}, "status")
    assert status["status"]["secretsCount"] == 2
    assert status["spec"]["hostAPI"] == "http://localhost"
    assert status["metadata"]["generation"] == 1
    changed = world.patch(KMSSECRETS, "a", {"status": {"secretsCount": 3}, "spec": {"hostAPI": "http://other"}})
    assert changed["status"]["secretsCount"] == 2
    assert changed["metadata"]["generation"] == 2


def test_a_status_meant_for_a_predecessor_of_the_same_name_is_refused(world: World) -> None:
    uid = world.create(KMSSECRETS, "a", spec=TARGET)["metadata"]["uid"]
    meant = [
        {"op": "test", "path": "/metadata/uid", "value": uid},
        {"op": "add", "path": "/status", "value": {"secretsCount": 1}},
    ]
    assert world.patch(KMSSECRETS, "a", meant, "status")["status"] == {"secretsCount": 1}
    world.delete(KMSSECRETS, "a")
    world.create(KMSSECRETS, "a", spec=TARGET)
    assert refusal(lambda: world.patch(KMSSECRETS, "a", meant, "status")).status == 422
    assert "status" not in world.get(KMSSECRETS, "a")


def test_a_finalizer_holds_an_object_until_it_is_taken_away(world: World) -> None:
    world.create(KMSSECRETS, "a", spec=TARGET, metadata={"finalizers": ["contract.example/x"]})
    world.delete(KMSSECRETS, "a")
    held = world.get(KMSSECRETS, "a")
    assert held["metadata"]["deletionTimestamp"]
    more = {"metadata": {"finalizers": ["contract.example/x", "contract.example/y"]}}
    assert refusal(lambda: world.patch(KMSSECRETS, "a", more)).status == 422
    world.patch(KMSSECRETS, "a", {"metadata": {"finalizers": None}})
    assert refusal(lambda: world.get(KMSSECRETS, "a")).status == 404


def test_what_an_owner_leaves_behind_goes(world: World) -> None:
    owner = world.create(CONFIGMAPS, "owner")
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    made = world.create(SECRETS, "owned", metadata={"ownerReferences": [reference]})
    events = world.follow(SECRETS, resourceVersion=version(made))
    world.delete(CONFIGMAPS, "owner", propagationPolicy="Background")
    assert next(events)["type"] == "DELETED"
    events.close()


# -- lists


def test_selectors(world: World) -> None:
    for name, label in (("a", "1"), ("b", "2"), ("c", "1")):
        world.create(SECRETS, name, metadata={"labels": {"n": label}})
    assert names(world.list(SECRETS, labelSelector="n=1")) == ["a", "c"]
    assert names(world.list(SECRETS, labelSelector="n in (2,3)")) == ["b"]
    assert names(world.list(SECRETS, labelSelector="!n")) == []
    assert names(world.list(SECRETS, fieldSelector="metadata.name=b")) == ["b"]


def test_a_list_in_pages_is_of_one_moment(world: World) -> None:
    made = {name: version(world.create(SECRETS, name)) for name in "abcde"}
    first = world.list(SECRETS, limit="2")
    world.delete(SECRETS, "d")
    world.create(SECRETS, "bb")
    world.patch(SECRETS, "e", {"metadata": {"labels": {"late": "yes"}}})
    second = world.list(SECRETS, limit="2", **{"continue": first["metadata"]["continue"]})
    third = world.list(SECRETS, limit="2", **{"continue": second["metadata"]["continue"]})
    assert [names(page) for page in (first, second, third)] == [["a", "b"], ["c", "d"], ["e"]]
    assert {version(page) for page in (first, second, third)} == {version(first)}
    for item in (*second["items"], *third["items"]):
        assert version(item) == made[item["metadata"]["name"]]
    assert not third["metadata"].get("continue")
    assert names(world.list(SECRETS)) == ["a", "b", "bb", "c", "e"]


def test_pages_that_the_server_has_forgotten_are_410(world: World) -> None:
    for name in "abc":
        world.create(SECRETS, name)
    token = world.list(SECRETS, limit="1")["metadata"]["continue"]
    world.create(SECRETS, "d")
    world.forget()
    error = refusal(lambda: world.list(SECRETS, limit="1", **{"continue": token}))
    assert (error.status, error.reason) == (410, "Expired")


def test_a_token_that_is_none_is_400(world: World) -> None:
    assert refusal(lambda: world.list(SECRETS, limit="1", **{"continue": "x"})).status == 400


def test_metadata_alone(world: World) -> None:
    world.create(SECRETS, "a", stringData={"K": "v"}, metadata={"labels": {"x": "1"}})
    one = world.get(SECRETS, "a", accept=METADATA)
    assert one["kind"] == "PartialObjectMetadata"
    assert one["metadata"]["labels"] == {"x": "1"}
    assert "data" not in one
    many = world.transport.request("GET", world.path(SECRETS), accept=METADATA_LIST)
    assert [set(item) & {"data", "type"} for item in many["items"]] == [set()]


# -- watches


def test_a_watch_tells_every_change_after_a_version(world: World) -> None:
    before = world.list(SECRETS)
    made = world.create(SECRETS, "a")
    changed = world.patch(SECRETS, "a", {"stringData": {"K": "v"}})
    world.delete(SECRETS, "a")
    events = world.follow(SECRETS, resourceVersion=version(before))
    told = [next(events) for _ in range(3)]
    events.close()
    assert [event["type"] for event in told] == ["ADDED", "MODIFIED", "DELETED"]
    assert [version(event["object"]) for event in told[:2]] == [version(made), version(changed)]
    assert version(told[2]["object"]) not in {version(made), version(changed)}
    assert {event["object"]["metadata"]["uid"] for event in told} == {made["metadata"]["uid"]}


def test_a_watch_tells_what_comes_while_it_is_open(world: World) -> None:
    events = world.follow(SECRETS, resourceVersion=version(world.create(SECRETS, "a")))
    world.create(SECRETS, "b")
    assert next(events)["object"]["metadata"]["name"] == "b"
    events.close()


def test_a_watch_may_ask_for_bookmarks_and_for_metadata(world: World) -> None:
    made = world.create(SECRETS, "a", stringData={"K": "v"})
    query = {"watch": "true", "allowWatchBookmarks": "true", "sendInitialEvents": "true"}
    query |= {"resourceVersionMatch": "NotOlderThan", "resourceVersion": ""}
    stream = world.transport.stream(world.path(SECRETS), query=query, accept=METADATA, timeout=PATIENCE)
    added, bookmark = islice(stream, 2)
    stream.close()
    assert (added["type"], bookmark["type"]) == ("ADDED", "BOOKMARK")
    assert added["object"].keys() == {"kind", "apiVersion", "metadata"}
    assert version(added["object"]) == version(made)
    assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_a_version_that_the_server_has_forgotten_is_410(world: World) -> None:
    old = world.create(SECRETS, "a")
    world.create(SECRETS, "b")
    world.forget()
    (event,) = world.follow(SECRETS, resourceVersion=version(old))
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


def test_a_reflector_follows(world: World) -> None:
    world.create(SECRETS, "before")
    told: list[str] = []
    reflector = Reflector(
        world.transport, SECRETS, namespace=world.namespace, metadata_only=True, clock=ManualClock(), chance=lambda: 0.0
    )

    def on_change(change: Change) -> None:
        told.append(f"{change.type.value} {change.object['metadata']['name']}")
        if len(told) == 1:
            world.create(SECRETS, "during")
        else:
            reflector.begin_stop()

    reflector.listen(on_change)
    reflector.step()
    assert told == ["ADDED before", "ADDED during"]


# -- leases, events, tokens


def test_a_lease_is_taken_renewed_and_given_back(world: World) -> None:
    log: list[str] = []
    election = Election(
        world.transport,
        LeaseName(world.namespace, "contract.example", "me"),
        clock=ManualClock(),
        chance=lambda: 0.0,
        led=lambda: log.append("led"),
        lost=lambda: log.append("lost"),
    )
    election.step()
    election.step()
    assert world.get(LEASES, "contract.example")["spec"]["holderIdentity"] == "me"
    election.resign()
    spec = world.get(LEASES, "contract.example")["spec"]
    assert (spec.get("holderIdentity", ""), spec["leaseDurationSeconds"]) == ("", 1)
    assert log == ["led", "lost"]


def test_a_lease_is_put_by_its_version_only(world: World) -> None:
    made = world.create(LEASES, "a", spec={"holderIdentity": "x", "leaseDurationSeconds": 15})
    del made["metadata"]["resourceVersion"]
    error = refusal(lambda: world.replace(LEASES, made))
    assert (error.status, error.causes) == (422, ("metadata.resourceVersion: FieldValueInvalid",))


def test_a_lease_of_no_time_is_invalid(world: World) -> None:
    error = refusal(lambda: world.create(LEASES, "a", spec={"leaseDurationSeconds": 0}))
    assert (error.status, error.causes) == (422, ("spec.leaseDurationSeconds: FieldValueInvalid",))


def test_an_event_is_kept_once(world: World) -> None:
    about = world.create(SECRETS, "a")
    about |= {"apiVersion": "v1", "kind": "Secret"}
    events = Events(world.transport, ManualClock(), "contract.example/operator", "pod")
    for _ in range(2):
        events.post(about, type="Normal", reason="Created", note="once")
    (event,) = world.list(EVENTS)["items"]
    assert (event["reason"], event["note"], event["regarding"]["name"]) == ("Created", "once", "a")


def test_a_token_of_a_service_account(world: World) -> None:
    world.create(SERVICE_ACCOUNTS, "sa")
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
    body["spec"] = {"audiences": ["kms"], "expirationSeconds": 600}
    answer = world.transport.request("POST", world.path(SERVICE_ACCOUNTS, "sa", "token"), body=body)
    claims = claims_of(answer["status"]["token"])
    assert claims["aud"] == ["kms"]
    assert claims["sub"] == f"system:serviceaccount:{world.namespace}:sa"
    assert claims["exp"] - claims["iat"] == 600
    assert answer["status"]["expirationTimestamp"].endswith("Z")


def test_a_token_lives_ten_minutes_at_least_and_is_of_an_account_that_is_there(world: World) -> None:
    world.create(SERVICE_ACCOUNTS, "sa")
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 599}}
    path = world.path(SERVICE_ACCOUNTS, "sa", "token")
    assert refusal(lambda: world.transport.request("POST", path, body=body)).status == 422
    path = world.path(SERVICE_ACCOUNTS, "none", "token")
    assert refusal(lambda: world.transport.request("POST", path, body=body | {"spec": {}})).status == 404


def claims_of(token: str) -> Json:
    part = token.split(".")[1]
    claims: Json = json.loads(b64decode(part + "=" * (-len(part) % 4), altchars=b"-_"))
    return claims
