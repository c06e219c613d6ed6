"""Hosts: a dead one costs one probe a back-off, a hanging one delays nobody else."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest
from attrs import evolve

from secretsync.errors import RateLimited, Unavailable
from secretsync.queries import Failed, Scope
from secretsync.reconcile.hosts import Hosts
from secretsync.reconcile.lanes import Lane
from secretsync.reconcile.messages import Effect, Fetch, Perform, Report
from secretsync.targets import Create, Update
from worlds import DOWN, UNTOLD, Folder, Play, World, copy, document, secret, subject

PATIENCE = Failed(RateLimited("kms", "read", "slow down", retry_after=30.0), Scope.HOST, 30.0)
SENT = (Create, Update)


def many(count: int, *, shared: bool = False, **more: object) -> Play:
    """A play with objects `o0`, `o1`, … of a folder each, or of one for all."""
    world = World(folders={f"/{n}": document(A="1") for n in range(count)})
    play = Play(world, **more)  # type: ignore[arg-type]
    for n in range(count):
        play.apply(subject(copy("/0" if shared else f"/{n}", f"t{n}", mark=f"o{n}"), key=f"o{n}"))
    return play


def sent(play: Play, *kinds: type[Effect]) -> list[tuple[float, Effect]]:
    """Note every effect of these kinds from now on, with its time."""
    noted: list[tuple[float, Effect]] = []
    play.check = lambda effects: noted.extend((play.now, effect) for effect in effects if isinstance(effect, kinds))
    return noted


def ready(play: Play) -> list[bool]:
    return [outcomes[-1].ready for outcomes in play.reports.values()]


def down(host: str, since: float, until: float, how: Failed = DOWN) -> Callable[[object, float], Failed | None]:
    def faults(what: object, now: float) -> Failed | None:
        at = "cluster" if isinstance(what, SENT) else getattr(what, "host", "")
        return how if at == host and since <= now < until else None

    return faults


def test_a_dead_host_costs_one_probe_a_back_off_and_everything_recovers() -> None:
    play = many(300, chance=Random(1).random)
    play.run(290)
    probes, writes = play.world.counts["Folder"], play.world.counts["writes"]
    play.world.faults = down("kms", 290, 3900)
    play.run(3900)
    assert play.world.counts["Folder"] - probes <= 16 + 3600 / 15 + 8  # one in 15 s on the average
    assert not any(ready(play)), "each was told"
    assert sum(map(len, play.reports.values())) <= 300 * 10, "and not at every probe"
    while not any(ready(play)):
        play.run(play.now + 1)
    assert play.now <= 3900 + 300
    play.run(play.now + 5)
    assert all(ready(play)), "all with the first"
    assert play.engine._hosts.host("kms").error is None
    assert play.world.counts["writes"] == writes


def test_while_a_host_is_dead_nothing_but_its_probe_is_under_way() -> None:
    play = many(50)
    play.run(100)
    play.world.faults = down("kms", 100, 1000)
    play.run(200)
    noted = sent(play, Fetch)
    play.run(1000)
    times = [time for time, effect in noted if effect.host == "kms"]
    assert len(set(times)) == len(times)
    assert all(later - earlier >= 1.0 for earlier, later in pairwise(times))


def test_what_fails_together_is_one_failure() -> None:
    hosts: Hosts[int] = Hosts(limit=lambda name: 16, chance=lambda: 0.5, longest=300.0)
    for _ in range(16):
        hosts.host("kms").sent()
    for n in range(16):
        hosts.done("kms")
        hosts.failed("kms", DOWN, float(n))
    assert hosts.host("kms").failures == 1


def test_what_was_in_flight_does_not_hide_that_the_probe_failed() -> None:
    hosts: Hosts[int] = Hosts(limit=lambda name: 16, chance=lambda: 0.5, longest=300.0)
    for n in range(5):
        hosts.host("kms").sent()
        hosts.done("kms")
        hosts.failed("kms", DOWN, 1000.0 * n)
        assert hosts.host("kms").failures == n + 1
    hosts.answered("kms", 5000.0)
    assert hosts.host("kms").failures == 0
    assert hosts.host("kms").verdict(5000.0) is None


def test_the_longest_back_off_is_the_engines() -> None:
    hosts: Hosts[int] = Hosts(limit=lambda name: 16, chance=lambda: 0.999, longest=60.0)
    for n in range(20):
        hosts.host("kms").sent()
        hosts.failed("kms", DOWN, 1000.0 * n)
    assert hosts.host("kms").retry_at <= 19_000.0 + 60.0


def test_patience_holds_for_all_though_others_were_answered_well() -> None:
    play = many(16, latency=1.0)
    play.run(30)
    first = True
    limited: list[float] = []

    def faults(what: object, now: float) -> Failed | None:
        nonlocal first
        refused, first = isinstance(what, Folder) and first, first and not isinstance(what, Folder)
        limited.extend([now] * refused)
        return PATIENCE if refused else None

    noted = sent(play, Fetch)
    play.world.faults = faults
    for n in range(30):
        play.world.folders[f"/new{n}"] = document(A="1")
        play.apply(subject(copy(f"/new{n}", f"n{n}", mark=f"n{n}"), key=f"n{n}"), at=60.0 + n)
    play.run(300)
    times = sorted(time for time, effect in noted if effect.host == "kms")
    assert not [time for time in times if limited[0] <= time < limited[0] + 30.0]
    assert all(ready(play))


def test_verdicts_come_at_once_though_others_still_hang() -> None:
    hosts: Hosts[str] = Hosts(limit=lambda name: 4, chance=lambda: 0.5, longest=300.0)
    for _ in range(4):
        hosts.host("kms").sent()
    hosts.done("kms")
    hosts.failed("kms", DOWN, 0.0)
    hosts.put("kms", "work", Lane.NEW)
    assert [work for _, work, _ in hosts.ready(0.1)] == ["work"]
    hosts.put("kms", "work", Lane.NEW)
    after = hosts.host("kms").retry_at
    assert not list(hosts.ready(after)), "the three may still come back"
    for _ in range(3):
        hosts.done("kms")
    assert [work for _, work, _ in hosts.ready(after)] == ["work"]


def test_a_hanging_host_delays_nothing_of_another() -> None:
    world = World(folders={"/0": document(A="1")})
    play = Play(world, late={"slow": 1e5})
    for n in range(100):
        play.apply(subject(copy("/0", f"s{n}", mark=f"s{n}", host="slow"), key=f"s{n}"))
    play.apply(subject(copy("/0", "t")))
    play.run(1)
    assert play.last().ready
    play.at(100, lambda: world.put(secret("t"), {"A": b"x"}, "one"))
    play.run(101)
    assert world.data[secret("t")] == {"A": b"1"}
    play.run(3600)
    assert play.engine.freshness("one") > 3500.0


# -- writes and reports have hosts too


def test_writes_to_a_dead_host_wait_for_its_probes() -> None:
    play = many(100, shared=True)
    play.run(10)
    play.world.faults = down("cluster", 10, 2000)
    play.world.folders["/0"] = document(A="2")
    noted = sent(play, Perform)
    play.run(2000)
    assert 5 <= len(noted) <= 16 + 60
    play.run(2310)
    assert all(play.world.data[secret(f"t{n}")] == {"A": b"2"} for n in range(100))
    assert all(ready(play))


def test_reports_to_a_dead_host_wait_and_all_are_told() -> None:
    play = many(100, refuse=lambda report: UNTOLD)
    noted = sent(play, Report)
    play.run(1000)
    assert len(noted) <= 16 + 1000 / 10
    play.refuse = lambda report: None
    play.run(1310)
    assert len(play.reports) == 100
    assert all(ready(play))


def test_a_host_that_only_takes_reports_recovers_too() -> None:
    play = many(1, refuse=lambda report: UNTOLD)
    play.apply(evolve(subject(lambda ask: (), key="alone"), host="mailbox"))
    play.run(20)
    play.refuse = lambda report: None
    play.run(320)
    assert play.last("alone").ready
    assert play.engine._hosts.host("mailbox").error is None


@pytest.mark.parametrize("retry_after", [0.0, 40.0])
def test_a_report_that_asks_for_patience_gets_it(retry_after: float) -> None:
    play = many(1)
    answers = iter([RateLimited("cluster", "report", "slow", retry_after=retry_after)])
    noted = sent(play, Report)
    play.refuse = lambda report: next(answers, None)
    play.run(100)
    assert len(noted) == 2
    assert noted[1][0] - noted[0][0] >= max(retry_after, 0.5)


def test_the_better_lane_goes_first_at_a_busy_host() -> None:
    play = many(40, limits={"kms": 1}, latency=1.0)
    play.apply(subject(copy("/39", "x", mark="x"), key="x", once=True), at=5.0)
    play.run(12)
    assert play.reports["x"][0].ready
    assert Lane.CALLER < Lane.NEW


def test_an_error_of_one_query_is_no_failure_of_the_host() -> None:
    play = many(3)
    one = Failed(Unavailable("kms", "read", "HTTP 500"))
    play.world.faults = lambda what, now: one if isinstance(what, Folder) and what.path == "/0" else None
    play.run(600)
    assert [play.last(f"o{n}").ready for n in range(3)] == [False, True, True]
    assert play.engine._hosts.host("kms").error is None


def test_a_host_that_failed_gets_half_as_much_and_regains_it_slowly() -> None:
    hosts: Hosts[str] = Hosts(limit=lambda name: 16, chance=lambda: 0.5, longest=300.0)
    host = hosts.host("kms")

    def fail(now: float) -> None:
        host.sent()
        hosts.done("kms")
        hosts.failed("kms", DOWN, now)

    fail(0.0)
    assert int(host.allowed) == 8
    for n in range(10):
        fail(1000.0 * (n + 1))
    assert host.allowed == 1.0
    answers = 0
    while host.allowed < 16:
        hosts.answered("kms", 20_000.0)
        answers += 1
    assert 100 <= answers <= 140, "a round of answers for each more"


def test_a_host_in_trouble_gets_one_request_at_a_time() -> None:
    hosts: Hosts[int] = Hosts(limit=lambda name: 16, chance=lambda: 0.5, longest=300.0)
    hosts.host("kms").sent()
    hosts.done("kms")
    hosts.failed("kms", DOWN, 0.0)
    for n in range(3):
        hosts.put("kms", n, Lane.REFRESH)
    went = []
    for host, work, _ in hosts.ready(1000.0):
        host.sent()
        went.append(work)
    assert went == [0]


def test_an_answer_from_before_does_not_end_the_patience_that_is_asked_for() -> None:
    hosts: Hosts[int] = Hosts(limit=lambda name: 16, chance=lambda: 0.5, longest=300.0)
    for _ in range(2):
        hosts.host("kms").sent()
    hosts.failed("kms", PATIENCE, 0.0)
    hosts.answered("kms", 1.0)
    assert hosts.host("kms").verdict(29.0)
    hosts.answered("kms", 31.0)
    assert hosts.host("kms").verdict(31.0) is None
