"""What lists and events mean after all that was seen before, on connections that repeat and swap events."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync_k8s.cluster import replica as module
from secretsync_k8s.cluster.replica import Change, ChangeType, Replica, key_of
from secretsync_k8s.cluster.transport import Json

ADDED, MODIFIED, DELETED = ChangeType


def item(version: int, *, uid: str = "u1", name: str = "a", generation: int = 0) -> Json:
    metadata = {"namespace": "shop", "name": name, "uid": uid, "resourceVersion": str(version)}
    return {"metadata": metadata | ({"generation": generation} if generation else {})}


def told(changes: list[Change]) -> list[tuple[ChangeType, str, str]]:
    return [(c.type, c.object["metadata"]["uid"], c.object["metadata"]["resourceVersion"]) for c in changes]


ADD_1, MODIFY_2, MODIFY_3 = (ADDED, item(1)), (MODIFIED, item(2)), (MODIFIED, item(3))
END_4, NEW_5 = (DELETED, item(4)), (ADDED, item(5, uid="u2"))

CASES = {
    "in order": ([ADD_1, MODIFY_2, END_4, NEW_5], [(ADDED, 1), (MODIFIED, 2), (DELETED, 4), (ADDED, 5)]),
    "each twice": ([ADD_1, ADD_1, MODIFY_2, MODIFY_2, END_4, END_4], [(ADDED, 1), (MODIFIED, 2), (DELETED, 4)]),
    "an earlier one again": ([ADD_1, MODIFY_2, MODIFY_3, MODIFY_2], [(ADDED, 1), (MODIFIED, 2), (MODIFIED, 3)]),
    "swapped, and nobody can tell": ([ADD_1, MODIFY_3, MODIFY_2], [(ADDED, 1), (MODIFIED, 3), (MODIFIED, 2)]),
    "late after the end": ([ADD_1, END_4, MODIFY_3], [(ADDED, 1), (DELETED, 4)]),
    "the successor comes first": ([ADD_1, NEW_5, END_4], [(ADDED, 1), (DELETED, 1), (ADDED, 5)]),
    "late after its successor": ([ADD_1, NEW_5, MODIFY_3], [(ADDED, 1), (DELETED, 1), (ADDED, 5)]),
    "added, but known": ([ADD_1, (ADDED, item(2))], [(ADDED, 1), (MODIFIED, 2)]),
    "modified, but unknown": ([MODIFY_2], [(ADDED, 2)]),
    "the end of what was never known": ([END_4, MODIFY_3], [(DELETED, 4)]),
    "the end of another before its beginning": (
        [ADD_1, (DELETED, item(6, uid="u2")), NEW_5, MODIFY_2],
        [(ADDED, 1), (MODIFIED, 2)],
    ),
    "swapped, and the generation tells": (
        [(ADDED, item(1, generation=1)), (MODIFIED, item(3, generation=3)), (MODIFIED, item(2, generation=2))],
        [(ADDED, 1), (MODIFIED, 3)],
    ),
}


@pytest.mark.parametrize(("events", "meaning"), CASES.values(), ids=CASES)
def test_what_events_mean(events: list[tuple[ChangeType, Json]], meaning: list[tuple[ChangeType, int]]) -> None:
    replica = Replica()
    changes = [change for kind, thing in events for change in replica.take(kind, thing)]
    assert [(kind, int(version)) for kind, _, version in told(changes)] == meaning


def test_a_list_settles_what_swapped_events_left() -> None:
    replica = Replica()
    for kind, thing in (ADD_1, MODIFY_3, MODIFY_2):
        replica.take(kind, thing)
    assert told(replica.replace({("shop", "a"): item(3)})) == [(MODIFIED, "u1", "3")]
    assert replica.replace({("shop", "a"): item(3)}) == []


def test_what_a_list_found_missing_does_not_come_back() -> None:
    replica = Replica()
    replica.take(*ADD_1)
    assert told(replica.replace({})) == [(DELETED, "u1", "1")]
    assert replica.take(*MODIFY_2) == []


def test_what_is_forgotten_is_told_as_new() -> None:
    replica = Replica()
    replica.take(*ADD_1)
    replica.forget(("shop", "a"))
    assert ("shop", "a") not in replica
    assert told(replica.take(*MODIFY_2)) == [(ADDED, "u1", "2")]


def test_what_is_remembered_of_the_past_is_bounded() -> None:
    replica = Replica()
    for n in range(2 * module._REMEMBERED):
        replica.take(ADDED, item(n, uid=f"u{n}", name=f"n{n}"))
        replica.take(DELETED, item(n, uid=f"u{n}", name=f"n{n}"))
    assert len(replica._old._marks) == module._REMEMBERED
    assert replica.take(MODIFIED, item(1, uid=f"u{n}", name=f"n{n}")) == []


# -- laws


def history(random: Random, length: int) -> list[tuple[ChangeType, Json]]:
    """Return what an API server tells of two objects that come, change and go."""
    live: dict[str, tuple[str, int]] = {}
    events: list[tuple[ChangeType, Json]] = []
    for version in range(1, length + 1):
        name = random.choice("ab")
        uid, generation = live.get(name, (f"{name}{version}", 0))
        kind = ADDED if name not in live else random.choice((MODIFIED, MODIFIED, DELETED))
        live[name] = (uid, generation + 1)
        events.append((kind, item(version, uid=uid, name=name, generation=generation + 1)))
        if kind is DELETED:
            del live[name]
    return events


def state(events: list[tuple[ChangeType, Json]]) -> dict[str, str]:
    """Return the version of each object that is left, to one who believes every event."""
    seen: dict[str, str] = {}
    for kind, thing in events:
        metadata = thing["metadata"]
        if kind is DELETED:
            seen.pop(metadata["name"], None)
        else:
            seen[metadata["name"]] = metadata["resourceVersion"]
    return seen


def disturbed(events: list[tuple[ChangeType, Json]], random: Random) -> list[tuple[ChangeType, Json]]:
    """Return the events, some of them twice and some with their neighbour before them."""
    sent = [event for event in events for _ in range(random.choice((1, 1, 2)))]
    for n in range(0, len(sent) - 1, 2):
        if random.random() < 0.4:
            sent[n : n + 2] = reversed(sent[n : n + 2])
    return sent


@given(st.randoms(use_true_random=False), st.integers(0, 30))
def test_repeated_and_swapped_events_lead_to_the_same_end(random: Random, length: int) -> None:
    events = history(random, length)
    replica = Replica()
    changes = [change for kind, thing in disturbed(events, random) for change in replica.take(kind, thing)]
    assert state([(change.type, change.object) for change in changes]) == state(events)


@given(st.randoms(use_true_random=False), st.integers(0, 30))
def test_what_is_told_comes_as_new_then_changed_then_gone(random: Random, length: int) -> None:
    replica, live = Replica(), set()
    for kind, thing in disturbed(history(random, length), random):
        for change in replica.take(kind, thing):
            key = key_of(change.object)
            if change.type is not DELETED:
                assert (key in live) is (change.type is MODIFIED)
            (live.discard if change.type is DELETED else live.add)(key)
        assert {name for name in "ab" if ("shop", name) in replica} == {name for _, name in live}
