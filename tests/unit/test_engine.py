"""The engine from outside: what it says of itself, and that nothing piles up in it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from secretsync.cache.store import IDLE, LINGER
from secretsync.errors import InvalidKey, InvalidSpec
from secretsync.queries import Failed
from secretsync.reconcile.ask import Ask
from secretsync.reconcile.credentials import Uses
from secretsync.reconcile.messages import Applied, Fetch, Perform, Report, Withdrawn
from secretsync.reconcile.reads import LEAST, Lateness
from secretsync.targets import Create, Target
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


# -- the next check


def test_the_next_check_is_a_period_after_the_last_one_at_most_and_comes_when_it_was_said() -> None:
    made = play()
    made.run(10)
    fetched: list[float] = []
    made.check = lambda effects: fetched.extend(made.now for one in effects if isinstance(one, Fetch))
    for _ in range(5):
        said = made.engine.next_check("o0")
        assert said is not None
        assert made.now < said <= made.now + 60.0
        made.run(said + 1)
        assert fetched[-1] == said


def test_while_it_is_looked_at_and_where_only_a_change_helps_no_next_check_is_set() -> None:
    made = play()
    assert made.engine.next_check("o0") is None, "nobody"
    made.late["kms"] = 1e6
    made.run(10)
    assert made.engine.next_check("o0") is None, "it is under way"


def test_a_failure_says_when_it_is_tried_again() -> None:
    made = play()
    made.world.faults = lambda what, now: Failed(InvalidKey("no")) if isinstance(what, Create) else None
    made.run(1)
    said = made.engine.next_check("o0")
    writes = made.world.counts["writes"]
    assert said is not None
    made.run(said - 0.1)
    assert made.world.counts["writes"] == writes
    made.run(said + 1)
    assert made.world.counts["writes"] == writes + 1


def test_a_check_that_waits_behind_others_was_to_be_made_when_it_came_due() -> None:
    made = play(20, limits={"kms": 4})
    made.run(30)
    made.late["kms"] = 1000.0
    made.run(200)
    assert min(at for n in range(20) if (at := made.engine.next_check(f"o{n}"))) < 100.0


# -- lateness


def late(made: Play) -> float:
    return max(one.seconds for one in made.engine.lateness(made.now).values())


def test_nothing_is_late_while_every_check_goes_out_in_time() -> None:
    made = play(40)
    seen = []
    made.check = lambda effects: seen.append(late(made))
    made.run(1000)
    assert max(seen) == 0.0
    assert made.engine.lateness(made.now) == {"cluster": Lateness(), "kms": Lateness()}


def test_what_waits_behind_a_busy_host_is_late_and_what_hangs_itself_is_not() -> None:
    made = play(20, limits={"kms": 4})
    made.run(30)
    made.late["kms"] = 1000.0
    made.run(200)
    assert 100.0 < made.engine.lateness(200.0)["kms"].seconds < 170.0
    assert made.engine.lateness(200.0)["cluster"] == Lateness()
    made.late["kms"] = 0.05
    made.run(1200)
    assert late(made) == 0.0


def test_each_check_is_late_by_a_period_of_its_own() -> None:
    made = Play(World(folders={f"/{n}": document(A="1") for n in range(3)}))
    made.apply(*(subject(copy(f"/{n}", f"t{n}"), f"o{n}", period=p) for n, p in enumerate((1.0, 60.0, 600.0))))
    made.run(700)
    asleep = made.now + 1200.0
    found = made.engine.lateness(asleep)["kms"]
    assert found.seconds == pytest.approx(1200.0, abs=1.0)
    assert found.periods == pytest.approx(found.seconds / LEAST), "a second late is not late by a period"
    made.engine.step([Withdrawn("o0")], made.now)
    assert 1140.0 / 60.0 < made.engine.lateness(asleep)["kms"].periods <= 20.0
    made.engine.step([Withdrawn("o1")], made.now)
    assert 1.0 < made.engine.lateness(asleep)["kms"].periods <= 2.0


def test_a_period_that_cannot_be_kept_stretches_evenly_and_says_so() -> None:
    made = play(60, limits={"kms": 1}, late={"kms": 2.0})
    made.run(1000)
    asked: dict[object, list[float]] = {}
    stretched = []

    def check(effects: list[object]) -> None:
        for one in effects:
            if isinstance(one, Fetch) and isinstance(one.queries[0], Folder):
                asked.setdefault(one.queries[0], []).append(made.now)
        stretched.append(made.engine.lateness(made.now)["kms"].periods)

    made.check = check  # type: ignore[assignment]
    made.run(3000)
    gaps = [later - earlier for times in asked.values() for earlier, later in pairwise(times)]
    assert len(asked) == 60
    assert max(gaps) <= 2 * min(gaps)
    assert 0.5 < max(stretched) < 2.0


def test_a_dead_host_is_tried_and_hence_not_late() -> None:
    made = play(40)
    made.run(100)
    made.world.faults = lambda what, now: DOWN if getattr(what, "host", "") == "kms" else None
    for now in range(100, 2000, 20):
        made.run(float(now))
        assert late(made) <= 20.0


def test_a_driver_that_does_not_come_round_is_late() -> None:
    made = play()
    made.run(30)
    assert made.engine.lateness(200.0)["kms"].seconds > 100.0


# -- credentials


def test_a_token_is_missed_by_those_who_wait_for_it_and_serves_all_others() -> None:
    made = play(20)
    made.run(1)
    assert made.engine.credential_uses(Token) == Uses(hits=0, misses=20)
    made.run(301)
    reads = made.world.counts["Folder"]
    assert reads >= 5 * 20
    assert made.engine.credential_uses(Token) == Uses(hits=reads - 20, misses=20)


def test_a_token_that_is_renewed_in_time_is_missed_by_nobody() -> None:
    made = play()
    made.run(30)
    before = made.engine.credential_uses(Token)
    made.run(30 + 3 * made.world.token_ttl)
    after = made.engine.credential_uses(Token)
    assert after.misses == before.misses
    assert after.hits > 10


def test_a_refused_token_is_missed_again() -> None:
    made = play()
    made.run(30)
    made.world.tokens.clear()
    made.run(90)
    assert made.world.counts["refused"] == 1
    assert made.engine.credential_uses(Token) == Uses(hits=made.world.counts["Folder"] - 2, misses=2)


def test_who_finds_no_credential_has_none_at_hand() -> None:
    made = play()
    made.world.credentials.clear()
    made.run(300)
    assert made.engine.credential_uses(Token) == Uses()


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
