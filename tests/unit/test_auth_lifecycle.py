"""The life of tokens on the client: renewed where that is safe, else another login (kms-api §2.4, §9)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress

import pytest
from attrs import define, evolve, field
from hypothesis import given
from hypothesis import strategies as st

from secretsync.auth.given import TokenAuth
from secretsync.auth.logins import Logins
from secretsync.auth.universal import METHOD, UniversalAuth
from secretsync.client_policy import OPERATOR, SDK, ClientPolicy
from secretsync.clock import Deadline
from secretsync.devserver.api import routes
from secretsync.devserver.model import KMS
from secretsync.devserver.routing import Call, Router
from secretsync.devserver.seed import parse_seed
from secretsync.errors import AuthenticationFailed, Unavailable
from secretsync.http import Request, Response, revealed
from secretsync.queries import Found, Identity, Query, query
from secretsync.runtime.proofs import LocalProofs
from secretsync.testing import ManualClock
from secretsync.values import SecretValue

GOOD = {"clientId": SecretValue("cid"), "clientSecret": SecretValue("canary-s")}
PATIENCE = SDK.connect_timeout + SDK.read_timeout


@query
class Kept(Query[Mapping[str, SecretValue]]):
    def __str__(self) -> str:
        return "the test's credentials"


@define
class Server:
    """An `HttpClient` to a development KMS in this process."""

    kms: KMS
    asked: list[str] = field(factory=list)
    meet: Callable[[str], None] = lambda route: None

    def send(self, request: Request) -> Response:
        assert "authorization" not in request.headers
        assert request.token is None
        route = request.url.rpartition("/auth/")[2]
        self.asked.append(route)
        self.meet(route)
        body = json.dumps(revealed(request.json or {})).encode()
        path = request.url.removeprefix("http://kms")
        reply = Router(routes(self.kms), entropy=bytes).answer(Call(request.method, path, body=body))
        return Response(reply.status, reply.headers, reply.body, request.method, request.url)


@define
class Stand:
    clock: ManualClock
    server: Server
    logins: Logins
    identity: Identity = field(factory=lambda: Identity("http://kms", METHOD, Kept()))

    def token(self) -> Found[SecretValue]:
        return self.logins.token(self.identity, GOOD, deadline=Deadline(self.clock))

    def live(self, times: int) -> list[Found[SecretValue]]:
        """Have the token replaced so often, each at its time."""
        found = [self.token()]
        for _ in range(times):
            self.clock.advance(found[-1].renew_in)
            found.append(self.token())
        return found


def stand(limits: str = "", style: str = "", policy: ClientPolicy = SDK, chance: float = 0.0) -> Stand:
    clock = ManualClock()
    seed = f"""
    tokens: {{{style}}}
    identities: [{{id: i, universal: {{clientId: cid, clientSecret: canary-s, {limits}}}}}]
    """
    count = iter(range(1, 1_000_000))
    kms = KMS(parse_seed(seed), clock=clock, entropy=lambda size: next(count).to_bytes(size))
    server = Server(kms)
    return Stand(clock, server, Logins(server, policy, chance=lambda: chance, proofs=LocalProofs()))


LOGIN, RENEW = "universal-auth/login", "token/renew"


def test_a_token_is_renewed_at_two_thirds_of_its_life() -> None:
    it = stand("ttl: 300, maxTtl: 3000")
    found = it.live(2)
    assert it.server.asked == [LOGIN, RENEW, RENEW]
    assert [one.renew_in for one in found] == [pytest.approx(200.0)] * 3
    assert len({one.value for one in found}) == 3


def test_the_operator_logs_in_again() -> None:
    it = stand("ttl: 300, maxTtl: 3000", policy=OPERATOR)
    it.live(2)
    assert it.server.asked == [LOGIN] * 3


@pytest.mark.parametrize("style", ["", "renewal: legacy"])
def test_near_the_maximum_there_is_a_login_and_no_renewal(style: str) -> None:
    it = stand("ttl: 300, maxTtl: 1000", style)
    it.live(5)
    # The one at 600 would be good until 940 even if it took the 40 s that it may take; one at 800 would pass 1000.
    assert it.server.asked == [LOGIN, RENEW, RENEW, RENEW, LOGIN, RENEW]


@pytest.mark.parametrize(
    ("limits", "style", "expected"),
    [
        ("ttl: 300, maxTtl: 0", "", RENEW),
        ("ttl: 300, maxTtl: 0", "strict: true", RENEW),
        ("ttl: 300, maxTtl: 300, period: 200", "", RENEW),
        ("ttl: 300, maxTtl: 300", "", LOGIN),
        ("ttl: 0, maxTtl: 0", "renewal: legacy", RENEW),
    ],
    ids=["no maximum", "said as 0", "periodic", "ttl is the maximum", "without an end"],
)
def test_how_a_token_is_replaced(limits: str, style: str, expected: str) -> None:
    it = stand(limits, style)
    it.live(50)
    assert it.server.asked == [LOGIN] + [expected] * 50


@given(
    ttl=st.integers(1, 400),
    most=st.integers(0, 2000),
    period=st.sampled_from([0, 0, 60]),
    chance=st.floats(0.0, 1.0, exclude_max=True),
    legacy=st.booleans(),
)
def test_no_renewal_is_ever_refused_and_no_token_ends_before_it_is_replaced(
    ttl: int, most: int, period: int, chance: float, *, legacy: bool
) -> None:
    limits = f"ttl: {ttl}, maxTtl: {most}, period: {period}"
    it = stand(limits, "renewal: legacy" if legacy else "", chance=chance)
    found = it.live(30)
    assert all(one.renew_in <= one.expires_in for one in found)
    assert it.server.asked.count(LOGIN) + it.server.asked.count(RENEW) == len(found)  # a refused one would add a login


def test_a_refused_renewal_is_followed_by_a_login_at_once() -> None:
    it = stand("ttl: 300, maxTtl: 3000")
    it.token()
    it.server.kms.revoke_tokens()
    assert it.server.kms.admits(it.token().value)
    assert it.server.asked == [LOGIN, RENEW, LOGIN]


def test_a_refused_token_is_not_renewed() -> None:
    it = stand("ttl: 300, maxTtl: 3000")
    old = it.token().value
    it.logins.refused(it.identity, SecretValue("another"))
    new = it.token().value
    it.logins.refused(it.identity, old)  # a late word about one that was replaced since
    it.token()
    assert it.server.asked == [LOGIN, RENEW, RENEW]
    it.logins.refused(it.identity, new)
    it.logins.refused(it.identity, it.token().value)
    it.token()
    assert it.server.asked == [LOGIN, RENEW, RENEW, RENEW, LOGIN]


@pytest.mark.parametrize(("took", "left"), [(0.0, 299.0), (20.0, 279.0), (400.0, 150.0)])
def test_a_life_counts_from_before_it_was_asked_for(took: float, left: float) -> None:
    it = stand("ttl: 300, maxTtl: 3000")
    it.server.meet = lambda route: it.clock.advance(took)
    found = it.token()
    assert found.expires_in == left
    assert found.renew_in == min(200.0, left)


def test_an_ended_token_is_not_renewed() -> None:
    it = stand("ttl: 300, maxTtl: 3000")
    it.token()
    it.clock.advance(300)
    it.token()
    assert it.server.asked == [LOGIN, LOGIN]


def test_a_server_in_trouble_gets_no_login_in_place_of_a_renewal() -> None:
    it = stand("ttl: 300, maxTtl: 3000")
    it.token()

    def trouble(route: str) -> None:
        raise Unavailable("kms", route, "no answer in time")

    it.server.meet = trouble
    with pytest.raises(Unavailable):
        it.token()
    assert it.server.asked == [LOGIN, RENEW]
    it.server.meet = lambda route: None
    it.token()
    assert it.server.asked == [LOGIN, RENEW, RENEW]


def test_other_credentials_are_another_identity_and_log_in() -> None:
    it = stand("ttl: 300, maxTtl: 3000")
    it.token()
    evolve_identity = evolve(it.identity, digest=b"rotated")
    it.logins.token(evolve_identity, GOOD, deadline=Deadline(it.clock))
    assert it.server.asked == [LOGIN, LOGIN]


# -- revocation


def test_all_tokens_are_revoked_at_the_end_and_what_failed_is_told() -> None:
    it = stand("ttl: 300, maxTtl: 3000")
    first = it.token().value
    other = evolve(it.identity, digest=b"2")
    second = it.logins.token(other, GOOD, deadline=Deadline(it.clock)).value
    assert it.logins.revoke(Deadline(it.clock)) == ()
    assert not it.server.kms.admits(first)
    assert not it.server.kms.admits(second)
    assert it.logins.revoke(Deadline(it.clock)) == ()
    assert it.server.asked == [LOGIN, LOGIN, "token/revoke", "token/revoke"]


def test_a_token_that_is_gone_already_needs_no_revoking() -> None:
    it = stand("ttl: 300, maxTtl: 3000")
    it.token()
    it.server.kms.revoke_tokens()
    assert it.logins.revoke(Deadline(it.clock)) == ()
    it.token()
    it.server.kms.expire_tokens()
    assert it.logins.revoke(Deadline(it.clock)) == ()


def test_a_token_that_could_not_be_revoked_is_told() -> None:
    it = stand("ttl: 300, maxTtl: 3000")
    it.token()

    def trouble(route: str) -> None:
        raise Unavailable("kms", route, "no answer in time")

    it.server.meet = trouble
    (error,) = it.logins.revoke(Deadline(it.clock))
    assert isinstance(error, Unavailable)


def test_a_token_that_was_given_is_neither_renewed_nor_revoked() -> None:
    it = stand()
    it.identity = evolve(it.identity, method=TokenAuth())
    given = {"token": SecretValue("canary-given")}
    for _ in range(2):
        found = it.logins.token(it.identity, given, deadline=Deadline(it.clock))
        it.clock.advance(found.renew_in)
    assert it.logins.revoke(Deadline(it.clock)) == ()
    assert it.server.asked == []


# -- what a refused login means


@pytest.mark.parametrize(
    ("limits", "organization", "meaning"),
    [
        ("lockout: {threshold: 1}", "", "locked"),
        ("secretUses: 1", "", "used up"),
        ("secretTtl: 1", "", "expired"),
        ("", "elsewhere", "organizationSlug"),
    ],
)
def test_a_refused_login_says_what_helps(limits: str, organization: str, meaning: str) -> None:
    it = stand(limits, policy=OPERATOR)
    it.identity = evolve(it.identity, method=UniversalAuth(organization=organization))
    wrong = GOOD | {"clientSecret": SecretValue("canary-wrong")}
    with pytest.raises(AuthenticationFailed):
        it.logins.token(it.identity, wrong, deadline=Deadline(it.clock))
    with suppress(AuthenticationFailed):
        it.token()
    it.clock.advance(2)
    with pytest.raises(AuthenticationFailed, match=meaning) as caught:
        it.token()
    assert "canary" not in repr(caught.value)


def test_the_organisation_is_sent_only_when_it_is_set() -> None:
    it = stand()
    it.token()
    it.identity = evolve(it.identity, method=UniversalAuth(organization="dev"))
    it.token()
    assert it.server.asked == [LOGIN, LOGIN]


def test_an_adopted_token_is_renewed_and_no_login_is_needed() -> None:
    s = stand()
    before = s.token()
    after = Logins(s.server, SDK, chance=lambda: 0.0, proofs=LocalProofs())
    after.adopt(s.identity, before.value)
    s.server.asked.clear()
    after.token(s.identity, GOOD, deadline=Deadline(s.clock))
    s.clock.advance(1000.0)
    after.token(s.identity, GOOD, deadline=Deadline(s.clock))
    assert s.server.asked == ["token/renew", "token/renew"]


def test_an_adopted_token_that_nobody_renews_is_followed_by_a_login() -> None:
    s = stand()
    s.logins.adopt(s.identity, SecretValue("a.b.c"))
    s.token()
    assert s.server.asked == ["token/renew", "universal-auth/login"]
