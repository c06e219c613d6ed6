"""Lists and watches, as reflectors rely on them: one suite for every server there is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from api_world import PATIENCE, TARGET, World, names, version
from secretsync_k8s.cluster.resources import CONFIGMAPS, KMSSECRETS, SECRETS
from secretsync_k8s.cluster.transport import METADATA, METADATA_LIST, Json


def told(events: Iterator[Json], count: int) -> list[tuple[str, str]]:
    """Return type and name of the next events."""
    return [(event["type"], event["object"]["metadata"]["name"]) for event in islice(events, count)]


def labelled(world: World, name: str, value: str | None) -> Json:
    return world.patch(SECRETS, name, {"metadata": {"labels": {"n": value}}})


def test_what_comes_to_be_selected_is_added_and_what_ceases_to_be_is_deleted(world: World) -> None:
    before = world.create(SECRETS, "a")
    events = world.follow(SECRETS, resourceVersion=version(before), labelSelector="n=1")
    world.create(SECRETS, "other")
    labelled(world, "a", "1")
    world.patch(SECRETS, "a", {"stringData": {"K": "v"}})
    left = labelled(world, "a", "2")
    labelled(world, "a", "1")
    seen = list(islice(events, 4))
    events.close()
    assert [event["type"] for event in seen] == ["ADDED", "MODIFIED", "DELETED", "ADDED"]
    assert version(seen[2]["object"]) == version(left)
    assert seen[2]["object"]["metadata"]["labels"] == {"n": "1"}, "as it was last selected"


def test_one_object_is_watched_by_its_name(world: World) -> None:
    before = world.create(CONFIGMAPS, "a")
    events = world.follow(CONFIGMAPS, resourceVersion=version(before), fieldSelector="metadata.name=b")
    world.patch(CONFIGMAPS, "a", {"data": {"k": "1"}})
    world.create(CONFIGMAPS, "b")
    world.delete(CONFIGMAPS, "b")
    assert told(events, 2) == [("ADDED", "b"), ("DELETED", "b")]
    events.close()


def test_a_watch_without_a_version_begins_with_what_is_there(world: World) -> None:
    for name in ("b", "a"):
        world.create(SECRETS, name)
    events = world.follow(SECRETS)
    assert sorted(told(events, 2)) == [("ADDED", "a"), ("ADDED", "b")]
    world.create(SECRETS, "c")
    assert told(events, 1) == [("ADDED", "c")]
    events.close()


def test_what_changes_nothing_is_not_told(world: World) -> None:
    before = world.create(SECRETS, "a", stringData={"K": "v"})
    world.patch(SECRETS, "a", {"stringData": {"K": "v"}})
    world.create(SECRETS, "b")
    events = world.follow(SECRETS, resourceVersion=version(before))
    assert told(events, 1) == [("ADDED", "b")]
    events.close()


def test_a_watch_ends_when_its_time_is_over(world: World) -> None:
    before = world.create(SECRETS, "a")
    assert list(world.follow(SECRETS, resourceVersion=version(before), timeoutSeconds="1")) == []


def test_deletions_are_told_with_metadata_alone(world: World) -> None:
    made = world.create(SECRETS, "a", stringData={"K": "v"}, metadata={"labels": {"n": "1"}})
    query = {"watch": "true", "resourceVersion": version(made), "labelSelector": "n=1"}
    stream = world.transport.stream(world.path(SECRETS), query=query, accept=METADATA, timeout=PATIENCE)
    world.delete(SECRETS, "a")
    event = next(iter(stream))
    stream.close()
    assert event["type"] == "DELETED"
    assert event["object"].keys() == {"kind", "apiVersion", "metadata"}
    assert event["object"]["metadata"]["uid"] == made["metadata"]["uid"]


def test_custom_resources_are_told_with_status_and_end(world: World) -> None:
    made = world.create(KMSSECRETS, "a", spec=TARGET, metadata={"finalizers": ["contract.example/x"]})
    events = world.follow(KMSSECRETS, resourceVersion=version(made))
    world.patch(KMSSECRETS, "a", {"status": {"secretsCount": 1}}, "status")
    world.delete(KMSSECRETS, "a")
    world.patch(KMSSECRETS, "a", {"metadata": {"finalizers": None}})
    status, held, gone = islice(events, 3)
    events.close()
    assert status["object"]["status"] == {"secretsCount": 1}
    assert (held["type"], gone["type"]) == ("MODIFIED", "DELETED")
    assert held["object"]["metadata"]["deletionTimestamp"]
    assert version(gone["object"]) != version(held["object"])


def test_what_is_listed_in_pages_may_be_selected(world: World) -> None:
    for name in "abcde":
        world.create(SECRETS, name, metadata={"labels": {"n": "1" if name in "ace" else "2"}})
    query = {"labelSelector": "n=1", "limit": "2"}
    first = world.transport.request("GET", world.path(SECRETS), query=query, accept=METADATA_LIST)
    assert names(first) == ["a", "c"]
    query["continue"] = first["metadata"]["continue"]
    second = world.transport.request("GET", world.path(SECRETS), query=query, accept=METADATA_LIST)
    assert names(second) == ["e"]
    assert version(second) == version(first)


def test_a_watch_goes_on_from_a_list(world: World) -> None:
    world.create(SECRETS, "a")
    listed = world.list(SECRETS)
    world.create(SECRETS, "b")
    events = world.follow(SECRETS, resourceVersion=version(listed))
    assert told(events, 1) == [("ADDED", "b")]
    events.close()


def test_nothing_is_listed_where_no_namespace_is(world: World) -> None:
    assert world.transport.request("GET", SECRETS.path("contract-none"))["items"] == []
