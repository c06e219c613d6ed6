"""Leases that somebody asks for: looked after by the engine like any answer, for more than a day."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from pathlib import Path

import pytest
from attrs import define, field

from inside import HOST, Inside, Meet, Turns, kms
from secretsync.auth.universal import METHOD
from secretsync.backends.kms.backend import KMSBackend
from secretsync.backends.kms.lease_book import Kept
from secretsync.backends.kms.lease_files import LeaseFiles
from secretsync.backends.kms.lending import Lending
from secretsync.backends.kms.queries import DynamicSecret, Lent, Place
from secretsync.client_policy import SDK
from secretsync.clock import Deadline
from secretsync.devserver.model import KMS
from secretsync.digest import Digester
from secretsync.errors import LeaseEnded, Unavailable
from secretsync.files.sealed import Sealed
from secretsync.http import Response
from secretsync.mailbox import CALLER, Given, Mailbox
from secretsync.queries import Absent, Found, Identity
from secretsync.reconcile.ask import Ask
from secretsync.reconcile.messages import Applied, Moved, Subject, Withdrawn
from secretsync.runtime.proofs import LocalProofs
from secretsync.targets import Target
from secretsync.testing import ManualClock
from secretsync.values import SecretValue, Version

SEED = """
projects: [{id: p1, slug: shop}]
identities:
  - {id: i, universal: {clientId: all, clientSecret: s, ttl: 3600, maxTtl: 0}, grants: [{project: shop, actions: [lease]}]}
dynamicSecrets: {shop: {prod: {/app: {db: {defaultTtl: 1h, maxTtl: 5h}, short: {defaultTtl: 5m, maxTtl: 5m}}}}}
"""
GIVEN = Given("credentials")
LEASES = "POST /v1/dynamic-secrets/leases"
HOUR = 3600.0
FAULTS: tuple[int | type[Unavailable], ...] = (500, 429, 503, 401, Unavailable)


@define
class Stand:
    """Programs that hold leases, and the KMS that lends them."""

    server: KMS
    http: Inside
    lending: Lending
    turns: Turns
    clock: ManualClock
    uncovered: float = 0.0
    states: dict[str, Found[Mapping[str, SecretValue]] | Absent] = field(factory=dict)

    def query(self, name: str, holder: str = "") -> DynamicSecret:
        identity = Identity(HOST, METHOD, GIVEN, b"")
        return DynamicSecret(identity, Place("shop", "prod", "/app"), name, holder=holder)

    def want(self, name: str, holder: str = "") -> DynamicSecret:
        query = self.query(name, holder)

        def desired(ask: Ask) -> tuple[Target, ...]:
            self.states[name] = ask(query)
            return ()

        self.turns.send(Applied(Subject(f"{name}{holder}", CALLER, desired, b"", HOUR)))
        return query

    def release(self, query: DynamicSecret) -> None:
        self.lending.release(query)
        self.turns.send(Moved(query, Version("released")))

    def users(self) -> set[str]:
        self.leases()
        return set(self.server.provider.live)

    def leases(self) -> Mapping[str, object]:
        """Return the leases there are, after those that ended were taken back."""
        who = self.server.identities.get("i")
        assert who is not None
        with self.server.leasing(who, self.server.project(who, id="p1")) as leasing:
            return leasing.book.leases()

    def look(self, *names: str, seconds: float) -> None:
        """See that what is lent lives at the provider."""
        for name in names:
            lent = self.lending.lent(self.query(name), self.clock.monotonic())
            if lent is None:
                self.uncovered += seconds
            else:
                assert lent["DB_USERNAME"].text() in self.users()


@pytest.fixture
def stand() -> Stand:
    clock, chance = ManualClock(), random.Random(7).random
    server = kms(SEED, clock)
    http = Inside(server)
    backend = KMSBackend(http, SDK, chance, proofs=LocalProofs())
    lending = Lending(http, chance=chance, refused=backend.logins.refused)
    given = {GIVEN: {"clientId": SecretValue("all"), "clientSecret": SecretValue("s")}}
    mailbox = Mailbox(given, digest=Digester(b"key"))
    return Stand(server, http, lending, Turns(clock, [backend, lending, mailbox], chance), clock)


def meeting(*faults: int | type[Unavailable], route: str = "") -> Meet:
    """Answer the requests to a route with these faults, one after the other, and then no more."""
    left = list(faults)

    def meet(asked: str) -> Response | None:
        if not left or route not in asked or "/leases" not in asked:
            return None
        fault = left.pop(0)
        if isinstance(fault, int):
            return Response(fault, {}, b"", asked.partition(" ")[0])
        raise fault(HOST, "o", "no answer")

    return meet


def test_a_lease_is_made_once_and_its_renewal_comes_due_like_a_check(stand: Stand) -> None:
    stand.want("db")
    stand.turns.until(4 * HOUR)
    asked = [one for one in stand.http.asked if "/leases" in one]
    assert asked[0] == LEASES
    assert all(one.endswith("/renew") for one in asked[1:])
    assert 2 <= len(asked) <= 5, "each renewal adds an hour to what is left"
    assert len(stand.users()) == 1


def test_once_all_is_released_a_read_that_was_on_its_way_makes_no_lease(stand: Stand) -> None:
    assert stand.lending.release_all() == ()
    stand.want("db")
    stand.turns.until(60.0)
    assert (stand.http.asked.count(LEASES), stand.states) == (0, {"db": Absent()})


def test_who_asks_for_the_same_shares_a_lease_and_who_names_itself_has_its_own(stand: Stand) -> None:
    for holder in ("", "one", "two"):
        stand.want("db", holder)
    stand.want("db")
    assert (stand.http.asked.count(LEASES), len(stand.users())) == (3, 3)


def test_there_is_always_a_lease_that_lives_and_never_many(stand: Stand) -> None:
    for name in ("db", "short"):
        stand.want(name)
    chance = random.Random(3)
    for hour in range(30):
        if hour % 7 == 3:  # every now and then the server fails some requests
            stand.http.meet = meeting(*chance.choices(FAULTS, k=2))
        stand.turns.until((hour + 1) * HOUR, lambda seconds: stand.look("db", "short", seconds=seconds))
        assert len(stand.users()) <= 4
    assert stand.uncovered == 0.0
    for name in ("db", "short"):
        stand.release(stand.query(name))
    assert (stand.users(), set(map(type, stand.states.values()))) == (set(), {Absent})


def test_a_renewal_that_fails_is_tried_again_and_nobody_hears_of_it_while_the_lease_lives(stand: Stand) -> None:
    stand.want("db")
    stand.turns.errors()
    stand.http.meet = meeting(*[503] * 5)
    stand.turns.until(HOUR)
    assert (stand.turns.errors(), len(stand.users())) == ([], 1)
    assert stand.http.asked.count(LEASES) == 1


def test_a_lease_that_cannot_be_kept_is_told_when_it_ended(stand: Stand) -> None:
    query = stand.want("db")
    stand.turns.until(600.0)
    stand.http.meet = meeting(*[503] * 10_000)
    stand.turns.until(2 * HOUR)
    assert {type(error) for error in stand.turns.errors()} == {Unavailable}
    assert stand.lending.lent(query, stand.clock.monotonic()) is None
    stand.http.meet = meeting()
    stand.turns.until(2 * HOUR + 600.0)
    assert stand.lending.lent(query, stand.clock.monotonic()) is not None


def test_a_lease_whose_making_got_no_answer_is_not_made_again_at_once(stand: Stand) -> None:
    stand.http.meet = meeting(500)
    stand.want("db")
    assert stand.http.asked.count(LEASES) == 1
    stand.turns.until(4.9)
    assert stand.http.asked.count(LEASES) == 1
    stand.turns.until(60.0)
    assert stand.http.asked.count(LEASES) == 2


def test_leases_that_end_at_once_make_no_storm(stand: Stand) -> None:
    stand.want("db")
    stand.http.skew = 7200  # as if a lease were over before it arrives
    stand.turns.until(4 * HOUR)
    stand.http.asked.clear()
    stand.turns.until(5 * HOUR)
    assert stand.http.asked.count(LEASES) <= HOUR / 5
    errors = stand.turns.errors()
    assert {type(error) for error in errors} == {LeaseEnded}
    assert "its leases end at once" in str(errors[0])


def test_a_refused_token_costs_another_token_and_no_second_lease(stand: Stand) -> None:
    stand.http.meet = meeting(401)
    stand.want("db")
    assert len(stand.users()) == 1
    assert len([one for one in stand.http.asked if one.endswith("/login")]) == 2


def test_what_is_released_is_given_back_at_once_and_tried_until_it_works(stand: Stand) -> None:
    query = stand.want("db")
    stand.http.meet = meeting(500, 500, route="DELETE")
    stand.release(query)
    assert len(stand.users()) == 1
    assert [type(error) for error in stand.turns.errors()] == [Unavailable]
    stand.turns.until(120.0)
    assert (stand.users(), stand.states["db"]) == (set(), Absent())
    assert stand.http.asked.count(LEASES) == 1


def test_a_replaced_lease_is_left_alive_a_minute_and_then_given_back(stand: Stand) -> None:
    stand.want("short")
    stand.turns.until(201.0)
    assert len(stand.users()) == 2
    stand.turns.until(265.0)
    assert len(stand.users()) == 1


def test_a_replaced_lease_that_cannot_be_given_back_is_nobody_s_trouble(stand: Stand) -> None:
    stand.want("short")
    stand.turns.errors()
    stand.http.meet = meeting(*[500] * 100, route="DELETE")
    stand.turns.until(299.0)
    assert (len(stand.users()), stand.turns.errors()) == (2, [])
    assert len([one for one in stand.http.asked if one.startswith("DELETE")]) == 1, "not as often as what matters"
    stand.turns.until(301.0)
    assert len(stand.users()) == 1


def test_nothing_is_asked_when_nobody_wants_it_any_more(stand: Stand) -> None:
    query = stand.want("db")
    stand.release(query)
    stand.turns.send(Withdrawn("db"))
    stand.lending.forget(query)
    asked = len(stand.http.asked)
    stand.turns.until(10 * HOUR)
    assert len(stand.http.asked) == asked
    assert stand.turns.engine.held() == []


def test_a_lease_of_an_earlier_run_is_gone_on_with(stand: Stand, tmp_path: Path) -> None:
    def files() -> LeaseFiles:
        return LeaseFiles(Sealed(str(tmp_path), key=lambda: SecretValue("key"), entropy=os.urandom), stand.clock)

    def lending() -> Lending:
        return Lending(stand.http, chance=lambda: 0.5, refused=lambda *_: None, memory=files())

    def read(lending: Lending) -> Found[Lent]:
        token = Found(stand.server.login(client_id="all", client_secret=SecretValue("s")).token)
        answer = lending.read([query], known={}, credential=token, deadline=Deadline(stand.clock))[query]
        assert isinstance(answer, Found)
        return answer

    query = stand.query("db")
    lent = read(lending()).value
    assert read(lending()).value == lent
    assert stand.http.asked.count(LEASES) == 1
    files().retain([])
    assert read(lending()).value != lent


@pytest.mark.parametrize(
    "plain", [b"[]", b"{}", b"no JSON", b'{"lease": 1, "data": [], "left": {}, "json": [], "ends": 0}']
)
def test_what_another_version_kept_is_dropped(stand: Stand, tmp_path: Path, plain: bytes) -> None:
    sealed = Sealed(str(tmp_path), key=lambda: SecretValue("key"), entropy=os.urandom)
    files = LeaseFiles(sealed, stand.clock)
    files.keep(stand.query("db"), Kept("l", Lent({}), 60.0))
    (name,) = sealed.names()
    sealed.write(name, plain)
    files.sweep()
    assert (files.find(stand.query("db")), sealed.dropped, list(sealed.names())) == (None, 1, [])
