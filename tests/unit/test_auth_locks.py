"""Who is locked out, or asks from the wrong address: what it is told, and how seldom it tries again."""

from __future__ import annotations

import random

import pytest
from attrs import define, field

import secretsync
from inside import HOST, Inside, Turns, kms
from secretsync.auth.universal import METHOD
from secretsync.backends.kms.backend import KMSBackend
from secretsync.backends.kms.queries import Folder
from secretsync.client_policy import SDK
from secretsync.devserver import DevServer, parse_seed
from secretsync.devserver.addresses import trusted
from secretsync.devserver.refusals import Refusal
from secretsync.digest import Digester
from secretsync.errors import AddressForbidden, AuthenticationFailed, InvalidInput, RateLimited, SecretSyncError
from secretsync.http import Response
from secretsync.mailbox import CALLER, Given, Mailbox
from secretsync.queries import Found, Identity
from secretsync.reconcile.ask import Ask
from secretsync.reconcile.messages import Applied, Subject
from secretsync.runtime.proofs import LocalProofs
from secretsync.targets import Target
from secretsync.testing import ManualClock
from secretsync.values import SecretValue

LOGIN = "POST /v1/auth/universal-auth/login"
GIVEN = Given("credentials")


def seed(limits: str) -> str:
    return f"""
    projects: [{{id: p1, slug: shop}}]
    identities: [{{id: i, universal: {{clientId: cid, clientSecret: s, {limits}}}, grants: [{{project: shop}}]}}]
    secrets: {{shop: {{prod: {{/: {{A: a}}}}}}}}
    """


# -- addresses


@pytest.mark.parametrize(
    ("networks", "address", "expected"),
    [
        ((), "203.0.113.9", True),
        (("10.0.0.0/8",), "", True),
        (("10.0.0.0/8", "192.0.2.7"), "10.9.8.7", True),
        (("10.0.0.0/8", "192.0.2.7"), "192.0.2.7", True),
        (("10.0.0.0/8", "192.0.2.7"), "192.0.2.8", False),
        (("10.0.0.1/8",), "::ffff:10.2.3.4", True),
        (("10.0.0.0/8",), "2001:db8::1", False),
        (("2001:db8::/32",), "2001:db8::1", True),
    ],
)
def test_addresses_are_trusted_by_lists(networks: tuple[str, ...], address: str, *, expected: bool) -> None:
    assert trusted(networks, address) is expected


@pytest.mark.parametrize("key", ["accessTokenTrustedIps", "clientSecretTrustedIps"])
def test_what_is_no_network_is_a_problem_of_the_seed(key: str) -> None:
    with pytest.raises(InvalidInput, match=rf"{key}: 10\.0\.0\.0/99: no address"):
        parse_seed(seed(f"{key}: [10.0.0.0/99]"))


def test_a_login_from_the_wrong_address_is_told_apart_and_sent_once() -> None:
    with DevServer(parse_seed(seed("clientSecretTrustedIps: [10.0.0.0/8]"))) as server:
        with secretsync.open(server.url, client_id="cid", client_secret="s") as client:
            for path in ("/", "/a", "/b"):
                with pytest.raises(AuthenticationFailed, match="may not log in from this program's IP address"):
                    client.folder("shop", "prod", path)
        assert [one.status for one in server.asked("login")] == [403]


def test_a_token_from_the_wrong_address_is_told_apart_and_costs_no_other_login() -> None:
    with DevServer(parse_seed(seed("accessTokenTrustedIps: [10.0.0.0/8]"))) as server:
        with secretsync.open(server.url, client_id="cid", client_secret="s") as client:
            for _ in range(3):
                with pytest.raises(AddressForbidden, match="not trusted from this program's IP address"):
                    client.folder("shop", "prod")
        assert len(server.asked("login")) == 1


def test_from_the_right_address_both_are_good() -> None:
    limits = "accessTokenTrustedIps: [127.0.0.0/8, '::1'], clientSecretTrustedIps: [127.0.0.0/8, '::1']"
    with (
        DevServer(parse_seed(seed(limits))) as server,
        secretsync.open(server.url, client_id="cid", client_secret="s") as client,
    ):
        assert client.secret("shop", "prod", "/", "A").text() == "a"


# -- locks


@define
class Stand:
    """Somebody who wants a folder every ten seconds, in virtual time."""

    http: Inside
    turns: Turns
    clock: ManualClock
    logins: list[float] = field(factory=list)
    got_at: float = 0.0

    def want(self) -> None:
        identity = Identity(HOST, METHOD, GIVEN, b"")

        def desired(ask: Ask) -> tuple[Target, ...]:
            if isinstance(ask(Folder(identity, "p1", "prod", "/")), Found):
                self.got_at = self.clock.monotonic()
            return ()

        self.turns.send(Applied(Subject("one", CALLER, desired, b"", 10.0)))

    def meet(self, asked: str, *statuses: int) -> Response | None:
        if asked != LOGIN:
            return None
        self.logins.append(self.clock.monotonic())
        return Response(statuses[0], {}, b"{}", "POST") if statuses else None

    def gaps(self) -> list[float]:
        return [after - before for before, after in zip(self.logins, self.logins[1:], strict=False)]


@pytest.fixture
def stand() -> Stand:
    clock, chance = ManualClock(), random.Random(7).random
    http = Inside(kms(seed("lockout: {threshold: 3, duration: 300, reset: 30}"), clock))
    backend = KMSBackend(http, SDK, chance, proofs=LocalProofs())
    given = {GIVEN: {"clientId": SecretValue("cid"), "clientSecret": SecretValue("s")}}
    stand = Stand(http, Turns(clock, [backend, Mailbox(given, digest=Digester(b"key"))], chance), clock)
    http.meet = stand.meet
    return stand


def test_who_is_locked_out_tries_seldom_and_is_in_when_the_lock_is_over(stand: Stand) -> None:
    for _ in range(3):
        with pytest.raises(Refusal):
            stand.http.kms.login(client_id="cid", client_secret=SecretValue("wrong"))
    stand.want()
    (error,) = stand.turns.errors()
    assert isinstance(error, AuthenticationFailed)
    assert "too many wrong logins have locked it" in str(error)
    stand.turns.until(600.0)
    assert min(stand.gaps()) >= 30.0
    assert 300.0 <= stand.logins[-1] <= 600.0
    assert stand.got_at >= stand.logins[-1]


@pytest.mark.parametrize(
    ("status", "kind", "apart"),
    [(423, AuthenticationFailed, 30.0), (403, AuthenticationFailed, 30.0), (429, RateLimited, 10.0)],
)
def test_however_a_server_refuses_logins_there_is_no_storm(
    stand: Stand, status: int, kind: type[SecretSyncError], apart: float
) -> None:
    stand.http.meet = lambda asked: stand.meet(asked, status)
    stand.want()
    stand.turns.until(3600.0)
    errors = stand.turns.errors()
    assert {type(error) for error in errors} == {kind}
    assert ("have locked it" in str(errors[0])) is (status == 423)
    assert len(stand.logins) <= 3600 / apart + 1


def test_no_other_token_is_asked_for_because_of_an_address(stand: Stand) -> None:
    stand.want()
    stand.turns.until(120.0)
    refused = b'{"error": "ForbiddenError", "message": "not from this IP address"}'
    stand.http.meet = lambda asked: (
        stand.meet(asked) or (Response(403, {}, refused) if asked.startswith("GET") else None)
    )
    stand.turns.until(240.0)
    assert {type(error) for error in stand.turns.errors()} == {AddressForbidden}
    assert len(stand.logins) == 1
