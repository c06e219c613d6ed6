"""Login methods of the client against the development KMS: what succeeds, and what each refusal means (kms-api §2.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
from attrs import NOTHING as NO_DEFAULT
from attrs import evolve, fields

from logins import Login, is_of, refused
from loopback import Asked, Reply, serving
from proofs import FakeProofs
from secretsync.auth.given import ServiceToken, TokenAuth
from secretsync.auth.jwt import JwtAuth, OidcAuth
from secretsync.auth.kubernetes import TOKEN_PATH, KubernetesAuth, ServiceAccountRef
from secretsync.auth.ldap import LdapAuth
from secretsync.auth.method import Method
from secretsync.auth.methods import METHODS, method
from secretsync.devserver import DevServer, parse_seed
from secretsync.errors import AuthenticationFailed, CredentialsNotFound, InvalidInput, Unavailable
from secretsync.values import SecretValue

pytestmark = pytest.mark.row("kms-api-5")

SEED = """
identities:
  - id: k
    kubernetes:
      tokens:
        canary-web: {namespace: app, name: web, audiences: [kms, other]}
        canary-foreign: {namespace: else, name: web, audiences: [kms]}
        canary-db: {namespace: app, name: db, audiences: [kms]}
        canary-plain: {namespace: app, name: web-2}
      allowedNamespaces: "app, tools-*"
      allowedNames: web*
      allowedAudience: kms
  - id: j
    jwt: {issuer: https://ci.example, audiences: [kms], subject: "repo:acme/*", claims: {ref: refs/heads/main}}
    oidc: {issuer: https://ci.example}
  - id: l
    ldap: {users: {ada: canary-password}}
  - {id: t, token: {tokens: [canary-given]}}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[DevServer]:
    with DevServer(parse_seed(SEED)) as server:
        yield server


# -- kubernetes


KUBERNETES = KubernetesAuth(identity_id="k")


def test_kubernetes_reads_its_tokens_file_at_each_login(server: DevServer, login: Login) -> None:
    files = {TOKEN_PATH: "canary-web\n"}
    assert is_of(server, login(KUBERNETES, FakeProofs(files=files)), "k")
    files[TOKEN_PATH] = "canary-foreign"  # rotated
    assert "namespace" in refused(login, AuthenticationFailed, KUBERNETES, FakeProofs(files=files))


def test_kubernetes_has_a_token_requested(server: DevServer, login: Login) -> None:
    account = ServiceAccountRef(name="web", namespace="app")
    by = evolve(KUBERNETES, service_account_ref=account, service_account_token_audiences=("kms",))
    proofs = FakeProofs(accounts={("app", "web", ("kms",)): "canary-web"})
    assert is_of(server, login(by, proofs), "k")
    assert "app/web" in refused(login, CredentialsNotFound, by)


def test_kubernetes_takes_the_token_it_is_given(server: DevServer, login: Login) -> None:
    assert is_of(server, login(KUBERNETES, jwt="canary-web"), "k")


@pytest.mark.parametrize(
    ("jwt", "meaning"),
    [
        ("canary-none", "the cluster does not accept the service account's token"),
        ("canary-foreign", "namespace is not among those"),
        ("canary-db", "name is not among those"),
        ("canary-plain", "not for the audience"),
        ("canary" * 2000, "larger than 8192 bytes"),
        ("canary\nx", "not plain text"),
    ],
)
def test_kubernetes_tells_why_it_was_refused(login: Login, jwt: str, meaning: str) -> None:
    assert meaning in refused(login, AuthenticationFailed, KUBERNETES, jwt=jwt)


@pytest.mark.parametrize("identity", ["l", "nobody"])
def test_an_identity_without_the_method_is_told_from_a_wrong_proof(login: Login, identity: str) -> None:
    text = refused(login, AuthenticationFailed, KubernetesAuth(identity_id=identity), jwt="canary-web")
    assert "check identityId" in text


def test_without_the_file_there_is_nothing_to_log_in_with(login: Login) -> None:
    assert TOKEN_PATH in refused(login, CredentialsNotFound, KUBERNETES)
    empty = FakeProofs(files={TOKEN_PATH: " \n"})
    assert "is empty" in refused(login, CredentialsNotFound, KUBERNETES, empty)
    binary = FakeProofs(files={TOKEN_PATH: b"canary\0"})
    assert "not plain text" in refused(login, AuthenticationFailed, KUBERNETES, binary)


def reviewing(status: Mapping[str, object]) -> Callable[[Asked], Reply]:
    return lambda _: Reply.of({"kind": "TokenReview", "status": status}, status=201)


@pytest.mark.parametrize("reviewer", ["", "reviewer: canary-reviewer, "])
def test_a_cluster_reviews_tokens(login: Login, reviewer: str) -> None:
    user = {"username": "system:serviceaccount:app:web"}
    status = {"authenticated": True, "user": user, "audiences": ["kms"]}
    with serving(reviewing(status)) as cluster:
        review = f"{{{reviewer}url: {cluster.url}/}}"
        seed = (
            f"identities: [{{id: k, kubernetes: {{tokenReview: {review}, allowedAudience: kms, allowedNames: web}}}}]"
        )
        with DevServer(parse_seed(seed)) as server:
            found = login(KUBERNETES, url=server.url, jwt="canary-web")
            assert is_of(server, found, "k")
    (asked,) = cluster.asked
    assert asked.target == "/apis/authentication.k8s.io/v1/tokenreviews"
    assert asked.headers["authorization"] == f"Bearer canary-{'reviewer' if reviewer else 'web'}"
    assert asked.json["spec"] == {"token": "canary-web", "audiences": ["kms"]}


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (reviewing({"authenticated": False}), "the cluster does not accept"),
        (reviewing({"authenticated": True, "user": {"username": "ada"}}), "does not accept the credentials"),
        (lambda _: Reply.text("<html>"), "could not have the token reviewed"),
    ],
    ids=["unknown", "a person's", "no API server"],
)
def test_what_a_review_says_against_a_token(login: Login, answer: Callable[[Asked], Reply], meaning: str) -> None:
    with serving(answer) as cluster:
        seed = f"identities: [{{id: k, kubernetes: {{tokenReview: {{url: {cluster.url}}}}}}}]"
        with DevServer(parse_seed(seed)) as server:
            assert meaning in refused(login, AuthenticationFailed, KUBERNETES, url=server.url, jwt="canary-web")


# -- jwt and oidc

CLAIMS = {"iss": "https://ci.example", "aud": ["x", "kms"], "sub": "repo:acme/shop", "ref": "refs/heads/main"}


@pytest.mark.parametrize("kind", [JwtAuth, OidcAuth])
def test_a_signed_token_from_a_file_a_variable_or_the_credentials(
    server: DevServer, login: Login, kind: type[JwtAuth]
) -> None:
    jwt = server.model.means.authority.jwt(CLAIMS)
    by, proofs = kind(identity_id="j"), FakeProofs(variables={"CI_TOKEN": jwt}, files={"/run/token": f"{jwt}\n"})
    assert is_of(server, login(by, jwt=jwt), "j")
    assert is_of(server, login(evolve(by, token_path="/run/token"), proofs), "j")
    assert is_of(server, login(evolve(by, token_variable="CI_TOKEN"), proofs), "j")
    assert "the variable NONE is empty" in refused(
        login, CredentialsNotFound, evolve(by, token_variable="NONE"), proofs
    )
    assert "jwt missing" in refused(login, CredentialsNotFound, by)


@pytest.mark.parametrize(
    ("claims", "meaning"),
    [
        ({"iss": "https://other.example"}, "check its issuer"),
        ({"aud": "other"}, "not for an audience"),
        ({"sub": "repo:evil/shop"}, "subject is not the one"),
        ({"ref": "refs/heads/x"}, "claims that the identity asks for"),
        ({"exp": 1000}, "signature, the issuer or the audience"),
    ],
)
def test_a_signed_token_tells_why_it_was_refused(
    server: DevServer, login: Login, claims: Mapping[str, object], meaning: str
) -> None:
    jwt = server.model.means.authority.jwt({**CLAIMS, **claims})
    assert meaning in refused(login, AuthenticationFailed, JwtAuth(identity_id="j"), jwt=jwt)


@pytest.mark.parametrize("broken", ["canary", "a.b.c", "e30.e30.e30", "W10.W10.AA"])
def test_what_is_no_token_is_refused(login: Login, broken: str) -> None:
    assert "signature" in refused(login, AuthenticationFailed, JwtAuth(identity_id="j"), jwt=broken)


def test_a_token_with_another_signature_is_refused(server: DevServer, login: Login) -> None:
    head, _, rest = server.model.means.authority.jwt(CLAIMS).partition(".")
    jwt = f"{head}.{server.model.means.authority.jwt({**CLAIMS, 'x': 1}).split('.')[1]}.{rest.split('.')[1]}"
    assert "signature" in refused(login, AuthenticationFailed, JwtAuth(identity_id="j"), jwt=jwt)


# -- ldap


def test_ldap_logs_a_user_in(server: DevServer, login: Login) -> None:
    assert is_of(server, login(LdapAuth(identity_id="l"), username="ada", password="canary-password"), "l")


@pytest.mark.parametrize("credentials", [("ada", "canary-wrong"), ("canary-bob", "canary-password")])
def test_ldap_refuses_a_wrong_name_and_a_wrong_password_alike(login: Login, credentials: tuple[str, str]) -> None:
    username, password = credentials
    by = LdapAuth(identity_id="l")
    assert "directory does not accept" in refused(login, AuthenticationFailed, by, username=username, password=password)
    assert "password missing" in refused(login, CredentialsNotFound, by, username=username)


# -- given tokens


def test_a_given_token_is_used_as_it_is(server: DevServer, login: Login) -> None:
    server.journal.clear()
    found = login(TokenAuth(), token=" canary-given\n")
    assert (found.value, server.asked()) == (SecretValue("canary-given"), ())
    assert is_of(server, found, "t")
    assert "token missing" in refused(login, CredentialsNotFound, TokenAuth())


def test_of_a_service_token_three_parts_are_sent(login: Login) -> None:
    assert login(ServiceToken(), serviceToken="st.a.b.canary-key").value == SecretValue("st.a.b")
    assert login(ServiceToken(), serviceToken="st.a.b").value == SecretValue("st.a.b")


@pytest.mark.parametrize("broken", ["canary", "st.canary", "eyJ.canary.x"])
def test_what_is_no_service_token_is_told(login: Login, broken: str) -> None:
    assert "no service token" in refused(login, AuthenticationFailed, ServiceToken(), serviceToken=broken)


# -- all of them


@pytest.mark.parametrize("kind", METHODS.values(), ids=METHODS)
def test_a_method_is_a_value_and_says_its_name(kind: type[Method]) -> None:
    required = {one.name: "x" for one in fields(kind) if one.default is NO_DEFAULT}
    assert kind(**required) == kind(**required)
    assert hash(kind(**required)) == hash(kind(**required))
    assert kind.name in kind(**required).operation


def test_a_method_is_made_from_settings() -> None:
    settings = {
        "identityId": "k",
        "serviceAccountRef": {"name": "web", "namespace": "app"},
        "serviceAccountTokenAudiences": ["kms"],
        "organization": "acme",
    }
    made = method("kubernetes", settings, source="spec")
    account = ServiceAccountRef(name="web", namespace="app")
    assert made == KubernetesAuth(
        identity_id="k",
        service_account_ref=account,
        service_account_token_audiences=("kms",),
        organization="acme",
    )


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("universal-auth", {}),
        ("kubernetes", {"identityId": "i", "serviceAccountRef": {"name": "n", "namespace": "s"}}),
        ("kubernetes", {"identityId": "i", "serviceAccountTokenAudiences": ["kms"]}),
        ("aws-iam", {"identityId": "i"}),
        ("azure", {"identityId": "i", "resource": "api://kms", "azureManagedIdentityClientId": "c"}),
        ("gcp-id-token", {"identityId": "i"}),
        ("gcp-iam", {"identityId": "i", "serviceAccountKeyFilePath": "/k"}),
        ("ldap", {"identityId": "i"}),
        ("service-token", {}),
    ],
)
def test_settings_have_the_names_of_a_kmssecrets_fields(name: str, settings: Mapping[str, object]) -> None:
    assert method(name, settings, source="spec").name == name


@pytest.mark.parametrize(
    ("name", "settings", "problem"),
    [
        ("magic", {}, "no login method magic; there are universal-auth, kubernetes"),
        ("ldap", {}, "identityId: missing"),
        ("ldap", {"identityld": "x"}, 'did you mean "identityId"'),
        ("jwt", {"identityId": {}}, "expected text"),
    ],
)
def test_wrong_settings_are_told(name: str, settings: Mapping[str, object], problem: str) -> None:
    with pytest.raises(InvalidInput, match=r"^spec") as caught:
        method(name, settings, source="spec")
    assert problem in str(caught.value)


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_in_trouble_has_refused_nobody(login: Login, status: int) -> None:
    with serving(lambda _: Reply.refusal(status, "InternalServerError", "x")) as server:
        refused(login, Unavailable, KUBERNETES, url=server.url, jwt="canary-web")
