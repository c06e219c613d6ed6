"""Service accounts as credentials: what an object that logs in as one needs of the cluster (kmssecret §2.1)."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from secretsync.queries import Found, Purpose, query
from secretsync.values import SecretValue, Version

from .queries import ClusterQuery
from .resources import SECRETS, SERVICE_ACCOUNTS
from .transport import ApiError, Json, Transport

_TYPE: Final = "kubernetes.io/service-account-token"
_OF: Final = "kubernetes.io/service-account.name"


@query
class ClusterAccount(ClusterQuery[Mapping[str, SecretValue]]):
    """Asks for what proves a service account beyond the tokens that the cluster makes of it at each login.

    Attributes:
        kept: The token of the first Secret that the account names is wanted, under the key `jwt`. Clusters since 1.24
            make no such Secrets; where there is none the answer is empty, as it is without this.
    """

    namespace: str
    name: str
    kept: bool = False
    purpose = Purpose.CREDENTIAL

    def __str__(self) -> str:
        return f"service account {self.namespace}/{self.name}"


def credentials(transport: Transport, asked: ClusterAccount, *, timeout: float) -> Found[Mapping[str, SecretValue]]:
    """Return the account's kept token, if one is wanted and there; `timeout` in seconds.

    Raises:
        BackendError: There is no such account, or the API server refuses or cannot be had.
    """
    if not asked.kept:
        return Found({})
    account = transport.request("GET", SERVICE_ACCOUNTS.path(asked.namespace, asked.name), timeout=timeout)
    version = str(account["metadata"]["resourceVersion"])
    named = [one["name"] for one in account.get("secrets") or () if one.get("name")]
    if not named:
        return Found({}, Version(version))
    try:
        secret = transport.request("GET", SECRETS.path(asked.namespace, named[0]), timeout=timeout)
    except ApiError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return Found({}, Version(version))
    return Found(_token(secret, asked.name), Version(f"{version}/{secret['metadata']['resourceVersion']}"))


def _token(secret: Json, account: str) -> Mapping[str, SecretValue]:
    """Return the token, if it is this account's: who may edit an account may let it name any Secret."""
    annotations = secret["metadata"].get("annotations") or {}
    token = (secret.get("data") or {}).get("token")
    if secret.get("type") != _TYPE or annotations.get(_OF) != account or not token:
        return {}
    return {"jwt": SecretValue(b64decode(token))}
