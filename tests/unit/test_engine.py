"""The engine from outside: what it says of itself, and that nothing piles up in it."""

from __future__ import annotations

import pytest

from secretsync.cache.store import IDLE, LINGER
from secretsync.errors import InvalidSpec
from secretsync.reconcile.messages import Applied, Perform, Report, Withdrawn
from secretsync.reconcile.settle import Ask
from secretsync.targets import Target
from worlds import DOWN, UNTOLD, Credentials, Folder, Play, Token, World, copy, document, login, secret, subject

T = secret("t")


def play(count: int = 1, **more: object) -> Play:
    made = Play(World(folders={f"/{n}": document(A="1") for n in range(count)}), **more)  # type: ignore[arg-type]
    made.apply(*(subject(copy(f"/{n}", f"t{n}", mark=f"o{n}"), key=f"o{n}") for n in range(count)))
    return made


# -- freshness


def test_freshness_moves_with_every_confirmation() -> None:
    made = play()
    seen = []
    for now in range(0, 1000, 10):
        made.run(now + 10.0)
        fresh = made.engine.freshness("o0")
        assert fresh is not None
        assert made.now - fresh <= 60.0
        seen.append(fresh)
    assert len(set(seen)) >= 16
    assert seen == sorted(seen)


def test_freshness_is_that_of_the_oldest_answer() -> None:
    def desired(ask: Ask) -> tuple[Target, ...]:
        return copy("/0", "t")(ask) + copy("/1", "u", host="slow")(ask)

    made = Play(World(folders={"/0": document(A="1"), "/1": document(A="1")}))
    made.apply(subject(desired))
    made.run(10)
    made.late["slow"] = 1e6
    made.run(500)
    fresh = made.engine.freshness("one")
    assert fresh is not None
    assert fresh < 10


def test_freshness_stands_still_while_nothing_is_confirmed_and_is_unknown_while_failing() -> None:
    made = play()
    made.run(70)
    before = made.engine.freshness("o0")
    made.world.faults = lambda what, now: DOWN if isinstance(what, Folder) else None
    made.run(85)
    assert made.engine.freshness("o0") == before
    made.run(400)
    assert made.engine.freshness("o0") is None


def test_nobody_has_no_freshness() -> None:
    made = play()
    assert made.engine.freshness("o0") is None
    assert made.engine.freshness("nobody") is None


# -- held


def test_values_are_held_while_needed_and_a_little_longer() -> None:
    made = play(late={"cluster": 3.0})
    made.run(3.0 + 0.1)
    assert {type(query) for query in made.engine.held()} == {Credentials, Token, Folder}
    made.run(30)
    assert [type(query) for query in made.engine.held()] == [Token], "it serves until it expires"


def test_what_is_absent_is_not_held() -> None:
    made = Play(World())
    made.apply(subject(copy("/nowhere", "t")))
    made.run(LINGER + 1)
    assert [type(query) for query in made.engine.held()] == [Token]


# -- idle


def test_it_is_idle_when_nothing_is_queued_or_under_way() -> None:
    made = play()
    assert made.engine.idle
    idle: list[bool] = []
    made.check = lambda effects: idle.append(made.engine.idle)
    made.run(0.2)
    assert not any(idle), "fetches, then a write"
    made.run(5)
    assert made.engine.idle


@pytest.mark.parametrize("host", ["kms", "cluster"])
def test_it_is_not_idle_while_something_hangs(host: str) -> None:
    made = play(late={host: 1e6})
    made.run(100)
    assert not made.engine.idle


def test_a_report_under_way_is_not_idle() -> None:
    made = play()
    made.check = lambda effects: made.late.update(cluster=50.0) if Perform in map(type, effects) else None
    made.run(20)
    assert made.world.data
    assert not made.engine.idle


# -- overdue


def test_nothing_is_overdue_while_every_check_goes_out_in_time() -> None:
    made = play(40)
    late = 0.0

    def check(effects: list[object]) -> None:
        nonlocal late
        late = max(late, made.engine.overdue(made.now))

    made.check = check  # type: ignore[assignment]
    made.run(1000)
    assert late == 0.0


def test_what_waits_behind_a_busy_host_is_overdue_and_what_hangs_itself_is_not() -> None:
    made = play(20, limits={"kms": 4})
    made.run(30)
    made.late["kms"] = 1000.0
    made.run(200)
    assert 100.0 < made.engine.overdue(200.0) < 170.0
    made.late["kms"] = 0.05
    made.run(1200)
    assert made.engine.overdue(1200.0) == 0.0


def test_a_dead_host_is_tried_and_hence_not_overdue() -> None:
    made = play(40)
    made.run(100)
    made.world.faults = lambda what, now: DOWN if getattr(what, "host", "") == "kms" else None
    for now in range(100, 2000, 20):
        made.run(float(now))
        assert made.engine.overdue(made.now) <= 20.0


def test_a_driver_that_does_not_come_round_is_overdue() -> None:
    made = play()
    made.run(30)
    assert made.engine.overdue(200.0) > 100.0


# -- steps


def test_events_of_a_step_are_taken_in_and_every_effect_comes_once() -> None:
    made = play(0)
    effects = made.engine.step([Applied(subject(copy("/0", "t"))), Withdrawn("one")], 0.0)
    assert effects == []
    effects = made.engine.step([Applied(subject(copy("/0", "t")))], 1.0)
    assert len(effects) == 1
    assert made.engine.step([], 1.0) == []


def test_a_flood_is_settled_in_several_steps() -> None:
    made = play(0)
    flood = [Applied(subject(lambda ask: (), key=f"{n}")) for n in range(500)]
    reports = [effect for effect in made.engine.step(flood, 0.0) if isinstance(effect, Report)]
    assert len(reports) < 500
    assert made.engine.wake_at == 0.0, "it wants to be called again at once"


# -- nothing piles up


def wrong(ask: Ask) -> tuple[Target, ...]:
    login(ask)
    raise InvalidSpec(["wrong"])


def test_callers_and_rotated_credentials_leave_nothing_behind() -> None:
    made = play(5)
    for n in range(2000):
        made.apply(
            subject(copy("/0", f"c{n}", mark=f"c{n}"), key=f"c{n}", once=True, max_age=0.0, deadline=n + 60.0), at=n
        )
        if n % 10 == 0:
            made.at(n, lambda n=n: made.world.rotate("creds", f"s3cr3t-{n}"))  # type: ignore[misc]
    made.run(2000)
    assert len(made.engine._runs) == 5
    assert len(made.engine._store) < 3 * IDLE
    made.run(2000 + 3600 + 2 * IDLE)
    assert all(outcome.ready for outcomes in made.reports.values() for outcome in outcomes)
    assert len(made.reports) == 2005
    assert len(made.engine._store) <= 1 + 1 + 5 + 5 + 1, "credentials, token, folders, targets, another token"
    assert all(entry.holders == 0 for entry in made.engine._store)
    assert len(made.engine._reports._pending) == 0
    assert not made.engine._reads._waiting
    assert len(made.engine._timers._heap) < 100


def test_callers_that_fail_leave_nothing_behind() -> None:
    made = play(1)
    made.world.faults = lambda what, now: DOWN if isinstance(what, Folder) and what.path != "/0" else None
    for n in range(500):
        made.apply(subject(copy(f"/x{n}", f"c{n}"), key=f"c{n}", once=True, max_age=0.0, deadline=n + 5.0), at=n)
        made.apply(subject(wrong, key=f"w{n}", once=True, max_age=0.0, deadline=n + 5.0), at=n)
    made.run(500 + 2 * IDLE + 600)
    assert len(made.engine._runs) == 1
    assert len(made.engine._store) <= 1 + 1 + 1 + 1
    assert all(entry.holders == 0 for entry in made.engine._store)


def test_who_was_withdrawn_leaves_nothing_behind() -> None:
    made = play(50, refuse=lambda report: UNTOLD)
    for n in range(50):
        made.at(n * 0.013, Withdrawn(f"o{n}"))
    made.run(10)
    made.refuse = lambda report: None
    made.run(3600 + 2 * IDLE)
    assert len(made.engine._runs) == 0
    assert len(made.engine._store) == 0
    assert made.engine.idle
