"""The tokens of the development KMS: lifetimes, renewals in both styles, uses, revocation and locks (kms-api §2.4)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any, Literal
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.devserver import DevServer, Fault
from secretsync.devserver.api import routes
from secretsync.devserver.model import KMS
from secretsync.devserver.refusals import Refusal
from secretsync.devserver.routing import Call, Router
from secretsync.devserver.seed import parse_seed
from secretsync.devserver.tokens import OLDEST, UNLIMITED, Login
from secretsync.errors import InvalidInput
from secretsync.testing import ManualClock
from secretsync.values import SecretValue

DAY = 86400

pytestmark = pytest.mark.row("kms-api-4")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


Serve = Callable[..., KMS]


@pytest.fixture
def serve(clock: ManualClock) -> Serve:
    return lambda limits="", style="": served(clock, limits, style)


def served(clock: ManualClock, limits: str = "", style: str = "") -> KMS:
    seed = f"""
    tokens: {{{style}}}
    identities: [{{id: i, universal: {{clientId: cid, clientSecret: s, {limits}}}}}, {{id: j, universal: {{clientId: j, clientSecret: s}}}}]
    """
    count = iter(range(1, 1_000_000))
    return KMS(parse_seed(seed), clock=clock, entropy=lambda size: next(count).to_bytes(size))


def login(kms: KMS, client: str = "cid", secret: str = "s") -> Login:
    return kms.login(client_id=client, client_secret=SecretValue(secret))


def refusal(do: Callable[[], object]) -> tuple[int, str, str]:
    with pytest.raises(Refusal) as caught:
        do()
    return caught.value.status, caught.value.error, str(caught.value.message)


def claims(made: Login) -> dict[str, object]:
    part = made.token.text().split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


# -- what a login gives


@pytest.mark.parametrize(
    ("style", "limits", "life", "reported"),
    [
        ("", "ttl: 60, maxTtl: 600", 60, 600),
        ("", "ttl: 0, maxTtl: 600", 600, 600),
        ("", "ttl: 900, maxTtl: 600", 600, 600),
        ("", "ttl: 60, maxTtl: 0", 60, UNLIMITED),
        ("", "ttl: 0, maxTtl: 0", OLDEST, UNLIMITED),
        ("", "ttl: 99999999, maxTtl: 99999999", OLDEST, 99999999),
        ("", "ttl: 60, maxTtl: 600, period: 90", 90, UNLIMITED),
        ("strict: true", "ttl: 60, maxTtl: 0", 60, 0),
        ("renewal: legacy", "ttl: 60, maxTtl: 600", 60, 600),
        ("renewal: legacy", "ttl: 0, maxTtl: 0", 0, UNLIMITED),
        ("renewal: legacy", "ttl: 60, maxTtl: 600, period: 90", 90, UNLIMITED),
    ],
)
def test_a_login_gives_a_life_and_reports_a_maximum(
    serve: Serve, style: str, limits: str, life: int, reported: int
) -> None:
    made = login(serve(limits, style))
    assert (made.expires_in, made.max_ttl) == (life, reported)


def test_a_token_is_a_signed_jwt_that_says_its_end(serve: Serve, clock: ManualClock) -> None:
    made, now = login(serve("ttl: 60")), int(clock.now().timestamp())
    said = claims(made)
    assert (said["identityId"], said["iat"], said["exp"]) == ("i", now, now + 60)
    assert "exp" not in claims(login(serve("ttl: 0", "renewal: legacy")))


def test_a_legacy_token_without_limits_never_ends(serve: Serve, clock: ManualClock) -> None:
    kms = serve("ttl: 0, maxTtl: 0", "renewal: legacy")
    made = login(kms)
    clock.advance(10 * OLDEST)
    assert kms.identify(made.token).id == "i"


# -- renewal


@pytest.mark.parametrize("style", ["", "renewal: legacy"])
def test_a_renewal_gives_another_token_and_the_old_one_lives_on(serve: Serve, clock: ManualClock, style: str) -> None:
    kms = serve("ttl: 60, maxTtl: 600", style)
    first = login(kms)
    clock.advance(40)
    second = kms.identities.renew(first.token)
    assert second.token != first.token
    assert (second.expires_in, second.max_ttl) == (60, 600)
    clock.advance(19)
    assert kms.identify(first.token).id == "i"
    clock.advance(1)
    assert refusal(lambda: kms.identify(first.token))[:2] == (403, "TokenError")
    assert kms.identify(second.token).id == "i"


def test_the_last_stateless_renewal_is_shorter_and_then_there_is_none(serve: Serve, clock: ManualClock) -> None:
    kms = serve("ttl: 60, maxTtl: 100")
    made = login(kms)
    clock.advance(50)
    made = kms.identities.renew(made.token)
    assert made.expires_in == 50
    clock.advance(49)
    assert kms.identities.renew(made.token).expires_in == 1
    clock.advance(0.5)
    status, error, message = refusal(lambda: kms.identities.renew(made.token))
    assert (status, error) == (401, "UnauthorizedError")
    assert "max TTL" in message
    assert kms.identify(made.token).id == "i"


def test_a_legacy_renewal_past_the_maximum_destroys_the_token(serve: Serve, clock: ManualClock) -> None:
    kms = serve("ttl: 60, maxTtl: 100", "renewal: legacy")
    made = login(kms)
    clock.advance(40)
    made = kms.identities.renew(made.token)
    clock.advance(1)
    assert refusal(lambda: kms.identities.renew(made.token))[0] == 401
    assert refusal(lambda: kms.identify(made.token))[:2] == (401, "UnauthorizedError")


@pytest.mark.parametrize("style", ["", "renewal: legacy"])
def test_a_periodic_token_is_renewed_for_ever(serve: Serve, clock: ManualClock, style: str) -> None:
    kms = serve("ttl: 60, maxTtl: 100, period: 90", style)
    made = login(kms)
    for _ in range(100):
        clock.advance(80)
        made = kms.identities.renew(made.token)
        assert (made.expires_in, made.max_ttl) == (90, UNLIMITED)


@pytest.mark.parametrize(
    ("style", "refused"), [("", (403, "TokenError")), ('expired: "401"', (401, "UnauthorizedError"))]
)
def test_an_ended_token_is_refused_by_the_servers_style(
    serve: Serve, clock: ManualClock, style: str, refused: tuple[int, str]
) -> None:
    kms = serve("ttl: 60", style)
    made = login(kms)
    clock.advance(60)
    for use in (kms.identify, kms.identities.renew, kms.identities.revoke):
        assert refusal(lambda use=use: use(made.token))[:2] == refused
    assert not kms.admits(made.token)


@given(
    ttl=st.integers(0, 500),
    most=st.integers(0, 500),
    period=st.integers(0, 50),
    waits=st.lists(st.floats(0, 100, allow_nan=False), max_size=8),
    legacy=st.booleans(),
)
def test_no_token_outlives_its_budget(ttl: int, most: int, period: int, waits: list[float], *, legacy: bool) -> None:
    clock = ManualClock()
    limits = f"ttl: {ttl}, maxTtl: {most}, period: {period}"
    kms = served(clock, limits, "renewal: legacy" if legacy else "")
    began, made = clock.monotonic(), login(kms)
    for wait in waits:
        clock.advance(wait)
        try:
            made = kms.identities.renew(made.token)
        except Refusal:
            break
        if most and not period:
            assert clock.monotonic() + made.expires_in <= began + most + 1e-6


# -- uses


def test_a_token_is_good_for_its_uses_and_renewing_gives_none_back(serve: Serve) -> None:
    kms = serve("usesLimit: 3")
    made = login(kms)
    kms.identify(made.token)
    renewed = kms.identities.renew(made.token)
    assert kms.admits(made.token)
    kms.identify(renewed.token)
    kms.identify(made.token)
    assert not kms.admits(renewed.token)
    for use in (kms.identify, kms.identities.renew):
        assert refusal(lambda use=use: use(renewed.token))[:2] == (401, "UnauthorizedError")


# -- revocation


def test_revoking_a_token_ends_all_of_its_login_and_no_other(serve: Serve) -> None:
    kms = serve()
    made, other = login(kms), login(kms)
    renewed = kms.identities.renew(made.token)
    assert renewed.token != made.token
    kms.identities.revoke(renewed.token)
    for token in (made.token, renewed.token):
        assert refusal(lambda token=token: kms.identify(token))[:2] == (401, "UnauthorizedError")
    assert refusal(lambda: kms.identities.revoke(made.token))[0] == 401
    assert kms.identify(other.token).id == "i"


@pytest.mark.parametrize(
    ("which", "ended"),
    [({}, 3), ({"identity": "j"}, 1), ({"method": "universal-auth"}, 3), ({"method": "aws-auth"}, 0)],
)
def test_revoking_all_of_an_identity_or_a_method(serve: Serve, which: dict[str, str], ended: int) -> None:
    kms = serve()
    made = [login(kms), login(kms), login(kms, "j")]
    assert kms.identities.revoke_all(**which) == ended
    assert [kms.admits(one.token) for one in made].count(False) == ended
    assert kms.identities.revoke_all(**which) == 0


def test_ended_tokens_are_forgotten(serve: Serve, clock: ManualClock) -> None:
    kms = serve("ttl: 60")
    for _ in range(1500):
        login(kms)
    clock.advance(60)
    for _ in range(1600):
        login(kms)
    assert len(kms.identities._tokens._tokens) < 2000


# -- client secrets


def test_a_client_is_locked_after_failures_and_unlocked_by_time(serve: Serve, clock: ManualClock) -> None:
    kms = serve("lockout: {threshold: 3, duration: 300, reset: 30}")
    for _ in range(2):
        assert refusal(lambda: login(kms, secret="x"))[2] == "Invalid credentials"
    clock.advance(30)
    for _ in range(3):
        assert refusal(lambda: login(kms, secret="x"))[2] == "Invalid credentials"
    status, _, message = refusal(lambda: login(kms))
    assert (status, "temporarily locked" in message) == (401, True)
    assert login(kms, "j").expires_in > 0
    clock.advance(300)
    assert login(kms).expires_in > 0


def test_a_success_forgets_the_failures_before_it(serve: Serve) -> None:
    kms = serve("lockout: {threshold: 2}")
    for _ in range(4):
        refusal(lambda: login(kms, secret="x"))
        login(kms)


def test_a_client_secret_ends_by_time_and_by_uses(serve: Serve, clock: ManualClock) -> None:
    kms = serve("secretTtl: 100, secretUses: 2")
    login(kms)
    login(kms)
    assert "usage limit" in refusal(lambda: login(kms))[2]
    clock.advance(100)
    assert "expired" in refusal(lambda: login(kms))[2]


# -- over HTTP


def ask(kms: KMS, path: str, body: object, **headers: str) -> tuple[int, dict[str, object]]:
    router = Router(routes(kms), entropy=bytes)
    raw = json.dumps(body).encode()
    reply = router.answer(Call("POST", f"/api/v1/auth/{path}", headers=headers, body=raw))
    return reply.status, json.loads(reply.body)


def test_renewing_and_revoking_need_no_header_and_forgive_one(serve: Serve) -> None:
    kms = serve("ttl: 60, maxTtl: 600")
    token = login(kms).token.text()
    status, body = ask(kms, "token/renew", {"accessToken": f" {token}\n"})
    new = body.pop("accessToken")
    assert (status, body) == (200, {"expiresIn": 60, "accessTokenMaxTTL": 600, "tokenType": "Bearer"})
    status, body = ask(kms, "token/revoke", {"accessToken": new}, authorization=f"Bearer {new}")
    assert (status, "message" in body) == (200, True)
    assert ask(kms, "token/revoke", {"accessToken": new}, authorization=f"Bearer {new}")[0] == 401


@pytest.mark.parametrize(
    ("path", "body", "refused"),
    [
        ("token/renew", {}, (422, "ValidationFailure")),
        ("token/renew", {"accessToken": "st.a.b.c"}, (400, "BadRequest")),
        ("token/renew", {"accessToken": "x"}, (403, "TokenError")),
        ("token/revoke", {"accessToken": "x"}, (403, "TokenError")),
        (
            "universal-auth/login",
            {"clientId": "cid", "clientSecret": "s", "organizationSlug": "other"},
            (404, "NotFound"),
        ),
    ],
)
def test_what_is_refused_over_http(serve: Serve, path: str, body: object, refused: tuple[int, str]) -> None:
    status, said = ask(serve(), path, body)
    assert (status, said["error"]) == refused


@pytest.mark.parametrize("slug", ["", "dev"])
def test_the_organisation_may_be_named(serve: Serve, slug: str) -> None:
    body = {"clientId": "cid", "clientSecret": "s", "organizationSlug": slug}
    assert ask(serve(), "universal-auth/login", body)[0] == 200


# -- service tokens

SERVICE = """
projects: [{id: p1, slug: shop}]
serviceTokens: [{token: st.id.canary, project: shop, name: ci, scopes: [{environment: prod, secretPath: /app/**}]}]
secrets: {shop: {prod: {/app: {A: a}, /other: {B: b}}}}
"""


def get(kms: KMS | Router, path: str, token: str, **query: str) -> tuple[int, dict[str, Any]]:
    headers = {"authorization": f"Bearer {token}"}
    router = kms if isinstance(kms, Router) else Router(routes(kms), entropy=bytes)
    reply = router.answer(Call("GET", path, query, headers))
    return reply.status, json.loads(reply.body)


@pytest.mark.parametrize("token", ["st.id.canary", "st.id.canary.key"])
def test_a_service_token_says_its_project_and_reads_its_scopes(clock: ManualClock, token: str) -> None:
    kms = KMS(parse_seed(SERVICE), clock=clock, entropy=bytes)
    status, body = get(kms, "/api/v2/service-token", token)
    assert (status, body["workspace"]) == (200, "p1")
    assert body["scopes"] == [{"environment": "prod", "secretPath": "/app/**"}]
    where = {"workspaceId": body["workspace"], "environment": "prod"}
    status, listed = get(kms, "/api/v3/secrets/raw", token, **where, secretPath="/app")
    assert [row["secretValue"] for row in listed["secrets"]] == ["a"]
    assert get(kms, "/api/v3/secrets/raw", token, **where, secretPath="/other")[1].get("secrets", []) == []


@pytest.mark.parametrize("query", [{}, {"workspaceId": "p2", "environment": "dev", "secretPath": "/other"}])
def test_a_service_token_of_one_folder_reads_it_whatever_is_asked(clock: ManualClock, query: dict[str, str]) -> None:
    kms = KMS(parse_seed(SERVICE.replace("/app/**", "/app")), clock=clock, entropy=bytes)
    status, listed = get(kms, "/api/v3/secrets/raw", "st.id.canary", **query)
    assert (status, [row["secretValue"] for row in listed["secrets"]]) == (200, ["a"])


def test_service_tokens_of_one_name_see_their_own_scopes_only(clock: ManualClock) -> None:
    two = "serviceTokens: [{token: st.id2.x, project: shop, name: ci, scopes: [{environment: prod, secretPath: /other/**}]}, "
    kms = KMS(parse_seed(SERVICE.replace("serviceTokens: [", two)), clock=clock, entropy=bytes)
    router = Router(routes(kms), entropy=bytes)  # which keeps answers
    where = {"workspaceId": "p1", "environment": "prod", "secretPath": "/app"}
    assert get(router, "/api/v3/secrets/raw", "st.id.canary", **where)[1]["secrets"] != []
    assert get(router, "/api/v3/secrets/raw", "st.id2.x", **where)[1].get("secrets", []) == []


def test_another_token_is_no_service_token(serve: Serve, clock: ManualClock) -> None:
    kms = serve()
    assert get(kms, "/api/v2/service-token", login(kms).token.text())[0] == 400
    assert get(kms, "/api/v2/service-token", "st.id.other")[0] == 403
    assert get(KMS(parse_seed(SERVICE), clock=clock, entropy=bytes), "/api/v2/service-token", "st.id.other")[0] == 403


@pytest.mark.parametrize("broken", ["st.id", "st.id.x.key", "xt.id.x"])
def test_what_can_be_no_service_token_is_a_flaw_of_the_seed(broken: str) -> None:
    with pytest.raises(InvalidInput, match="three parts") as caught:
        parse_seed(SERVICE.replace("st.id.canary", broken))
    assert broken not in str(caught.value)


def test_a_service_token_of_another_project_is_a_flaw_of_the_seed() -> None:
    with pytest.raises(InvalidInput, match="no such project"):
        parse_seed(SERVICE.replace("project: shop", "project: nope"))


# -- over the control API


@pytest.fixture
def running() -> Iterator[DevServer]:
    seed = """
    identities:
      - {id: i, universal: {clientId: cid, clientSecret: s}, oidc: {issuer: https://ci.example}}
      - {id: j, universal: {clientId: j, clientSecret: s}}
    """
    with DevServer(parse_seed(seed), control_token=SecretValue("control")) as server:
        yield server


def control(server: DevServer, method: str, path: str, body: object = None) -> dict[str, Any]:
    headers = {"X-Control-Token": "control", "Content-Type": "application/json"}
    raw = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f"{server.url}/_emulator/{path}", raw, headers, method=method), timeout=10) as answer:
        return dict(json.loads(answer.read()))


@pytest.mark.row("kms-api-11")
def test_tokens_of_one_identity_are_revoked_by_the_control_api(running: DevServer) -> None:
    mine, other = login(running.model), login(running.model, "j")
    assert control(running, "DELETE", "tokens?identity=i&method=universal-auth") == {"revoked": 1}
    assert (running.model.admits(mine.token), running.model.admits(other.token)) == (False, True)
    assert control(running, "DELETE", "tokens") == {"revoked": 1}


@pytest.mark.row("kms-api-5", "kms-api-11")
def test_the_control_api_signs_proofs(running: DevServer) -> None:
    jwt = control(running, "POST", "proofs", {"claims": {"iss": "https://ci.example", "sub": "x"}})["jwt"]
    assert ask(running.model, "oidc-auth/login", {"identityId": "i", "jwt": jwt})[0] == 200
    with pytest.raises(HTTPError) as caught:
        control(running, "POST", "proofs", {"claims": 5})
    caught.value.close()
    assert caught.value.code == 422


@pytest.mark.row("kms-api-10")
@pytest.mark.parametrize("route", ["renew", "revoke"])
def test_renewals_and_revocations_have_faults_of_their_own(
    running: DevServer, route: Literal["renew", "revoke"]
) -> None:
    running.faults.add(Fault(route, status=503, count=1))
    made = login(running.model)
    with pytest.raises(HTTPError) as caught:
        urlopen(Request(f"{running.url}/api/v1/auth/token/{route}", b"{}", method="POST"), timeout=10)
    caught.value.close()
    assert caught.value.code == 503
    assert running.model.admits(made.token)
    assert [asked.status for asked in running.asked(route)] == [503]
