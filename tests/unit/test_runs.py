"""Runs: the life of each subject, from its first outcome to the last."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve

from secretsync.errors import (
    DeadlineExceeded,
    Defect,
    InvalidSpec,
    PathNotFound,
    TargetConflict,
    TargetForbidden,
    TargetMoved,
    TargetTypeImmutable,
    TooManyRounds,
    Unavailable,
)
from secretsync.policies import KMS_ORPHAN, KMS_OWNER, Policy
from secretsync.queries import Absent, Failed, Found, Scope
from secretsync.reconcile.ask import Ask
from secretsync.reconcile.lanes import Lane
from secretsync.reconcile.messages import Desired, Effect, Kept, Outcome, Perform, Withdrawn
from secretsync.targets import Create, Delete, Note, Observe, Recorded, Target, Update
from secretsync.values import Document, Flatten, SecretValue
from worlds import DOWN, UNTOLD, Folder, Play, World, copy, document, login, secret, subject

T, U = secret("t"), secret("u")
MOVED = Failed(TargetMoved("t moved"))
DENIED = Failed(TargetForbidden("t may not be written"))
GONE = Failed(Unavailable("cluster", "write", "reset"), Scope.HOST)


def play(
    desired: Desired | None = None, *, policy: Policy = KMS_OWNER, of: dict[str, object] | None = None, **more: object
) -> Play:
    """A play with one object, `one`, that copies folder /a to target t."""
    made = Play(World(folders={"/a": document(A="1", B="2")}), **more)  # type: ignore[arg-type]
    made.apply(subject(desired or copy("/a", "t", policy=policy), **(of or {})))
    return made


def recorded(made: Play) -> tuple[Recorded, ...]:
    return tuple(kept.recorded for kept in made.last().targets)


def failing(kind: type | tuple[type, ...], how: Failed = DENIED) -> Callable[[object, float], Failed | None]:
    return lambda what, now: how if isinstance(what, kind) else None


def reasons(made: Play, key: str = "one") -> list[str]:
    """The reasons of all notes told, in order."""
    return [note.reason for outcome in made.reports[key] for note in outcome.notes]


# -- a quiet life


def test_created_once_then_only_confirmed() -> None:
    made = play()
    made.run(6 * 3600)
    counts = made.world.counts
    assert made.world.data == {T: {"A": b"1", "B": b"2"}}
    assert counts["writes"] == 1
    assert 360 <= counts["Folder"] <= 400
    assert counts["Folder"] - made.world.conditional["Folder"] == 1, "all but the first were conditional"
    assert counts["Credentials"] == counts["Token"] <= 8, "read for logins only"
    assert counts["Observe"] == 1
    assert [outcome.ready for outcome in made.reports["one"]] == [True]
    assert not [query for query in made.engine.held() if isinstance(query, Folder)]


def test_quiet_confirmations_evaluate_nothing() -> None:
    evaluated = []

    def desired(ask: Ask) -> tuple[Target, ...]:
        evaluated.append(1)
        return copy("/a", "t")(ask)

    made = play(desired)
    made.run(60)
    before = len(evaluated)
    made.run(3600)
    assert len(evaluated) == before


def test_a_change_is_written_within_the_period() -> None:
    made = play()
    made.run(100)
    made.world.folders["/a"] = document(A="9")
    made.run(161)
    assert made.world.data[T] == {"A": b"9"}
    assert reasons(made) == ["Created", "Updated"]


def test_an_edited_comment_writes_nothing() -> None:
    made = play()
    made.run(100)
    made.world.folders["/a"] = Document(
        tuple(evolve(row, comment="x", version="9") for row in document(A="1", B="2").rows)
    )
    made.run(300)
    assert made.world.counts["writes"] == 1


def test_an_edited_target_is_corrected_at_once_although_nothing_moved() -> None:
    made = play()
    made.at(100, lambda: made.world.put(T, {"A": b"edited", "C": b"3"}, "one"))
    made.run(101)
    assert made.world.data[T] == {"A": b"1", "B": b"2"}
    assert reasons(made) == ["Created", "DriftCorrected"]


def test_a_deleted_target_is_made_anew_at_once() -> None:
    made = play()
    made.at(100, lambda: made.world.remove(T))
    made.run(101)
    assert made.world.data[T] == {"A": b"1", "B": b"2"}
    assert made.last().targets[0].recorded.uid == made.world.targets[T].uid


def test_a_folder_that_is_gone_or_empty_is_told_and_nothing_is_touched() -> None:
    made = play()
    made.run(30)
    del made.world.folders["/a"]
    made.run(1000)
    assert isinstance(made.last().errors[0], PathNotFound)
    assert made.world.data[T] == {"A": b"1", "B": b"2"}
    assert made.last().targets[0].recorded == Recorded(T, KMS_OWNER, "one", made.world.targets[T].uid)


def test_another_period_is_heard() -> None:
    made = play()
    made.run(100)
    before = made.world.counts["Folder"]
    made.apply(subject(copy("/a", "t", policy=KMS_OWNER), period=10.0))
    made.run(200)
    assert 9 <= made.world.counts["Folder"] - before <= 13


def test_another_specification_of_the_same_result_writes_nothing() -> None:
    made = play()
    made.run(100)
    made.apply(subject(copy("/a", "t", policy=KMS_OWNER), spec=b"2"))
    made.run(200)
    assert made.world.counts["writes"] == 1


def test_an_object_applied_again_as_it_was_costs_nothing() -> None:
    made = play()
    made.run(50)
    counts = dict(made.world.counts)
    made.apply(subject(copy("/a", "t", policy=KMS_OWNER)))
    made.run(51)
    assert dict(made.world.counts) == counts


# -- restart


def test_a_restart_over_what_is_in_step_evaluates_once_and_writes_nothing() -> None:
    first = play()
    first.run(100)
    evaluated = []

    def desired(ask: Ask) -> tuple[Target, ...]:
        targets = copy("/a", "t", policy=KMS_OWNER)(ask)
        evaluated.append(1)
        return targets

    again = Play(evolve(first.world, counts=type(first.world.counts)()))
    again.apply(subject(desired, recorded=recorded(first)))
    again.run(1000)
    assert again.world.counts["writes"] == 0
    assert len(evaluated) <= 2, "once to know the target, once to look at it"
    assert [outcome.ready for outcome in again.reports["one"]] == [True]
    assert again.last().targets == first.last().targets


def test_after_a_crash_between_write_and_report_the_target_is_still_ours() -> None:
    first = play(refuse=lambda report: UNTOLD)
    first.run(5)
    assert first.world.data[T]
    again = Play(first.world)
    again.apply(subject(copy("/a", "t", policy=KMS_OWNER), deleted=True, recorded=(Recorded(T, KMS_OWNER, "one"),)))
    again.run(5)
    assert again.last().gone
    assert first.world.data == {}


# -- deletion


@pytest.mark.parametrize(("policy", "left"), [(KMS_OWNER, False), (KMS_ORPHAN, True)], ids=["Owner", "Orphan"])
@pytest.mark.parametrize("spec", [b"1", b"2"], ids=["same spec", "other spec"])
@pytest.mark.parametrize("restarted", [False, True], ids=["", "restarted"])
def test_deletion_does_not_wait_for_a_dead_backend(policy: Policy, spec: bytes, *, left: bool, restarted: bool) -> None:
    made = play(policy=policy)
    made.run(100)
    made.world.faults = lambda what, now: DOWN if getattr(what, "host", "") == "kms" else None
    before = recorded(made)
    if restarted:
        made = Play(made.world)
        made.now = 200.0
    else:
        made.run(200)
    made.apply(subject(copy("/a", "t", policy=policy), spec=spec, deleted=True, recorded=before))
    made.run(202)
    assert made.last().gone
    assert (T in made.world.data) is left
    assert made.last().targets == ()


def test_deletion_does_not_wait_for_a_hanging_fetch() -> None:
    made = play(late={"kms": 1e6})
    made.run(100)
    made.apply(subject(copy("/a", "t"), deleted=True))
    made.run(102)
    assert made.last().gone


def test_what_is_gone_stays_gone_whatever_moves() -> None:
    made = play()
    made.run(100)
    made.apply(subject(copy("/a", "t", policy=KMS_OWNER), deleted=True))
    made.run(102)
    made.at(103, lambda: made.world.put(T, {"A": b"somebody's"}))
    made.run(300)
    assert made.last().gone
    assert made.world.data[T] == {"A": b"somebody's"}


def test_an_object_made_anew_under_its_old_name_is_served_anew() -> None:
    made = play()
    made.run(100)
    made.apply(subject(copy("/a", "t", policy=KMS_OWNER), deleted=True))
    made.run(102)
    made.apply(subject(copy("/a", "t", policy=KMS_OWNER)))
    made.run(103)
    assert made.world.data[T] == {"A": b"1", "B": b"2"}
    assert made.last().ready
    assert not made.last().gone


def test_a_deletion_that_fails_is_tried_again_and_not_gone_before() -> None:
    made = play()
    made.run(100)
    made.world.faults = failing(Delete)
    made.apply(subject(copy("/a", "t", policy=KMS_OWNER), deleted=True))
    made.run(200)
    assert not made.last().gone
    assert made.last().targets
    made.world.faults = lambda what, now: None
    made.run(510)
    assert made.last().gone
    assert made.world.data == {}


# -- renaming


def renamed(made: Play) -> None:
    made.apply(subject(copy("/a", "u", policy=KMS_OWNER), spec=b"2"))
    made.run(made.now + 5)
    assert made.world.data[U] == {"A": b"1", "B": b"2"}
    assert made.last().ready


def test_a_target_no_longer_named_is_deleted() -> None:
    made = play()
    made.run(100)
    renamed(made)
    assert T not in made.world.data
    assert [kept.recorded.ref for kept in made.last().targets] == [U]
    assert sorted(reasons(made)[-2:]) == ["Created", "Deleted"]


def test_the_removal_of_a_target_no_longer_named_is_tried_until_it_succeeds() -> None:
    made = play()
    made.run(100)
    made.world.faults = failing(Delete)
    made.apply(subject(copy("/a", "u", policy=KMS_OWNER), spec=b"2"))
    made.run(105)
    assert made.world.data.keys() == {T, U}
    assert not made.last().ready
    made.world.faults = lambda what, now: None
    made.run(made.now + 400)
    assert T not in made.world.data
    assert made.last().ready


@pytest.mark.parametrize("mark", [None, "two"])
def test_a_target_no_longer_named_stays_without_our_mark(mark: str | None) -> None:
    made = play()
    made.run(100)
    made.at(100, lambda: made.world.put(T, {"A": b"theirs"}, mark))
    made.now = 100
    renamed(made)
    assert made.world.data[T] == {"A": b"theirs"}


def test_a_target_no_longer_named_stays_if_it_was_made_anew() -> None:
    made = play()
    made.run(100)
    before = recorded(made)
    made.world.remove(T)
    made.world.put(T, {"A": b"theirs"}, "one")
    again = Play(made.world)
    again.apply(subject(copy("/a", "u", policy=KMS_OWNER), recorded=before))
    again.run(5)
    assert again.world.data.keys() == {T, U}


def test_an_orphan_no_longer_named_stays() -> None:
    made = play(policy=KMS_ORPHAN)
    made.run(100)
    renamed(made)
    assert made.world.data.keys() == {T, U}
    assert made.world.targets[T].mark is None, "others may have it now"
    assert [kept.recorded.ref for kept in made.last().targets] == [U]


# -- writes that fail


def test_a_target_that_moved_is_looked_at_again_at_once_three_times_then_later() -> None:
    times: list[float] = []

    def faults(what: object, now: float) -> Failed | None:
        if isinstance(what, Create):
            times.append(now)
            return MOVED
        return None

    made = play()
    made.world.faults = faults
    made.run(20)
    assert times[3] - times[0] < 1.0
    assert times[4] - times[3] >= 1.0
    assert len(times) < 10
    assert [type(error) for error in made.last().errors] == [TargetMoved]
    assert made.reports["one"][0].failures == 1, "not told before"
    made.world.faults = lambda what, now: None
    made.run(320)
    assert made.last().ready


def test_one_target_that_fails_does_not_stop_the_others() -> None:
    made = play(copy("/a", "t", "u"))
    made.world.faults = lambda what, now: (
        DENIED if isinstance(what, Create) and made.world.counts["writes"] == 1 else None
    )
    made.run(0.5)
    assert len(made.world.data) == 1
    assert [type(error) for error in made.last().errors] == [TargetForbidden]
    made.run(10)
    assert made.last().ready
    assert len(made.world.data) == 2


def test_notes_of_a_target_that_was_written_survive_that_another_moved() -> None:
    made = play(copy("/a", "t", "u"))
    made.world.faults = lambda what, now: (
        MOVED if isinstance(what, Create) and made.world.counts["writes"] == 1 else None
    )
    made.run(10)
    assert reasons(made) == ["Created", "Created"]


@pytest.mark.parametrize("kind", [Create, Update], ids=["create", "update"])
@pytest.mark.parametrize(
    "how",
    [DENIED, MOVED, GONE, Failed(Defect("KeyError"))],
    ids=["forbidden", "moved", "unavailable", "defect"],
)
def test_a_write_that_fails_is_made_good(kind: type, how: Failed) -> None:
    made = play()
    made.at(50, lambda: made.world.folders.update({"/a": document(A="9")}))
    made.world.faults = lambda what, now: failing(kind, how)(what, now) if now < 400 else None
    made.run(390)
    assert not made.last().ready
    made.run(701)
    assert made.last().ready
    assert made.world.data[T] == {"A": b"9"}


def test_a_write_waits_for_its_host_no_longer_than_for_the_next_try_of_it() -> None:
    made = play(of={"period": 600.0})
    made.at(50, lambda: made.world.remove(T))
    made.world.faults = lambda what, now: failing(Create, GONE)(what, now) if 50 < now < 3000 else None
    made.run(3000)
    assert not made.last().ready
    made.run(3031)
    assert made.last().ready


def test_a_target_of_another_type_is_kept_in_step_and_complained_of() -> None:
    def desired(ask: Ask) -> tuple[Target, ...]:
        return tuple(evolve(target, fixed={"type": "x"}) for target in copy("/a", "t")(ask))

    made = Play(World(folders={"/a": document(A="1")}))
    made.world.put(T, {"A": b"0"}, "one", {"type": "y"})
    made.apply(subject(desired))
    made.run(10)
    assert made.world.data[T] == {"A": b"1"}
    assert [type(error) for error in made.last().errors] == [TargetTypeImmutable]
    made.world.folders["/a"] = document(A="2")
    made.run(80)
    assert made.world.data[T] == {"A": b"2"}
    made.run(8000)
    assert made.world.counts["writes"] == 2
    again = Play(made.world)
    again.apply(subject(desired))
    again.run(10)
    assert recorded(again) == recorded(made), "it is ours all the same"


def test_two_objects_of_one_target_do_not_fight() -> None:
    made = play()
    made.apply(subject(copy("/a", "t", mark="two"), key="two"))
    made.run(1000)
    assert sorted(made.last(key).ready for key in ("one", "two")) == [False, True]
    (loser,) = [key for key in ("one", "two") if not made.last(key).ready]
    assert isinstance(made.last(loser).errors[0], TargetConflict)
    assert made.last(loser).targets == ()
    assert made.world.counts["writes"] == 1, "never two writes of one target at once"


def test_a_conflict_is_looked_at_hourly() -> None:
    made = play()
    made.world.put(T, {"A": b"theirs"}, "two")
    made.run(3 * 3600 + 30)
    assert made.reports["one"][-1].failures == 4


def test_a_conflict_ends_when_the_other_lets_go() -> None:
    made = play()
    made.world.put(T, {"A": b"theirs"}, "two")
    made.run(100)
    assert isinstance(made.last().errors[0], TargetConflict)
    made.at(100, lambda: made.world.remove(T))
    made.run(101)
    assert made.last().ready


# -- withdrawn, applied anew, while something is under way


def until_writing(made: Play) -> None:
    """Let time pass until a write is on its way."""
    noted: list[Effect] = []
    made.check = lambda effects: noted.extend(effect for effect in effects if isinstance(effect, Perform))
    while not noted:
        made.run(made.now + 0.1)


def test_withdrawn_during_a_fetch_writes_nothing() -> None:
    made = play(late={"kms": 5.0})
    made.at(7, Withdrawn("one"))
    made.run(1000)
    assert made.world.counts["writes"] == 0
    assert "one" not in made.reports
    assert len(made.engine._runs) == 0


def test_withdrawn_while_a_write_is_queued_writes_nothing() -> None:
    made = play(copy("/a", "t", "u"), limits={"cluster": 1}, late={"cluster": 2.0})
    until_writing(made)
    made.at(made.now, Withdrawn("one"))
    made.run(1000)
    assert made.world.counts["writes"] == 1, "the one that was out already"
    assert made.engine.idle


def test_a_change_while_writing_is_not_lost() -> None:
    made = play(late={"cluster": 2.0})
    until_writing(made)
    made.apply(subject(copy("/a", "t", "u", policy=KMS_OWNER), spec=b"2"))
    made.run(made.now + 20)
    assert made.world.data.keys() == {T, U}


def test_an_edit_while_writing_is_corrected() -> None:
    made = play(late={"cluster": 2.0})
    until_writing(made)
    made.at(made.now + 1.0, lambda: made.world.put(T, {"A": b"theirs"}))
    made.run(made.now + 30)
    assert made.world.data[T] == {"A": b"1", "B": b"2"}


def test_changes_while_parked_do_not_wear_out_the_rounds() -> None:
    made = play(late={"kms": 100.0})
    for n in range(30):
        made.apply(subject(copy("/a", "t"), spec=b"%d" % n), at=1.0 + n)
    made.run(400)
    assert [outcome.ready for outcome in made.reports["one"]] == [True]


# -- chains


def chain(length: int) -> Desired:
    def desired(ask: Ask) -> tuple[Target, ...]:
        me, path, content = login(ask), "/0", {}
        for _ in range(length):
            answer = ask(Folder(me, path))
            assert isinstance(answer, Found)
            content = answer.value.fields(Flatten())
            path = content["next"].text()
        return (Target(T, content, KMS_OWNER, "one"),)

    return desired


def chained(length: int, **more: object) -> Play:
    made = Play(World(folders={f"/{n}": document(next=f"/{n + 1}") for n in range(length)}), **more)  # type: ignore[arg-type]
    made.apply(subject(chain(length), period=3600.0))
    return made


def test_a_long_chain_slower_than_values_linger_is_fetched_once() -> None:
    made = chained(10, latency=9.0)
    made.run(300)
    assert made.last().ready
    assert made.world.counts["Folder"] == 10


def test_a_chain_that_is_too_long_ends_with_its_names() -> None:
    made = chained(17)
    made.run(60)
    assert isinstance(made.last().errors[0], TooManyRounds)
    assert "Credentials → Folder → Folder" in str(made.last().errors[0])
    assert made.world.data == {}
    made.run(7300)
    assert made.world.counts["Folder"] <= 15 * 3 * 2, "nor does it creep on"


# -- errors of the function


def test_a_fault_in_one_kind_is_told_without_its_text_and_harms_nobody_else() -> None:
    def faulty(ask: Ask) -> tuple[Target, ...]:
        ask(Folder(login(ask), "/a"))
        raise ZeroDivisionError("canary-4711")

    made = play()
    made.apply(subject(faulty, key="bad"))
    made.run(100)
    assert made.last().ready
    (error,) = made.last("bad").errors
    assert isinstance(error, Defect)
    assert str(error) == "ZeroDivisionError while evaluating bad"
    assert "canary" not in repr(made.last("bad"))
    assert error.__cause__ is None


def test_a_wrong_specification_waits_for_a_change() -> None:
    def wrong(ask: Ask) -> tuple[Target, ...]:
        evaluated.append(made.now)
        raise InvalidSpec(["spec.x: wrong"])

    evaluated: list[float] = []
    made = play(wrong)
    made.run(3 * 3600 + 10)
    assert len(evaluated) == 4, "hourly"
    made.apply(subject(copy("/a", "t"), spec=b"2"))
    made.run(made.now + 1)
    assert made.last().ready


def test_an_outage_costs_neither_a_value_nor_an_evaluation() -> None:
    evaluated = []

    def desired(ask: Ask) -> tuple[Target, ...]:
        evaluated.append(1)
        return copy("/a", "t")(ask)

    made = play(desired)
    made.run(100)
    before = len(evaluated)
    made.world.faults = failing(Folder, Failed(Unavailable("kms", "read", "HTTP 500")))
    made.run(1000)
    assert not made.last().ready
    made.world.faults = lambda what, now: None
    made.run(1310)
    assert made.last().ready
    assert len(evaluated) == before
    assert made.world.counts["Folder"] - made.world.conditional["Folder"] == 1


def test_an_error_drops_nothing_that_was_ours() -> None:
    made = play(copy("/a", "t", "u", policy=KMS_OWNER))
    made.run(50)
    before = recorded(made)

    def wrong(ask: Ask) -> tuple[Target, ...]:
        raise InvalidSpec(["spec.x: wrong"])

    made.apply(subject(wrong, spec=b"2"))
    made.run(100)
    assert recorded(made) == before
    assert made.world.data.keys() == {T, U}


# -- callers


def call(made: Play, key: str = "call", at: float = 0.0, timeout: float = 10.0, desired: Desired | None = None) -> None:
    made.apply(
        subject(desired or copy("/a", key, mark=key), key=key, once=True, max_age=0.0, deadline=at + timeout), at=at
    )


def test_a_caller_gets_one_outcome_and_is_forgotten() -> None:
    made = Play(World(folders={"/a": document(A="1")}))
    call(made)
    made.run(1000)
    assert [outcome.ready for outcome in made.reports["call"]] == [True]
    assert made.world.counts["Folder"] == 1, "its age is no period"
    assert len(made.engine._runs) == 0


def test_a_caller_is_told_who_was_slow_when_its_time_is_over() -> None:
    made = Play(World(folders={"/a": document(A="1")}), late={"kms": 100.0})
    call(made)
    made.run(10.2)
    (outcome,) = made.reports["call"]
    assert isinstance(outcome.errors[0], DeadlineExceeded)
    assert str(outcome.errors[0]) == "no answer in time from kms"
    made.run(1000)
    assert made.world.counts["writes"] == 0
    assert len(made.reports["call"]) == 1


def test_a_caller_in_time_is_not_told_again_at_its_deadline() -> None:
    made = Play(World(folders={"/a": document(A="1")}))
    made.apply(subject(copy("/a", "t"), deadline=30.0))
    made.run(100)
    assert [outcome.ready for outcome in made.reports["one"]] == [True]


def test_who_stays_is_told_that_it_takes_long_and_served_all_the_same() -> None:
    made = Play(World(folders={"/a": document(A="1")}), late={"kms": 20.0})
    made.apply(subject(copy("/a", "t"), deadline=30.0))
    made.run(100)
    assert [outcome.ready for outcome in made.reports["one"]] == [False, True]


def wrong(ask: Ask) -> tuple[Target, ...]:
    raise InvalidSpec(["spec.x: wrong"])


def broken(ask: Ask) -> tuple[Target, ...]:
    raise ZeroDivisionError


@pytest.mark.parametrize("desired", [wrong, broken, chain(17)], ids=["wrong", "broken", "endless"])
def test_a_caller_that_failed_leaves_nothing_behind(desired: Desired) -> None:
    made = Play(World(folders={f"/{n}": document(next=f"/{n + 1}") for n in range(17)}))
    call(made, desired=desired)
    made.run(10)
    assert len(made.engine._runs) == 0
    assert not made.last("call").ready
    made.apply(subject(lambda ask: ()))
    made.run(3 * 3600)
    assert len(made.reports["call"]) == 1


def test_an_age_of_0_means_a_read_after_the_call_joining_one_under_way() -> None:
    made = Play(World(folders={"/a": document(A="1")}), late={"kms": 1.0})
    call(made, "first")
    made.run(10)
    assert made.world.counts["Folder"] == 1
    call(made, "second", at=10.0)
    call(made, "third", at=10.5)
    made.run(20)
    assert made.world.counts["Folder"] == 2
    assert all(made.last(key).ready for key in ("first", "second", "third"))


def test_a_caller_whose_target_moved_is_still_a_caller() -> None:
    made = Play(World(folders={"/a": document(A="1")}))
    made.world.faults = lambda what, now: (
        MOVED if isinstance(what, Create) and made.world.counts["writes"] < 3 else None
    )
    lanes: list[Lane] = []
    made.check = lambda effects: lanes.extend(run.lane for run in [made.engine._runs.get("call")] if run)
    call(made)
    made.run(5)
    assert [outcome.ready for outcome in made.reports["call"]] == [True]
    assert set(lanes) == {Lane.CALLER}


# -- reports


def test_the_same_outcome_is_told_once() -> None:
    made = play()
    made.at(100, lambda: made.world.rotate("creds", "new"))
    made.run(1000)
    assert len(made.reports["one"]) == 1


def test_an_outage_is_told_after_1_2_4_8_failures() -> None:
    made = play()
    made.run(30)
    made.world.faults = lambda what, now: DOWN if getattr(what, "host", "") == "kms" else None
    made.run(4000)
    failures = [outcome.failures for outcome in made.reports["one"] if outcome.errors]
    assert failures[:4] == [1, 2, 4, 8]


def test_a_report_is_tried_until_it_is_taken_the_newest_with_all_notes() -> None:
    made = play(refuse=lambda report: TargetForbidden("the status may not be written"))
    made.at(50, lambda: made.world.put(T, {"A": b"x"}, "one"))
    made.at(60, lambda: made.world.folders.update({"/a": document(A="3")}))
    made.run(200)
    made.refuse = lambda report: None
    made.run(600)
    assert len(made.reports["one"]) == 1
    assert reasons(made) == ["Created", "DriftCorrected", "Updated"]
    assert made.last().targets[0].observed == made.world.targets[T]


def test_a_report_waits_for_its_host_no_longer_than_for_the_next_try_of_it() -> None:
    made = play(refuse=lambda report: Unavailable("cluster", "status", "reset"))
    made.run(3000)
    made.refuse = lambda report: None
    made.run(3031)
    assert [outcome.ready for outcome in made.reports.get("one", ())] == [True]


def test_a_report_under_way_is_followed_by_the_newest_only() -> None:
    made = play(late={"cluster": 0.01})
    made.run(1)
    made.late["cluster"] = 30.0
    for n in range(5):
        made.at(2.0 + n, lambda n=n: made.world.put(T, {"A": b"%d" % n}, "one"))
    made.run(300)
    assert made.last().ready
    assert made.last().targets[0].observed == made.world.targets[T]
    assert len(made.reports["one"]) <= 4


def test_a_newer_outcome_outlives_that_an_older_one_was_not_taken() -> None:
    made = Play(World(folders={"/a": document(A="1")}), late={"status": 20.0})
    made.apply(evolve(subject(copy("/a", "t")), host="status"))
    made.refuse = lambda report: TargetForbidden("not now") if made.now < 30 else None
    made.at(5, lambda: made.world.put(T, {"A": b"x"}, "one"))
    made.run(300)
    assert len(made.reports["one"]) == 1
    assert made.last().targets[0].observed == made.world.targets[T]
    assert reasons(made) == ["Created", "DriftCorrected"]


def test_the_notes_of_a_function_are_told_once() -> None:
    def noting(ask: Ask) -> tuple[Target, ...]:
        return tuple(evolve(target, notes=(Note("Odd", "two of a key"),)) for target in copy("/a", "t")(ask))

    made = play(noting)
    made.at(100, lambda: made.world.put(T, {"A": b"x"}, "one"))
    made.run(200)
    assert reasons(made).count("Odd") == 1


def test_who_is_withdrawn_is_told_nothing_more() -> None:
    made = play(refuse=lambda report: UNTOLD)
    made.run(5)
    made.at(5, Withdrawn("one"))
    made.refuse = lambda report: None
    made.run(300)
    assert made.reports == {}


def test_outcomes_are_equal_by_what_they_say() -> None:
    one = Outcome((PathNotFound("k", "r", "x"),), failures=1, notes=(Note("A", "b"),))
    assert one == Outcome((PathNotFound("k", "r", "x"),), failures=7)
    assert one != Outcome((PathNotFound("k", "r", "y"),))
    assert one != Outcome((PathNotFound("k", "r", "x"),), (Kept(Recorded(T, KMS_OWNER, "one")),))
    assert "canary" not in repr(Outcome(notes=(Note("A", "b"),)))
    assert Absent() == Absent()
    assert SecretValue("1") == SecretValue(b"1")
    assert Observe(T) == Observe(T)


# -- how long it took


def test_a_run_took_as_long_as_all_that_it_waited_for() -> None:
    made = play(late={"kms": 2.0, "cluster": 0.5})
    made.run(100)
    assert made.last().took == pytest.approx(0.5 + 2.0 + 2.0 + 0.5 + 0.5), "credentials, login, folder, look, write"
    made.at(100, lambda: made.world.put(T, {"A": b"edited"}, "one"))
    made.run(110)
    assert made.last().took == pytest.approx(0.5 + 2.0 + 0.5, abs=0.1), "look, folder, write"


def test_a_failure_took_its_time_too() -> None:
    made = play(late={"kms": 3.0})
    made.world.faults = lambda what, now: DOWN if getattr(what, "host", "") == "kms" else None
    made.run(4)
    assert made.last().errors
    assert made.last().took == pytest.approx(3.05)


def test_what_only_waited_for_its_turn_after_a_restart_took_no_time_worth_telling() -> None:
    before = play()
    before.run(10)
    after = Play(before.world)
    kept = tuple(one.recorded for one in before.last().targets)
    after.apply(subject(copy("/a", "t", policy=KMS_OWNER), settled=True, recorded=kept))
    after.run(100)
    assert after.last().ready
    assert after.last().took is None
    after.world.folders["/a"] = document(A="9")
    after.run(200)
    assert after.last().took == pytest.approx(0.05), "the write"
