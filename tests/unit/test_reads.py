"""Reads: what is fetched, when, together with what, and with which credential."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import attrs
import pytest

from secretsync.errors import AuthenticationFailed, CredentialsNotFound, Defect, Forbidden, Unavailable
from secretsync.ports import AnyQuery, AnyWire
from secretsync.queries import UNCHANGED, Absent, Failed, Found, Query, Scope, query
from secretsync.reconcile.ask import Ask
from secretsync.reconcile.messages import Desired, Effect, Fetch, Moved
from secretsync.targets import Observe, Target
from secretsync.values import Version
from worlds import FORBIDDEN, REFUSED, Credentials, Folder, Play, Token, World, copy, document, login, secret, subject

BROKEN = Failed(Unavailable("kms", "read", "HTTP 500"))


def play(paths: int = 1, *, period: float = 60.0, **more: object) -> Play:
    """A play with objects `o0`, `o1`, … each of a folder and a target of its own."""
    world = World(folders={f"/{n}": document(A=f"{n}") for n in range(paths)})
    made = Play(world, **more)  # type: ignore[arg-type]
    made.apply(*(subject(copy(f"/{n}", f"t{n}", mark=f"o{n}"), key=f"o{n}", period=period) for n in range(paths)))
    return made


def data(made: Play, name: str = "t0") -> dict[str, bytes]:
    return made.world.data[secret(name)]


def always_ready(made: Play) -> bool:
    return all(outcome.ready for outcomes in made.reports.values() for outcome in outcomes)


@attrs.define
class Watcher:
    """Notes when fetches of one class went out, each with its time."""

    play: Play
    kind: type[AnyQuery]
    sent: list[tuple[float, Fetch]] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.play.check = self

    def __call__(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Fetch) and isinstance(effect.queries[0], self.kind):
                self.sent.append((self.play.now, effect))

    @property
    def times(self) -> list[float]:
        return [time for time, _ in self.sent]


# -- flights and batches


def test_who_asks_for_what_is_on_its_way_joins_it() -> None:
    made = play()
    made.apply(*(subject(copy("/0", f"x{n}", mark=f"x{n}"), key=f"x{n}") for n in range(10)))
    made.run(10)
    assert made.world.counts["Folder"] == made.world.counts["Token"] == made.world.counts["Credentials"] == 1
    assert len(made.world.data) == 11


def test_who_comes_later_joins_what_is_on_its_way() -> None:
    made = play(latency=1.0)
    for n in range(4):
        made.apply(subject(copy("/0", f"x{n}", mark=f"x{n}"), key=f"x{n}"), at=n + 0.5)
    made.run(10)
    assert made.world.counts["Folder"] == made.world.counts["Token"] == made.world.counts["Credentials"] == 1
    assert len(made.world.data) == 5


@query
class Item(Query[str]):
    vault: str
    name: str
    host = "items"
    batch = 20

    @property
    def group(self) -> str:
        return self.vault


@attrs.define
class Items(World):
    sizes: list[int] = attrs.field(factory=list)

    def _answer(self, asked: AnyQuery, fetch: Fetch, now: float) -> AnyWire:
        if not isinstance(asked, Item):
            return World._answer(self, asked, fetch, now)
        if asked is fetch.queries[0]:
            self.sizes.append(len({other.vault for other in fetch.queries}) * len(fetch.queries))
        return Found(asked.name)


def items(*vaults: str) -> Desired:
    def desired(ask: Ask) -> tuple[Target, ...]:
        ask.all([Item(vault, str(n)) for n in range(45) for vault in vaults])
        return ()

    return desired


def test_queries_of_one_group_go_together_as_many_as_the_backend_takes() -> None:
    made = Play(Items())
    made.apply(subject(items("v", "w")))
    made.run(1)
    assert isinstance(made.world, Items)
    assert sorted(made.world.sizes) == [5, 5, 20, 20, 20, 20]


# -- confirm and obtain


def test_a_value_asked_for_while_a_check_is_in_flight_is_fetched_although_nothing_moved() -> None:
    made = play(latency=1.0)
    made.run(30)
    watcher = Watcher(made, Folder)
    while not watcher.sent:
        made.run(made.now + 0.25)
    made.at(made.now, lambda: made.world.put(secret("t0"), {"A": b"edited"}, "o0"))
    made.late["cluster"] = 0.01
    made.run(made.now + 10)
    assert data(made) == {"A": b"0"}
    assert [bool(fetch.known) for _, fetch in watcher.sent] == [True, False]


def test_the_end_of_a_failure_is_told_even_if_a_value_is_fetched_first() -> None:
    made = play(latency=1.0)
    made.run(10)
    watcher = Watcher(made, Folder)
    made.world.faults = lambda what, now: BROKEN if isinstance(what, Folder) else None
    made.run(200)
    assert not made.last("o0").ready
    made.world.faults = lambda what, now: None
    seen = len(watcher.sent)
    while len(watcher.sent) == seen:
        made.run(made.now + 0.5)
    assert watcher.sent[-1][1].known
    made.apply(subject(copy("/0", "other", mark="two"), key="two"))
    made.run(made.now + 10)
    assert made.last("two").ready
    assert made.last("o0").ready


def test_an_age_of_0_is_no_period() -> None:
    made = Play(World(folders={"/0": document(A="1")}))
    made.apply(subject(copy("/0", "t0"), max_age=0.0))
    made.run(600)
    assert 10 <= made.world.counts["Folder"] <= 13


def test_an_unchanged_that_nobody_asked_for_is_a_defect_not_a_loop() -> None:
    made = play()
    made.world.faults = lambda what, now: UNCHANGED if isinstance(what, Folder) else None  # type: ignore[return-value]
    made.run(60)
    assert isinstance(made.last("o0").errors[0], Defect)
    assert made.world.counts["Folder"] < 10


# -- overtaken


def test_a_fetch_that_the_watch_overtook_is_repeated() -> None:
    made = play(latency=1.0)
    made.run(30)
    first = made.world.put(secret("t0"), {"A": b"1st"}, "o0")
    made.at(30.5, lambda: made.world.put(secret("t0"), {"A": b"2nd"}, "o0"))
    made.world.faults = lambda what, now: first if what == Observe(secret("t0")) and now < 32.5 else None  # type: ignore[return-value]
    made.at(30.0, lambda: None)
    made.run(45)
    assert data(made) == {"A": b"0"}
    assert made.world.counts["Observe"] == 3
    assert made.world.counts["writes"] == 2, "the first look was not acted on"


def test_news_that_a_watch_overtook_are_told_all_the_same() -> None:
    made = play(latency=1.0)
    made.run(30)
    made.at(30.0, lambda: made.world.rotate("creds", "new"))
    made.at(31.5, Moved(Credentials("creds"), Version("late news of an older one")))
    made.run(50)
    assert made.world.counts["Token"] == 2, "the new credentials were noticed"


def test_a_read_that_fails_after_the_watch_showed_more_leaves_nothing_to_trust() -> None:
    made = play(latency=1.0)
    made.run(30)
    made.world.faults = lambda what, now: BROKEN if isinstance(what, Credentials) else None
    made.at(30.0, lambda: made.world.rotate("creds", "new"))
    made.run(40)
    assert not made.last("o0").ready
    made.world.faults = lambda what, now: None
    made.run(60)
    assert made.last("o0").ready
    assert made.world.counts["Token"] == 2


def test_a_read_that_began_before_our_own_write_is_repeated() -> None:
    made = play()
    made.run(10)
    ref, before = Observe(secret("t0")), made.world.targets[secret("t0")]
    entry = made.engine._store.entry(ref)
    entry.under_way = True
    made.engine._hosts.host("cluster").sent()
    after = made.world.put(secret("t0"), {"A": b"0"}, "o0")
    made.world.moved.clear()
    made.engine._reads.learned(ref, after, made.now, by="o0")
    made.engine._reads.landed(Fetch("cluster", (ref,), {}), {ref: Found(before, before.version)}, made.now, made.now)
    made.at(10, lambda: None)
    made.run(11)
    assert entry.version == after.version


# -- tokens


def test_many_objects_log_in_once() -> None:
    made = play(40)
    made.run(300)
    assert made.world.counts["Token"] == 1
    assert always_ready(made)


def test_a_token_is_renewed_at_its_next_use_while_the_old_one_serves() -> None:
    made = play(latency=1.0)
    made.world.token_ttl = 1000.0
    folders = Watcher(made, Folder)
    made.run(790)
    assert len(made.world.tokens) == 1
    used = {id(fetch.credential) for _, fetch in folders.sent}
    folders.sent.clear()
    made.run(860)
    ((time, fetch),) = folders.sent
    assert {id(fetch.credential)} == used, "the check went out at once, with the old one"
    assert time > 800.0
    assert made.world.counts["Token"] == 2
    made.run(5000)
    assert made.world.counts["Token"] in {6, 7}


@pytest.mark.parametrize("uses", [1, 2, 3, 7])
def test_a_token_of_few_uses_is_replaced_before_it_is_used_up(uses: int) -> None:
    made = play(5)
    made.world.token_uses = uses
    made.run(1200.0)
    assert always_ready(made)
    assert made.world.counts["refused"] == 0
    assert made.world.counts["Token"] == -(-made.world.counts["Folder"] // uses)


def test_a_token_without_a_limit_serves_for_its_life() -> None:
    made = play(5)
    made.run(1200.0)
    assert made.world.counts["Token"] == 1


def test_nobody_runs_again_for_a_renewed_token() -> None:
    made, runs = Play(World(folders={"/0": document(A="1")}, token_ttl=100.0)), []

    def counting(ask: Ask) -> tuple[Target, ...]:
        runs.append(made.now)
        return copy("/0", "t0")(ask)

    made.apply(subject(counting))
    made.run(10)
    evaluated = len(runs)
    made.run(1000)
    assert made.world.counts["Token"] > 5
    assert len(runs) == evaluated


@pytest.mark.parametrize("least", [0.0, 10.0])
def test_how_much_later_than_a_period_the_first_check_may_be(least: float) -> None:
    made, reads = play(40, least=least), Counter[str]()
    made.check = lambda effects: reads.update(_folders(effects))
    made.run(61.0)
    assert (min(reads.values()) > 1) is (least == 0.0)
    made.run(71.0)
    assert min(reads.values()) > 1


def _folders(effects: list[Effect]) -> Iterator[str]:
    fetches = (effect for effect in effects if isinstance(effect, Fetch))
    yield from (query.path for fetch in fetches for query in fetch.queries if isinstance(query, Folder))


def test_a_401_costs_one_login_and_one_replay() -> None:
    made = play()
    made.run(40)
    made.world.tokens.clear()
    before = made.world.counts["Folder"]
    made.run(100)  # each folder has its turn once a period
    assert made.world.counts["Token"] == 2
    assert made.world.counts["Folder"] == before + 2
    assert always_ready(made)


@pytest.mark.parametrize("limit", [1, 4, 16])
def test_forty_folders_with_a_dead_token_cost_one_login(limit: int) -> None:
    made = play(40, latency=0.5, limits={"kms": limit})
    made.run(40)
    made.world.tokens.clear()
    made.check = lambda effects: unfailing(made)
    before = made.world.counts["Folder"]
    for n in range(40):  # all at once, not each at its turn
        made.apply(subject(copy(f"/{n}", f"t{n}", mark=f"o{n}"), key=f"o{n}", fresh="now"))
    made.run(40 + 25 if limit == 1 else 50)
    assert made.world.counts["Token"] == 2
    refused = made.world.counts["refused"]
    assert 1 <= refused <= limit, "who was in flight was refused once, none twice"
    turns = made.world.counts["Folder"] - before - 40 - refused
    assert 0 <= turns <= 20, "some had their turn beside"
    assert always_ready(made)


def test_who_asks_anew_is_not_answered_by_a_fetch_from_before() -> None:
    made = play(latency=1.0)
    made.run(120)
    before = made.world.counts["Folder"]
    for time in 120.0, 120.5:  # the second while the folder is read for the first
        made.at(time, lambda: made.apply(subject(copy("/0", "t0", mark="o0"), key="o0", fresh=f"{made.now}")))
    made.run(130)
    assert made.world.counts["Folder"] == before + 2


def unfailing(made: Play) -> None:
    assert not any(entry.failure for entry in made.engine._store)


def test_every_dead_token_is_replayed_not_only_the_first() -> None:
    made = play()
    for time in 40, 100, 160:
        made.at(time, made.world.tokens.clear)
    made.run(230)
    assert made.world.counts["Token"] == 4
    assert made.world.counts["refused"] == 3


def test_tokens_that_expire_on_their_way_are_not_replayed_for_ever() -> None:
    made = play()
    made.world.token_ttl = 0.04
    made.run(60)
    assert made.world.counts["Token"] < 20
    assert isinstance(made.last("o0").errors[0], AuthenticationFailed)


def test_a_token_that_is_no_longer_the_one_refused_is_kept() -> None:
    made = play(2, latency=1.0)
    watcher = Watcher(made, Folder)
    made.run(10)
    late = Fetch("kms", watcher.sent[0][1].queries, {}, Found(next(iter(made.world.tokens))))
    made.world.tokens.clear()
    made.run(110)
    assert made.world.counts["Token"] == 2
    before = made.world.counts["Folder"]
    made.engine._hosts.host("kms").sent()
    made.engine._reads.landed(late, dict.fromkeys(late.queries, REFUSED), made.now, made.now)
    made.at(110, lambda: None)
    made.run(112)
    assert made.world.counts["Folder"] == before + 1, "replayed with the token that is there"
    assert made.world.counts["Token"] == 2


def refuse(*paths: str, how: Failed, since: float = 0.0):
    return lambda what, now: how if isinstance(what, Folder) and what.path in paths and now >= since else None


def test_a_plain_403_of_a_young_token_is_permission() -> None:
    made = play(2)
    made.world.faults = refuse("/0", how=FORBIDDEN)
    made.run(5)
    assert isinstance(made.last("o0").errors[0], Forbidden)
    assert made.world.counts["Token"] == 1


def test_a_plain_403_of_an_older_token_costs_one_login_in_ten_minutes() -> None:
    made = play(5)
    made.world.token_ttl = 1e6
    made.world.faults = refuse("/0", "/1", "/2", how=FORBIDDEN, since=100.0)
    made.run(690)
    assert made.world.counts["Token"] == 2
    assert isinstance(made.last("o0").errors[0], Forbidden)
    made.run(3700)
    assert made.world.counts["Token"] <= 2 + 3600 / 600
    assert made.last("o3").ready


def test_a_stale_token_that_is_answered_with_a_plain_403_is_replaced() -> None:
    made = play(3)
    made.run(100)
    made.world.stale |= made.world.tokens.keys()
    made.run(300)
    assert made.world.counts["Token"] == 2
    assert always_ready(made)


def test_while_a_suspected_token_is_replaced_it_serves_the_others() -> None:
    made = play(3)
    made.run(100)

    def faults(what: object, now: float) -> Failed | None:
        return BROKEN if isinstance(what, Token) else refuse("/0", how=FORBIDDEN)(what, now)

    made.world.faults = faults
    made.run(1000)
    assert isinstance(made.last("o0").errors[0], Forbidden)
    assert made.last("o1").ready
    assert made.last("o2").ready
    assert len(made.reports["o1"]) == 1


def test_a_permanent_401_does_not_loop_logins_and_ends() -> None:
    made = play(5)
    made.world.faults = refuse(*made.world.folders, how=REFUSED)
    watcher = Watcher(made, Token)
    made.run(600)
    for start in range(0, 600, 60):
        assert sum(start <= time < start + 60 for time in watcher.times) <= 3
    assert isinstance(made.last("o0").errors[0], AuthenticationFailed)
    made.world.faults = lambda what, now: None
    made.run(910)
    assert all(made.last(f"o{n}").ready for n in range(5))


def test_a_refused_login_is_not_repeated_within_30_seconds_whatever_asks() -> None:
    made = play(40)
    made.world.refused = set(made.world.credentials.values())
    for n in range(100):
        made.apply(subject(copy("/0", f"x{n}"), key=f"x{n}", max_age=0.0, once=True, deadline=n + 60.0), at=n)
    watcher = Watcher(made, Token)
    made.run(1000)
    assert all(later - earlier >= 30.0 for earlier, later in pairwise(watcher.times))
    assert len(watcher.times) >= 4
    made.world.refused.clear()
    made.run(1310)
    assert all(made.last(f"o{n}").ready for n in range(40))


def test_a_renewal_that_fails_is_not_tried_at_every_use() -> None:
    made = play(40, period=5.0)
    made.world.token_ttl = 3000.0
    made.run(2300)
    made.world.faults = lambda what, now: BROKEN if isinstance(what, Token) else None
    watcher = Watcher(made, Token)
    made.run(2950)
    assert 2 <= len(watcher.times) <= 650 / 30
    assert all(later - earlier >= 30.0 for earlier, later in pairwise(watcher.times))
    assert always_ready(made), "the old one serves until it expires"


# -- credentials come and go


def test_a_missing_credential_is_an_error_and_its_appearance_noticed_at_once() -> None:
    made = play()
    del made.world.credentials["creds"]
    made.run(1000)
    assert isinstance(made.last("o0").errors[0], CredentialsNotFound)
    made.world.rotate("creds", "s3cr3t")
    made.at(1000, lambda: None)
    made.run(1001)
    assert made.last("o0").ready
    assert data(made) == {"A": b"0"}


def test_the_same_credential_made_anew_is_noticed_at_once() -> None:
    made = play(3)
    made.world.token_ttl = 100.0
    made.run(60)
    made.at(60, lambda: made.world.rotate("creds", None))
    made.run(1000)
    assert not any(made.last(f"o{n}").ready for n in range(3))
    made.at(1000, lambda: made.world.rotate("creds", "s3cr3t"))
    made.run(1001.5)
    assert all(made.last(f"o{n}").ready for n in range(3))
    assert len(made.world.data) == 3


def test_of_two_secrets_with_the_same_bytes_one_may_go() -> None:
    world = World(folders={"/0": document(A="1")}, token_ttl=300.0)
    world.credentials["twin"] = world.credentials["creds"]
    made = Play(world)
    made.apply(subject(copy("/0", "a", mark="a"), key="a"))
    made.apply(subject(copy("/0", "b", mark="b", credentials="twin"), key="b"))
    made.at(100, lambda: world.rotate("creds", None))
    made.run(3000)
    assert isinstance(made.last("a").errors[0], CredentialsNotFound)
    assert [outcome.ready for outcome in made.reports["b"]] == [True]
    assert world.data.keys() == {secret("a"), secret("b")}


def test_rotated_credentials_log_in_anew_and_write_nothing() -> None:
    made = play()
    made.at(30, lambda: made.world.rotate("creds", "new"))
    made.run(100)
    assert made.world.counts["Token"] == 2
    assert made.world.counts["writes"] == 1


def test_the_same_credential_logs_in_apart_at_each_host() -> None:
    made = Play(World(folders={"/0": document(A="1")}))
    watcher = Watcher(made, Token)
    for host in "kms", "other":
        made.apply(subject(copy("/0", host, mark=host, host=host), key=host))
    made.run(100)
    assert sorted(fetch.host for _, fetch in watcher.sent) == ["kms", "other"]


def test_a_fetch_without_an_answer_is_a_defect() -> None:
    made = play()
    made.run(10)
    fetch = Fetch("kms", (Folder(login(asking(made)), "/0"),), {})
    made.engine._hosts.host("kms").sent()
    made.engine._reads.landed(fetch, {}, made.now, made.now)
    made.run(70)
    assert made.engine._store.entry(fetch.queries[0]).failure is None, "the next check helped"


def asking(made: Play) -> Ask:
    return Ask(made.engine._store, now=0.0, since=0.0, max_age=60.0, permit=lambda what, ask: None)


def test_what_a_watch_shows_of_what_nobody_asked_is_ignored() -> None:
    made = play()
    made.run(10)
    before = len(made.engine._store)
    made.at(11, Moved(Credentials("nobody"), Version("1")))
    made.run(12)
    assert len(made.engine._store) == before


@pytest.mark.parametrize("scope", list(Scope))
def test_every_failure_ends_when_its_cause_does(scope: Scope) -> None:
    made = play(3)
    made.world.faults = lambda what, now: attrs.evolve(BROKEN, scope=scope) if isinstance(what, Folder) else None
    made.run(600)
    assert not any(made.last(f"o{n}").ready for n in range(3))
    made.world.faults = lambda what, now: None
    made.run(901)
    assert all(made.last(f"o{n}").ready for n in range(3))


def test_an_absent_folder_is_checked_like_any_other() -> None:
    made = play()
    made.run(10)
    gone = made.world.folders.pop("/0")
    made.run(100)
    assert not made.last("o0").ready
    assert data(made) == {"A": b"0"}
    made.world.folders["/0"] = gone
    made.run(165)
    assert made.last("o0").ready
    assert Absent() != Found(None)


def test_the_waits_after_failures_grow_up_to_a_period() -> None:
    made = play()
    watcher = Watcher(made, Folder)
    made.world.faults = lambda what, now: BROKEN if isinstance(what, Folder) else None
    made.run(600)
    waits = [round(later - earlier, 1) for earlier, later in pairwise(watcher.times)]
    assert waits[:4] == sorted(set(waits[:4])), "each longer than the one before"
    assert max(waits) <= 60.1
