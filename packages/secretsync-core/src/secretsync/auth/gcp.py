"""GCP auth: an identity token of the machine, or a token that a service account's key has signed (kms-api §2.3)."""

from __future__ import annotations

import json
from typing import ClassVar, Final

from attrs import field

from ..classes import frozen
from ..errors import CredentialsNotFound
from ..http import Body, Request
from ..values import SecretValue
from .method import Means, Method, is_text
from .signing import jwt

_METADATA: Final = "metadata.google.internal"
_CREDENTIALS: Final = "https://iamcredentials.googleapis.com"
_TOKENS: Final = "https://oauth2.googleapis.com/token"
_OPERATION: Final = "get a Google token"
_LIFE: Final = 3600
"""Seconds: more than an hour is not accepted."""
_TOLD: Final = (
    ("ervice account", "the service account is not among those that the identity allows"),
    ("roject", "the project is not among those that the identity allows"),
    ("one not allowed", "the zone is not among those that the identity allows"),
    ("401 ", "the KMS does not accept the token; check that the identity's type is the one that this method is for"),
)


@frozen(kw_only=True)
class GcpIdTokenAuth(Method):
    """The proof is the identity token that the metadata service gives to programs of the machine.

    Attributes:
        identity_id: Of the identity in the KMS, and the token's audience.
    """

    name: ClassVar[str] = "gcp-id-token"
    segment: ClassVar[str] = "gcp-auth"
    told: ClassVar[tuple[tuple[str, str], ...]] = _TOLD
    identity_id: str

    def prove(self, means: Means) -> Body:
        host = means.proofs.variable("GCE_METADATA_HOST") or _METADATA
        url = f"http://{host}/computeMetadata/v1/instance/service-accounts/default/identity"
        params, headers = {"audience": self.identity_id, "format": "full"}, {"Metadata-Flavor": "Google"}
        service = "the metadata service of Google"
        request = Request("GET", url, operation=_OPERATION, params=params, headers=headers)
        raw = means.ask(request, service=service).body.strip()
        if not raw or not is_text(raw):
            raise CredentialsNotFound(f"{service} gives no token")
        return {"identityId": self.identity_id, "jwt": SecretValue(raw)}


@frozen
class _Key:
    """A service account's key file."""

    account: str
    id: str
    private: SecretValue
    tokens: str = field(repr=False)


@frozen(kw_only=True)
class GcpIamAuth(Method):
    """The proof is signed with the key of a service account: here, or by Google where `sign_remotely` is set.

    Signing here needs neither another request nor that Google's API for it is switched on.

    Attributes:
        identity_id: Of the identity in the KMS, and the token's audience.
        service_account_key_file_path: The key in JSON, as Google gives it; read at each login.
        credentials_url: Google's API that signs.
    """

    name: ClassVar[str] = "gcp-iam"
    segment: ClassVar[str] = "gcp-auth"
    told: ClassVar[tuple[tuple[str, str], ...]] = _TOLD
    identity_id: str
    service_account_key_file_path: str
    sign_remotely: bool = False
    credentials_url: str = _CREDENTIALS

    def prove(self, means: Means) -> Body:
        key = _key(means, self.service_account_key_file_path)
        now = int(means.server.deadline.clock.now().timestamp())
        claims = {"sub": key.account, "aud": self.identity_id, "iat": now, "exp": now + _LIFE}
        signed = self._by_google(means, key, claims) if self.sign_remotely else _by_key(means, key, claims)
        return {"identityId": self.identity_id, "jwt": signed}

    def _by_google(self, means: Means, key: _Key, claims: dict[str, object]) -> SecretValue:
        url = f"{self.credentials_url}/v1/projects/-/serviceAccounts/{key.account}:signJwt"
        token = _access(means, key, int(str(claims["iat"])))
        request = Request("POST", url, operation=_OPERATION, json={"payload": json.dumps(claims)}, token=token)
        return means.field(request, "signedJwt", service="Google's API that signs")


def _by_key(means: Means, key: _Key, claims: dict[str, object]) -> SecretValue:
    return jwt(means, claims, key=key.private, key_id=key.id)


def _access(means: Means, key: _Key, now: int) -> SecretValue:
    """Return an access token of the service account, for Google itself."""
    scope = "https://www.googleapis.com/auth/iam"
    claims = {"iss": key.account, "scope": scope, "aud": key.tokens, "iat": now, "exp": now + _LIFE}
    form: dict[str, str | SecretValue] = {
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "assertion": _by_key(means, key, claims),
    }
    request = Request("POST", key.tokens, operation=_OPERATION, form=form)
    return means.field(request, "access_token", service="Google's token service")


def _key(means: Means, path: str) -> _Key:
    try:
        found = json.loads(means.proofs.file(path).reveal())
    except ValueError:
        found = None
    fields = found if isinstance(found, dict) else {}
    account, key_id, private = (fields.get(name) for name in ("client_email", "private_key_id", "private_key"))
    if not (isinstance(account, str) and isinstance(key_id, str) and isinstance(private, str)):
        raise means.useless(f"{path} is no key of a service account")
    return _Key(account, key_id, SecretValue(private), str(fields.get("token_uri") or _TOKENS))
