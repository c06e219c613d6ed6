"""The lease book, alone and for more than a day with the development KMS in virtual time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from secretsync.backends.kms.lease_book import GRACE, LeaseBook, LookUp, Make, Renew, Revoke, Wanted
from secretsync.backends.kms.leases import Lease, Leased, LeasePlace, Leases
from secretsync.backends.kms.session import Session
from secretsync.client_policy import SDK
from secretsync.clock import FOREVER
from secretsync.devserver import DevServer, Fault, parse_seed
from secretsync.errors import LeaseEnded, RateLimited, SecretSyncError, Unavailable
from secretsync.http import Http
from secretsync.runtime.clock import SystemClock
from secretsync.testing import ManualClock
from secretsync.values import SecretValue

APP = LeasePlace("shop", "prod", "/app")
DB = Wanted("db", APP, "db")
DOWN = Unavailable("h", "o", "d")
ENDED = LeaseEnded("h", "o", "d")


def leased(lease_id: str, seconds: float = 3600.0) -> Leased:
    return Leased(Lease(lease_id, seconds), {"USER": SecretValue(lease_id)})


def book(*, chance: Callable[[], float] = lambda: 0.0) -> LeaseBook:
    return LeaseBook(chance=chance)


def holding(lease_id: str = "one", seconds: float = 3600.0) -> LeaseBook:
    made = book()
    made.want(DB)
    made.due(0.0)
    made.made(DB, leased(lease_id, seconds), 0.0)
    return made


def user(made: LeaseBook, now: float) -> str | None:
    found = made.credentials("db", now)
    return found["USER"].text() if found else None


def test_a_lease_is_made_once() -> None:
    made = book()
    assert made.idle
    made.want(DB)
    made.want(DB)
    assert made.due(0.0) == [Make(DB)]
    assert (made.due(10.0), made.wake_at) == ([], FOREVER)
    assert user(made, 10.0) is None


def test_it_is_renewed_at_two_thirds_and_serves_all_the_while() -> None:
    made = holding()
    assert (made.wake_at, made.due(2399.0)) == (2400.0, [])
    assert made.due(2400.0) == [Renew(DB, "one")]
    assert user(made, 2500.0) == "one"
    made.lives(DB, Lease("one", 4700.0), 2500.0)
    assert made.wake_at == pytest.approx(2500.0 + 4700.0 * 2 / 3)
    assert user(made, 7000.0) == "one"


def test_one_as_old_as_it_may_get_is_replaced_before_it_is_given_back() -> None:
    made = holding()
    made.due(2400.0)
    made.failed(DB, ENDED, 2400.0)
    assert made.due(2400.0) == [Make(DB)]
    assert user(made, 2400.0) == "one"
    made.made(DB, leased("two"), 2410.0)
    assert user(made, 2410.0) == "two"
    assert made.due(2410.0 + GRACE - 1) == []
    assert made.due(2410.0 + GRACE) == [Revoke(APP, "one")]
    made.revoked("one")
    assert made.wake_at == pytest.approx(2410.0 + 2400.0)


def test_a_renewal_that_fails_is_tried_again_while_the_lease_serves() -> None:
    made = holding()
    made.due(2400.0)
    made.failed(DB, DOWN, 2400.0)
    assert (made.error("db"), user(made, 2401.0)) == (DOWN, "one")
    assert made.due(made.wake_at) == [Renew(DB, "one")]
    made.lives(DB, Lease("one", 3600.0), 2402.0)
    assert made.error("db") is None


def test_a_lease_that_ended_unrenewed_serves_no_more_and_is_replaced() -> None:
    made = holding()
    made.due(2400.0)
    made.failed(DB, DOWN, 3599.9)
    assert user(made, 3600.0) is None
    assert made.due(3700.0) == [Make(DB)]


def test_a_making_that_fails_is_tried_later_and_as_late_as_the_server_asks() -> None:
    made = book(chance=lambda: 0.5)
    made.want(DB)
    made.due(0.0)
    made.failed(DB, DOWN, 0.0)
    assert 0.0 < made.wake_at <= 2.0
    assert made.due(made.wake_at) == [Make(DB)]
    made.failed(DB, RateLimited("h", "o", "d", retry_after=50.0), 10.0)
    assert made.wake_at == 60.0


def test_what_is_released_is_given_back_at_once_and_tried_until_it_ends() -> None:
    made = holding()
    made.release("db", 100.0)
    assert user(made, 100.0) is None
    assert made.due(100.0) == [Revoke(APP, "one")]
    made.kept("one", 100.0)
    assert made.due(made.wake_at) == [Revoke(APP, "one")]
    made.kept("one", 200.0)
    assert (made.due(3600.0), made.idle) == ([], True)


def test_one_that_is_made_for_nobody_is_given_back() -> None:
    made = book()
    made.want(DB)
    made.due(0.0)
    made.release("db", 1.0)
    made.made(DB, leased("late"), 2.0)
    assert made.due(2.0) == [Revoke(APP, "late")]


def test_wanted_again_meanwhile_nothing_is_lost() -> None:
    made = book()
    made.want(DB)
    made.due(0.0)
    made.release("db", 1.0)
    made.want(DB)
    assert made.due(1.0) == [Make(DB)]
    made.made(DB, leased("first"), 2.0)
    made.made(DB, leased("second"), 3.0)
    assert user(made, 3.0) == "second"
    assert made.due(3.0 + GRACE) == [Revoke(APP, "first")]


def test_a_lease_of_an_earlier_run_serves_once_it_is_found() -> None:
    made = book()
    made.adopt(DB, "old", {"USER": SecretValue("old")})
    assert made.due(0.0) == [LookUp(DB, "old")]
    assert user(made, 0.0) is None
    made.lives(DB, Lease("old", 900.0), 1.0)
    assert (user(made, 1.0), made.wake_at) == ("old", 601.0)


def test_one_that_is_gone_is_replaced_and_not_given_back() -> None:
    made = book()
    made.adopt(DB, "old", {})
    made.due(0.0)
    made.failed(DB, ENDED, 1.0)
    assert made.due(1.0) == [Make(DB)]
    made.made(DB, leased("new"), 2.0)
    assert made.due(2.0 + GRACE) == []


def test_no_credential_is_shown() -> None:
    assert "one" not in repr(holding().credentials("db", 0.0))


# -- for more than a day

SEED = """
projects: [{id: p1, slug: shop}]
identities:
  - {id: i, universal: {clientId: all, clientSecret: s, ttl: 0, maxTtl: 0}, grants: [{project: shop, actions: [lease]}]}
dynamicSecrets: {shop: {prod: {/app: {db: {defaultTtl: 1h, maxTtl: 5h}, short: {defaultTtl: 5m, maxTtl: 5m}}}}}
"""
HOURS = 30


class Life:
    """A book that is carried out against a server, both in the time of one clock."""

    def __init__(self, server: DevServer, clock: ManualClock, leases: Leases, *, seed: int) -> None:
        self.server, self.clock, self.leases = server, clock, leases
        self.chance = random.Random(seed)
        self.book = LeaseBook(chance=self.chance.random)
        self.uncovered = 0.0

    def until(self, end: float) -> None:
        while self.clock.monotonic() < end:
            now = self.clock.monotonic()
            for effect in self.book.due(now):
                self.carry_out(effect, now)
            self.look(min(max(self.book.wake_at, now + 1.0), end) - now)

    def look(self, seconds: float) -> None:
        """Let time pass, and see that what is lent lives at the provider."""
        for name in ("db", "short"):
            found = self.book.credentials(name, self.clock.monotonic())
            if found is None:
                self.uncovered += seconds
            else:
                assert found["DB_USERNAME"].text() in self.server.model.provider.live
        self.clock.advance(seconds)
        with self.server.model.leasing(*self.who()) as leasing:
            leasing.book.leases()

    def who(self) -> tuple[object, object]:
        who = self.server.model.identities.get("i")
        assert who is not None
        return who, self.server.model.project(who, id="p1")

    def carry_out(self, effect: Make | Renew | LookUp | Revoke, now: float) -> None:
        try:
            match effect:
                case Make(wanted):
                    self.book.made(wanted, self.leases.create(wanted.place, wanted.name, ttl=wanted.ttl), now)
                case Renew(wanted, lease_id):
                    self.book.lives(wanted, self.leases.renew(wanted.place, lease_id, ttl=wanted.ttl), now)
                case LookUp(wanted, lease_id):
                    self.book.lives(wanted, self.leases.look_up(wanted.place, lease_id), now)
                case Revoke(place, lease_id):
                    self.leases.revoke(place, lease_id)
                    self.book.revoked(lease_id)
        except SecretSyncError as error:
            if isinstance(effect, Revoke):
                self.book.kept(effect.lease_id, now)
            else:
                self.book.failed(effect.wanted, error, now)


@pytest.fixture
def life() -> Iterator[Life]:
    clock, http = ManualClock(), Http(SDK, SystemClock())
    with DevServer(parse_seed(SEED), clock=clock) as server:
        token = server.model.login(client_id="all", client_secret=SecretValue("s")).token
        yield Life(server, clock, Leases(Session(http, server.url, token)), seed=7)
        http.close()


def test_there_is_always_a_lease_that_lives_and_never_many(life: Life) -> None:
    for name in ("db", "short"):
        life.book.want(Wanted(name, APP, name))
    for hour in range(HOURS):
        if hour % 7 == 3:  # every now and then the server fails some requests
            life.server.faults.add(Fault("leases", status=life.chance.choice([500, 429]), count=2))
        life.until((hour + 1) * 3600.0)
        assert len(life.server.model.provider.live) <= 4
    assert life.uncovered <= 2.0  # the first moment of each
    life.book.release_all(life.clock.monotonic())
    life.until(life.clock.monotonic() + 120.0)
    assert life.book.idle
    assert life.server.model.provider.live == set()


def test_an_outage_leaves_no_lease_behind(life: Life) -> None:
    life.book.want(Wanted("db", APP, "db"))
    life.until(60.0)
    life.server.faults.add(Fault("leases", status=503))
    life.book.release("db", life.clock.monotonic())
    life.until(600.0)
    assert len(life.server.model.provider.live) == 1
    life.server.faults.clear()
    life.until(720.0)
    assert (life.server.model.provider.live, life.book.idle) == (set(), True)
