"""The shrink rule, the fight rule, and what a restart spreads."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from attrs import evolve

from secretsync.errors import WriterConflict
from secretsync.policies import KMS_OWNER
from secretsync.reconcile.caution import FIGHT_TIME, Caution
from secretsync.reconcile.messages import Fetch
from secretsync.targets import Recorded, Update
from secretsync.values import Version
from worlds import DOWN, Folder, Play, World, copy, document, secret, subject

T = secret("t")


def play(**rows: str) -> Play:
    made = Play(World(folders={"/a": document(**rows)}))
    made.apply(subject(copy("/a", "t")))
    made.run(100)
    return made


def keys(made: Play) -> str:
    return "".join(sorted(made.world.data[T]))


def told(made: Play, reason: str) -> list[str]:
    return [note.message for outcome in made.reports["one"] for note in outcome.notes if note.reason == reason]


# -- the shrink rule


def test_many_vanished_keys_go_when_the_same_is_seen_a_period_later() -> None:
    made = play(A="1", B="1", C="1")
    made.world.folders["/a"] = document(A="2")
    made.run(165)
    assert made.world.data[T] == {"A": b"2", "B": b"1", "C": b"1"}, "changes are written at once"
    assert made.last().ready
    made.run(290)
    assert keys(made) == "A"
    assert told(made, "ManyKeysRemoved") == ["Secret ns/t: B, C vanished; kept for now"], "told at the first sight only"


def test_vanished_keys_stay_for_a_period_whatever_is_done_meanwhile() -> None:
    made = play(A="1", B="1", C="1")
    made.world.folders["/a"] = document(A="2")
    made.run(165)
    assert told(made, "ManyKeysRemoved")
    made.at(166, lambda: made.world.put(T, {"A": b"edited", "B": b"1", "C": b"1"}, "one"))
    made.run(170)
    assert made.world.data[T] == {"A": b"2", "B": b"1", "C": b"1"}


def test_keys_that_come_back_were_never_gone() -> None:
    made = play(A="1", B="1", C="1")
    made.world.folders["/a"] = document(A="1")
    made.run(165)
    assert told(made, "ManyKeysRemoved")
    made.world.folders["/a"] = document(A="1", B="1", C="1")
    made.run(1000)
    assert keys(made) == "ABC"
    assert made.world.counts["writes"] == 1, "the first"


def test_the_second_look_reads_anew_and_a_failure_keeps_the_keys() -> None:
    made = play(A="1", B="1", C="1")
    made.world.folders["/a"] = document(A="1")
    made.run(165)
    assert told(made, "ManyKeysRemoved")
    made.world.faults = lambda what, now: DOWN if isinstance(what, Folder) else None
    made.run(4000)
    assert keys(made) == "ABC"
    made.world.faults = lambda what, now: None
    made.run(4500)
    assert keys(made) == "A"


def test_after_a_restart_the_period_begins_anew() -> None:
    made = play(A="1", B="1", C="1")
    made.world.folders["/a"] = document(A="1")
    made.run(165)
    again = Play(made.world)
    again.apply(subject(copy("/a", "t")))
    again.run(30)
    assert keys(again) == "ABC"
    again.run(200)
    assert keys(again) == "A"


def test_foreign_keys_are_no_loss() -> None:
    made = play(A="1")
    made.at(100, lambda: made.world.put(T, {"A": b"1", "X": b"1", "Y": b"1", "Z": b"1"}, "one"))
    made.run(110)
    assert keys(made) == "A"
    assert not told(made, "ManyKeysRemoved")


# -- the fight rule


def test_three_equal_corrections_end_in_a_pause_of_one_period() -> None:
    made = play(A="1")
    for time in 200, 210, 220, 230:
        made.at(time, lambda: made.world.put(T, {"A": b"theirs"}, "one"))
    made.run(219)
    assert made.world.data[T] == {"A": b"1"}
    writes = made.world.counts["writes"]
    made.run(275)
    assert made.world.data[T] == {"A": b"theirs"}
    assert made.world.counts["writes"] == writes
    assert isinstance(made.last().errors[0], WriterConflict)
    made.run(300)
    assert made.world.data[T] == {"A": b"1"}
    assert made.last().ready


def test_other_corrections_are_no_fight() -> None:
    made = play(A="1", B="1")
    for n, data in enumerate([{"A": b"x", "B": b"1"}, {"A": b"1", "B": b"x"}, {"A": b"1"}, {"A": b"x", "B": b"1"}]):
        made.at(200 + 10 * n, lambda data=data: made.world.put(T, data, "one"))  # type: ignore[misc]
    made.run(240)
    assert made.world.data[T] == {"A": b"1", "B": b"1"}
    assert all(outcome.ready for outcome in made.reports["one"])


def test_old_corrections_count_no_more() -> None:
    caution, update = Caution(), Update({}, frozenset("X"), {}, "one", "u", Version("1"))
    assert caution.corrects(T, update, now=0.0, pause=60.0)
    assert caution.corrects(T, update, now=FIGHT_TIME, pause=60.0)
    assert caution.corrects(T, update, now=FIGHT_TIME + 1.0, pause=60.0), "the first is too long ago"
    assert not caution.corrects(T, update, now=FIGHT_TIME + 2.0, pause=60.0)
    assert caution.paused_until(T, FIGHT_TIME + 3.0) == FIGHT_TIME + 62.0
    assert caution.paused_until(T, FIGHT_TIME + 62.0) is None


# -- a type that changes, where the object asks for a new target


def test_a_target_of_another_type_is_deleted_and_made_anew() -> None:
    made = play(A="1")

    def another(ask):
        (target,) = copy("/a", "t", policy=evolve(KMS_OWNER, recreate=True))(ask)
        return (evolve(target, fixed={"type": "new"}),)

    made.apply(subject(another, spec=b"2"))
    made.run(110)
    assert made.world.deleted == [T]
    assert made.world.targets[T].attributes["type"] == "new"
    assert made.world.data[T] == {"A": b"1"}
    assert made.last().ready


# -- spread


def test_checks_are_spread_over_the_whole_period_and_keep_their_turn() -> None:
    made = Play(World(folders={f"/{n}": document(A="1") for n in range(300)}))
    made.apply(*(subject(copy(f"/{n}", f"t{n}", mark=f"o{n}"), key=f"o{n}") for n in range(300)))
    made.run(60)
    sent: list[tuple[float, str]] = []
    made.check = lambda effects: sent.extend(
        (made.now, effect.queries[0].path) for effect in effects if isinstance(effect, Fetch)
    )
    made.run(60 + 600)
    for begin in range(60, 660, 60):
        seconds = Counter(int(time) for time, _ in sent if begin <= time < begin + 60)
        assert max(seconds.values()) <= 5 * 300 / 60, "no herd"
        assert len(seconds) >= 58
    for path in ("/0", "/77", "/299"):
        times = [time for time, one in sent if one == path]
        assert len(times) == 10
        assert all(later - earlier == pytest.approx(60.0) for earlier, later in pairwise(times))


@pytest.mark.parametrize("folders", [200, 10, 1])
def test_after_a_restart_what_was_settled_waits_for_its_turn_and_nothing_is_written(folders: int) -> None:
    world = World(folders={f"/{n}": document(A="1") for n in range(folders)})
    before = Play(world)
    subjects = [subject(copy(f"/{n % folders}", f"t{n}", mark=f"o{n}"), key=f"o{n}") for n in range(200)]
    before.apply(*subjects)
    before.run(100)
    writes, lists = world.counts["writes"], world.counts["Folder"]
    again = Play(world)
    times: list[float] = []
    again.check = lambda effects: times.extend(
        again.now for effect in effects if isinstance(effect, Fetch) and type(effect.queries[0]).__name__ == "Folder"
    )
    again.apply(*(evolve(one, settled=True, recorded=_recorded(before, one.key)) for one in subjects))
    again.run(59)
    assert len(times) <= folders, "one list a folder in the first interval"
    again.run(95)
    assert len(set(times)) >= folders
    assert world.counts["Folder"] - lists >= folders
    seconds = Counter(int(time) for time in times if time < 60)
    assert max(seconds.values(), default=0) <= max(3, folders // 8), "no herd"
    assert world.counts["writes"] == writes
    assert all(again.last(one.key).ready for one in subjects)


def test_after_a_restart_the_least_patient_is_not_made_to_wait() -> None:
    world = World(folders={f"/{n}": document(A="1") for n in range(20)})
    again = Play(world)
    fetched: list[str] = []
    again.check = lambda effects: fetched.extend(
        effect.queries[0].path
        for effect in effects
        if isinstance(effect, Fetch) and isinstance(effect.queries[0], Folder)
    )
    for name, period in ("patient", 1800.0), ("impatient", 60.0):
        for n in range(20):
            key = f"{name}-{n}"
            again.apply(subject(copy(f"/{n}", key, mark=key), key=key, period=period, settled=True))
    again.run(61)
    assert len(set(fetched)) == 20


def test_after_a_restart_who_waits_for_the_check_of_another_keeps_a_turn_of_its_own() -> None:
    """The other may ask for something else before it comes."""
    again = Play(World(folders={"/a": document(A="1"), "/b": document(B="1")}))
    again.apply(subject(copy("/a", "impatient", mark="impatient"), key="impatient", period=60.0))
    again.run(30.0)  # the value is dropped by then, so that whoever comes has to ask
    again.apply(subject(copy("/a", "patient", mark="patient"), key="patient", period=600.0, settled=True))
    again.apply(subject(copy("/b", "impatient", mark="impatient"), key="impatient", period=60.0, spec=b"2"), at=31.0)
    again.run(631.0)
    assert again.world.data.get(secret("patient")) == {"A": b"1"}


def test_what_happens_meanwhile_does_not_wait_for_the_turn() -> None:
    made = play(A="1")
    again = Play(made.world)
    made.world.folders["/b"] = document(B="1")
    again.apply(subject(copy("/a", "t", mark="one"), settled=True))
    again.apply(subject(copy("/b", "t", mark="one"), spec=b"2"), at=1.0)
    again.run(2.0)
    assert made.world.data[T]["B"] == b"1"


def test_what_drifted_while_nobody_ran_is_a_correction() -> None:
    made = play(A="1")
    made.world.put(T, {"A": b"edited"}, "one")
    again = Play(made.world)
    again.apply(subject(copy("/a", "t"), recorded=_recorded(made, "one")))
    again.run(5)
    assert [note.reason for note in again.last().notes] == ["DriftCorrected"]


def _recorded(made: Play, key: str) -> tuple[Recorded, ...]:
    return tuple(kept.recorded for kept in made.last(key).targets)


# -- a run that reads everything anew


def test_another_text_asks_for_a_run_that_reads_everything_anew() -> None:
    made = play(A="1")
    made.world.folders["/a"] = document(A="2")
    before = made.world.counts["Folder"]
    made.apply(subject(copy("/a", "t"), fresh="now"))
    made.run(made.now + 2)
    assert made.world.data[T] == {"A": b"2"}
    assert made.world.counts["Folder"] == before + 1
    made.apply(subject(copy("/a", "t"), fresh="now"))
    made.run(made.now + 2)
    assert made.world.counts["Folder"] == before + 1, "the same text asks for nothing"


def test_what_is_asked_for_while_a_target_is_written_is_not_lost() -> None:
    made = Play(World(folders={"/a": document(A="1")}), late={"cluster": 2.0})
    made.apply(subject(copy("/a", "t"), period=3600.0))
    while not made.world.counts["Folder"]:
        made.run(made.now + 0.1)
    while T not in made.world.data:
        made.run(made.now + 0.01)
        if made.engine._runs.get("one").state.name == "WRITING":  # type: ignore[union-attr]
            made.world.folders["/a"] = document(A="2")
            made.apply(subject(copy("/a", "t"), period=3600.0, fresh="now"))
            made.run(made.now + 0.5)
            break
    made.run(made.now + 20)
    assert made.world.data[T] == {"A": b"2"}
