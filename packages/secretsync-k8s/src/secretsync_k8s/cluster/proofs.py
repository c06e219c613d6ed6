"""Proofs of a program in a cluster: tokens of service accounts, requested when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, final

from secretsync.classes import frozen
from secretsync.clock import Deadline
from secretsync.errors import CredentialsNotFound
from secretsync.ports import Proofs
from secretsync.values import SecretValue

from .resources import SERVICE_ACCOUNTS
from .transport import TIMEOUT, ApiError, Json, Transport

_LIFE: Final = 600
"""Seconds: the least that clusters give. The token is used once, at once."""


@final
@frozen
class ClusterProofs:
    """`Proofs` with the cluster's TokenRequest; all others come from `local`. As thread-safe as its parts."""

    transport: Transport
    local: Proofs

    def variable(self, name: str) -> str:
        return self.local.variable(name)

    def file(self, path: str) -> SecretValue:
        return self.local.file(path)

    def service_account_token(
        self, *, namespace: str, name: str, audiences: Sequence[str], deadline: Deadline
    ) -> SecretValue:
        path = SERVICE_ACCOUNTS.path(namespace, name, "token")
        spec: Json = {"expirationSeconds": _LIFE, **({"audiences": list(audiences)} if audiences else {})}
        body: Json = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        try:
            made = self.transport.request("POST", path, body=body, timeout=deadline.within(TIMEOUT))
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            raise CredentialsNotFound(f"there is no service account {namespace}/{name}") from None
        return SecretValue(made["status"]["token"])
