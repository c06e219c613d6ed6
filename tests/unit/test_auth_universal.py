"""Universal auth: what is sent, and what each answer means (kms-api §2)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from loopback import Answers, Loopback, Reply, serving
from secretsync.auth.logins import Logins
from secretsync.auth.token import Token
from secretsync.auth.universal import METHOD
from secretsync.client_policy import OPERATOR
from secretsync.clock import Deadline
from secretsync.errors import (
    AuthenticationFailed,
    CredentialsNotFound,
    RateLimited,
    SecretSyncError,
    Unavailable,
    WrongEndpoint,
)
from secretsync.http import Http, Request, Response
from secretsync.queries import Found, Identity, Query, query
from secretsync.runtime.clock import SystemClock
from secretsync.runtime.proofs import LocalProofs
from secretsync.testing import ManualClock
from secretsync.values import SecretValue

CLOCK = SystemClock()
GOOD = {"clientId": "cid", "clientSecret": "canary-secret"}


@query
class Kept(Query[Mapping[str, SecretValue]]):
    """Stands for where a shell keeps credentials."""

    name: str

    def __str__(self) -> str:
        return f"Secret {self.name}"


@frozen
class Answering:
    """An `HttpClient` whose server always says the same."""

    answer: Response

    def send(self, request: Request) -> Response:
        return self.answer


Login = Callable[..., Found[SecretValue]]


@pytest.fixture
def login(http: Http) -> Login:
    def log_in(
        server: Loopback, credentials: Mapping[str, str | bytes] = GOOD, chance: float = 0.0
    ) -> Found[SecretValue]:
        logins = Logins(http, OPERATOR, chance=lambda: chance, proofs=LocalProofs())
        return logins.token(
            Identity(f"{server.url}/team", METHOD, Kept("shop/kms"), b"digest"),
            {key: SecretValue(value) for key, value in credentials.items()},
            deadline=Deadline(CLOCK),
        )

    return log_in


def failing(login: Login, answers: Answers, credentials: Mapping[str, str | bytes] = GOOD) -> SecretSyncError:
    with serving(answers) as server, pytest.raises(SecretSyncError) as caught:
        login(server, credentials)
    assert len(server.asked) <= 1  # never tried again in here
    return caught.value


def granted(**more: object) -> Reply:
    return Reply.of({"accessToken": "canary-token", "expiresIn": 7200, "tokenType": "Bearer", **more})


def test_a_login_posts_trimmed_credentials_without_authorization(login: Login) -> None:
    with serving(lambda _: granted()) as server:
        found = login(server, {"clientId": " cid\n", "clientSecret": b"\tcanary secret\r\n", "more": "x"})
    (asked,) = server.asked
    assert (asked.method, asked.target) == ("POST", "/team/api/v1/auth/universal-auth/login")
    assert asked.json == {"clientId": "cid", "clientSecret": "canary secret"}
    assert "authorization" not in asked.headers
    assert found.value.text() == "canary-token"


def test_a_token_is_replaced_at_the_policys_part_of_its_life_or_a_little_earlier(login: Login) -> None:
    with serving(lambda _: granted()) as server:
        latest, earliest = login(server), login(server, chance=1.0)
    assert (latest.renew_in, latest.expires_in) == (pytest.approx(0.8 * 7200), pytest.approx(7200.0, abs=60.0))
    assert latest.expires_in < 7200.0
    assert earliest.renew_in == pytest.approx(0.8 * 7200 * 0.95)


@pytest.mark.parametrize("stated", [0, None, -5, "7200", True, float("inf"), float("nan")])
def test_a_token_without_a_stated_life_is_given_an_hour(login: Login, stated: object) -> None:
    with serving(lambda _: granted(expiresIn=stated)) as server:
        assert login(server).expires_in == pytest.approx(3600.0, abs=60.0)


@pytest.mark.row("kmssecret-18")
@pytest.mark.parametrize(
    ("credentials", "named"),
    [
        ({"clientId": "cid"}, "clientSecret missing or empty in Secret shop/kms"),
        ({"clientSecret": "s"}, "clientId missing or empty in Secret shop/kms"),
        ({"clientId": "cid", "clientSecret": " \n"}, "clientSecret missing or empty in Secret shop/kms"),
        ({}, "clientId and clientSecret missing or empty in Secret shop/kms"),
    ],
)
def test_missing_credentials_are_named_and_nothing_is_sent(
    login: Login, credentials: Mapping[str, str], named: str
) -> None:
    with serving(lambda _: granted()) as server, pytest.raises(CredentialsNotFound) as caught:
        login(server, credentials)
    assert str(caught.value) == named
    assert server.asked == []


@pytest.mark.parametrize("secret", [b"canary\0x", b"canary\nx", b"canary\x7f", b"canary\xff", "canary\u0085x".encode()])
def test_credentials_that_are_no_plain_text_are_refused_unsent(login: Login, secret: bytes) -> None:
    with serving(lambda _: granted()) as server, pytest.raises(AuthenticationFailed) as caught:
        login(server, {"clientId": "cid", "clientSecret": secret})
    assert "authentication failed: clientSecret of Secret shop/kms" in str(caught.value)
    assert "canary" not in str(caught.value)
    assert server.asked == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 418, 422, 451])
def test_every_other_4xx_means_that_authentication_failed(login: Login, status: int) -> None:
    error = failing(login, lambda _: Reply.refusal(status, "SomeError", "invalid credentials of canary-secret"))
    assert type(error) is AuthenticationFailed
    assert "authentication failed" in str(error)
    assert "SomeError" in str(error)
    assert (error.status, error.request_id) == (status, "req-7")
    assert "canary" not in str(error)


def test_a_login_refused_in_another_form_failed_too(login: Login) -> None:
    assert type(failing(login, lambda _: Reply.text("<html>no", status=403))) is AuthenticationFailed


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_server_in_trouble_says_nothing_about_the_credentials(login: Login, status: int) -> None:
    error = failing(login, lambda _: Reply.refusal(status, "InternalServerError", "trouble"))
    assert type(error) is Unavailable
    assert error.status == status


@pytest.mark.parametrize(
    ("header", "wait"), [("7", 7.0), ("600", 60.0), ("soon", 0.0), ("-1", 0.0), ("²", 0.0), (None, 0.0)]
)
def test_a_limit_tells_how_long_to_wait(login: Login, header: str | None, wait: float) -> None:
    headers = {} if header is None else {"Retry-After": header}
    error = failing(login, lambda _: Reply.refusal(429, "RateLimitExceeded", "slow down", headers))
    assert isinstance(error, RateLimited)
    assert error.retry_after == wait


@pytest.mark.parametrize(
    "reply",
    [
        Reply.text("<html>welcome"),
        Reply.of({"welcome": True}),
        Reply.of(["accessToken"]),
        Reply.of({"accessToken": ""}),
        Reply.of({"accessToken": 5}),
        Reply.of({"accessToken": "canary\ud800"}),
        Reply.refusal(404, "Not Found", "Route POST:/team/api/v1/auth/universal-auth/login not found"),
        Reply.text("404 page not found", status=404, kind="text/plain"),
    ],
)
def test_what_is_not_the_api_is_the_wrong_endpoint(login: Login, reply: Reply) -> None:
    error = failing(login, lambda _: reply)
    assert type(error) is WrongEndpoint
    assert "check the address" in str(error)


@pytest.mark.parametrize("status", [200, 401, 422, 500])
def test_no_credential_and_no_token_shows(login: Login, caplog: pytest.LogCaptureFixture, status: int) -> None:
    caplog.set_level(logging.DEBUG)
    echo = [{"path": ["clientSecret"], "message": "canary-secret"}]
    with serving(lambda _: granted() if status == 200 else Reply.refusal(status, "E", echo)) as server:
        try:
            shown = repr(login(server))
        except SecretSyncError as error:
            shown = f"{error} {error!r}"
    assert "canary" not in shown
    assert all("canary" not in record.getMessage() for record in caplog.records)


@given(st.floats(min_value=1.0, max_value=1e9), st.floats(min_value=0.0, max_value=1.0, exclude_max=True))
def test_a_token_is_replaced_while_it_lives(life: float, chance: float) -> None:
    answer = Response(200, {}, Reply.of({"accessToken": "t", "expiresIn": life}).pieces[0])
    logins = Logins(Answering(answer), OPERATOR, chance=lambda: chance, proofs=LocalProofs())
    identity = Identity("https://kms.example", METHOD, Kept("x"), b"")
    found = logins.token(identity, {key: SecretValue("x") for key in GOOD}, deadline=Deadline(ManualClock()))
    assert 0.0 < found.renew_in <= min(0.8 * life, found.expires_in)
    assert life / 2 <= found.expires_in < life


def test_a_token_is_asked_with_the_credentials_and_slowly_again() -> None:
    identity = Identity("https://kms.example", METHOD, Kept("x"), b"digest")
    token = Token(identity)
    assert (token.host, token.credential, token.private) == ("https://kms.example", Kept("x"), True)
    assert [token.backoff.delay(n, lambda: 0.0) for n in (1, 9)] == [30.0, 30.0]
    assert token.backoff.delay(9, lambda: 1.0) == 300.0
