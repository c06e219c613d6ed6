"""Every login of a configuration, down to the body that is posted (agent §5)."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from disk import DIGEST
from proofs import FakeProofs
from secretsync.auth.logins import Logins
from secretsync.client_policy import AGENT
from secretsync.clock import Deadline
from secretsync.http import Request, Response, revealed
from secretsync.testing import ManualClock
from secretsync_agent.config import load
from secretsync_agent.identity import Remembering, identity
from secretsync_agent.settings import Arguments

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEY_FILE = json.dumps(
    {
        "type": "service_account",
        "client_email": "web@dev.iam.gserviceaccount.com",
        "private_key_id": "k1",
        "private_key": KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "token_uri": "https://oauth2.googleapis.com/token",
    }
)
FILES = {
    "/c/id": " cid\n",
    "/c/secret": "\tclient secret \n",
    "/c/identity": "iid\n",
    "/c/token": "service-account-jwt",
    "/c/key.json": KEY_FILE,
    "/c/user": "ada",
    "/c/password": "pass word",
    "/c/jwt": "an-issuers-jwt",
}
VARIABLES = {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "s3cret"}


class Answering:
    """An `HttpClient` to a KMS that takes every login, and to the metadata services of Azure and Google."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    def send(self, request: Request) -> Response:
        self.asked.append(request)
        body: dict[str, Any] = {
            "accessToken": "t",
            "expiresIn": 7200,
            "accessTokenMaxTTL": 86400,
            "tokenType": "Bearer",
        }
        if "169.254.169.254" in request.url:
            body = {"access_token": "azure-jwt"}
        if "metadata.google.internal" in request.url:
            return Response(200, {}, b"google-jwt")
        return Response(200, {}, json.dumps(body).encode())


def posted(
    tmp_path: Path, kind: str, config: dict[str, str], **environ: str
) -> tuple[str, dict[str, Any], list[Request]]:
    """Return where a login goes, what is posted there, and what was asked of others before."""
    told = {"kms": {"address": "https://kms.example/api"}, "auth": {"type": kind, "config": config}}
    (tmp_path / "agent-config.yaml").write_text(json.dumps(told))
    settings = load(Arguments(config=str(tmp_path / "agent-config.yaml")), environ)
    http = Answering()
    proofs = Remembering(FakeProofs({**VARIABLES, **environ}, FILES))
    logins = Logins(http, AGENT, chance=lambda: 0.5, proofs=proofs)
    found = logins.token(identity(settings, DIGEST), {}, deadline=Deadline(ManualClock()))
    assert found.value.text() == "t"
    *before, login = http.asked
    assert (login.method, login.token) == ("POST", None)
    body = json.loads(json.dumps(revealed(login.json)))
    return login.url, body, before


CASES: dict[str, tuple[dict[str, str], str, dict[str, Any]]] = {
    "universal-auth": (
        {"client-id": "/c/id", "client-secret": "/c/secret"},
        "universal-auth",
        {"clientId": "cid", "clientSecret": "client secret"},
    ),
    "kubernetes": (
        {"identity-id": "/c/identity", "service-account-token": "/c/token"},
        "kubernetes-auth",
        {"identityId": "iid", "jwt": "service-account-jwt"},
    ),
    "azure": ({"identity-id": "/c/identity"}, "azure-auth", {"identityId": "iid", "jwt": "azure-jwt"}),
    "gcp-id-token": ({"identity-id": "/c/identity"}, "gcp-auth", {"identityId": "iid", "jwt": "google-jwt"}),
    "ldap-auth": (
        {"identity-id": "/c/identity", "username": "/c/user", "password": "/c/password"},
        "ldap-auth",
        {"identityId": "iid", "username": "ada", "password": "pass word"},
    ),
    "oidc-auth": ({"identity-id": "/c/identity", "jwt": "/c/jwt"}, "oidc-auth", {"identityId": "iid", "jwt": "an-issuers-jwt"}),
    "jwt-auth": ({"identity-id": "/c/identity", "jwt": "/c/jwt"}, "jwt-auth", {"identityId": "iid", "jwt": "an-issuers-jwt"}),
}  # fmt: skip


@pytest.mark.row("agent-16", "agent-17")
@pytest.mark.parametrize("kind", CASES)
def test_a_login_is_posted(tmp_path, kind):
    config, segment, body = CASES[kind]
    url, sent, _ = posted(tmp_path, kind, config, KMS_AUTH_ORGANIZATION_SLUG="sub")
    assert url == f"https://kms.example/api/v1/auth/{segment}/login"
    assert sent == {**body, "organizationSlug": "sub"}
    assert posted(tmp_path, kind, config)[1] == body


@pytest.mark.row("agent-16")
def test_the_metadata_services_are_asked_as_they_want_it(tmp_path):
    _, _, (azure,) = posted(tmp_path, "azure", {"identity-id": "/c/identity"})
    assert azure.url == "http://169.254.169.254/metadata/identity/oauth2/token"
    assert azure.params == {"api-version": "2018-02-01", "resource": "https://management.azure.com/"}
    assert azure.headers == {"Metadata": "true"}
    _, _, (google,) = posted(tmp_path, "gcp-id-token", {"identity-id": "/c/identity"})
    assert google.url.endswith("/computeMetadata/v1/instance/service-accounts/default/identity")
    assert google.params == {"audience": "iid", "format": "full"}
    assert google.headers == {"Metadata-Flavor": "Google"}


@pytest.mark.row("agent-16")
def test_a_proof_is_signed_with_a_service_accounts_key(tmp_path):
    config = {"identity-id": "/c/identity", "service-account-key": "/c/key.json"}
    url, body, _ = posted(tmp_path, "gcp-iam", config)
    claims = body["jwt"].split(".")[1]
    told = json.loads(b64decode(claims + "=" * (-len(claims) % 4), altchars=b"-_"))
    assert url.endswith("/v1/auth/gcp-auth/login")
    assert (body["identityId"], told["sub"], told["aud"]) == ("iid", "web@dev.iam.gserviceaccount.com", "iid")


@pytest.mark.row("agent-16")
def test_a_proof_is_signed_with_keys_of_aws(tmp_path):
    url, body, _ = posted(tmp_path, "aws-iam", {"identity-id": "/c/identity"}, KMS_AUTH_ORGANIZATION_SLUG="sub")
    assert url.endswith("/v1/auth/aws-auth/login")
    assert (body["identityId"], body["iamHttpRequestMethod"], body["organizationSlug"]) == ("iid", "POST", "sub")
    assert b64decode(body["iamRequestBody"]) == b"Action=GetCallerIdentity&Version=2011-06-15"
    headers = json.loads(b64decode(body["iamRequestHeaders"]))
    assert headers["Host"] == "sts.eu-west-1.amazonaws.com"
    assert "AWS4-HMAC-SHA256 Credential=AKIA1/" in headers["Authorization"]


@pytest.mark.row("agent-17")
@pytest.mark.parametrize("kind", ["oidc-auth", "jwt-auth"])
def test_an_issuers_token_may_stand_in_a_variable(tmp_path, kind):
    _, body, _ = posted(tmp_path, kind, {"identity-id": "/c/identity"}, KMS_JWT="from-the-environment")
    assert body == {"identityId": "iid", "jwt": "from-the-environment"}


@pytest.mark.row("agent-10")
def test_variables_are_sent_as_they_are(tmp_path):
    _, body, _ = posted(
        tmp_path,
        "ldap-auth",
        {"identity-id": "/c/identity", "password": "/c/password"},
        KMS_LDAP_USERNAME="of the environment",
        INFISICAL_MACHINE_IDENTITY_ID="mine",
    )
    assert body == {"identityId": "mine", "username": "of the environment", "password": "pass word"}
