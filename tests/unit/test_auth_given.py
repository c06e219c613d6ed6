"""Tokens that were given: renewed where no renewal can destroy them, because no login brings another."""

from __future__ import annotations

import pytest
from attrs import define, field

from inside import HOST, Inside, kms
from secretsync.auth.given import ServiceToken, TokenAuth
from secretsync.auth.logins import Logins
from secretsync.auth.method import Method
from secretsync.client_policy import OPERATOR, SDK, ClientPolicy
from secretsync.clock import Deadline
from secretsync.devserver.methods import Limits
from secretsync.mailbox import Given
from secretsync.queries import Found, Identity
from secretsync.runtime.proofs import LocalProofs
from secretsync.testing import ManualClock
from secretsync.values import SecretValue

RENEW = "POST /v1/auth/token/renew"


@define
class Stand:
    clock: ManualClock
    http: Inside
    logins: Logins
    given: SecretValue
    method: Method = field(factory=TokenAuth)

    def token(self) -> Found[SecretValue]:
        key = "token" if isinstance(self.method, TokenAuth) else "serviceToken"
        identity = Identity(HOST, self.method, Given("credentials"), b"")
        return self.logins.token(identity, {key: self.given}, deadline=Deadline(self.clock))

    def live(self, seconds: float) -> list[bool]:
        """Replace the token whenever it is time; return each time whether the server took the one before to the end."""
        good, end = [], self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            found = self.token()
            self.clock.advance(found.renew_in)
            good.append(self.http.kms.admits(found.value))
        return good


def stand(limits: Limits, style: str = "stateless", policy: ClientPolicy = SDK) -> Stand:
    clock = ManualClock()
    http = Inside(kms(f"{{tokens: {{renewal: {style}}}, identities: [{{id: i}}]}}", clock))
    identity = http.kms.identities.get("i")
    assert identity is not None
    given = http.kms.identities.admit(identity, "token-auth", limits).token
    return Stand(clock, http, Logins(http, policy, chance=lambda: 0.0, proofs=LocalProofs()), given)


@pytest.mark.parametrize("policy", [SDK, OPERATOR])
def test_a_token_that_no_renewal_can_destroy_is_renewed_under_every_policy(policy: ClientPolicy) -> None:
    it = stand(Limits(ttl=300, max_ttl=0), policy=policy)
    assert it.token().value == it.given
    assert it.live(86400.0).count(False) == 0
    assert set(it.http.asked) == {RENEW}
    assert len(it.http.asked) <= 86400 / (300 * 2 / 3)


def test_one_that_may_get_no_older_serves_to_its_end_and_is_asked_for_seldom() -> None:
    it = stand(Limits(ttl=300, max_ttl=1000))
    assert it.live(990.0).count(False) == 0
    assert len(it.http.asked) <= 16
    it.clock.advance(60.0)
    assert it.token().value == it.given, "nothing else is left"


def test_one_of_an_elder_server_is_never_renewed() -> None:
    it = stand(Limits(ttl=300, max_ttl=1000), style="legacy")
    it.live(280.0)
    assert (it.token().value, it.http.asked) == (it.given, [])


@pytest.mark.parametrize("token", ["st.id.canary", "a.b.c", "plain", "e30.e30.e30", "x.WzFd.y"])
def test_one_that_says_nothing_of_itself_is_never_renewed(token: str) -> None:
    it = stand(Limits())
    it.given, it.method = SecretValue(token), ServiceToken() if token.startswith("st.") else TokenAuth()
    for _ in range(3):
        assert it.token().value == it.given
        it.clock.advance(3000.0)
    assert it.http.asked == []


def test_a_renewed_one_is_not_revoked_because_the_given_one_would_end_with_it() -> None:
    it = stand(Limits(ttl=300, max_ttl=0))
    it.live(1000.0)
    assert it.logins.revoke(Deadline(it.clock)) == ()
    assert set(it.http.asked) == {RENEW}
