"""Kubernetes auth: the token of a service account, fresh at each login (kms-api §2.3)."""

from __future__ import annotations

from typing import ClassVar, Final

from ..classes import frozen
from ..errors import BackendError, CredentialsNotFound
from ..http import Body
from ..values import SecretValue
from .method import Means, Method

TOKEN_PATH: Final = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 - where clusters mount it
_LARGEST: Final = 8192
"""Bytes that the server's route takes."""


@frozen(kw_only=True)
class ServiceAccountRef:
    name: str
    namespace: str


@frozen(kw_only=True)
class KubernetesAuth(Method):
    """The proof is the credential `jwt` where there is one, else the token of an account, else that of a file.

    Attributes:
        identity_id: Of the identity in the KMS.
        service_account_ref: Whose token the cluster is asked for.
        service_account_token_audiences: For whom that token is; the cluster's own audience without any.
        service_account_token_path: Read at each login, because the cluster rotates it.
    """

    name: ClassVar[str] = "kubernetes"
    segment: ClassVar[str] = "kubernetes-auth"
    told: ClassVar[tuple[tuple[str, str], ...]] = (
        (
            "KubernetesTokenReviewError",
            "the cluster does not accept the service account's token; check the method's host, CA and reviewer there",
        ),
        ("namespace not allowed", "the service account's namespace is not among those that the identity allows"),
        ("name not allowed", "the service account's name is not among those that the identity allows"),
        ("audience not allowed", "the token is not for the audience that the identity allows; request it for that one"),
        ("400 ", "the KMS could not have the token reviewed; check the method's host and CA there"),
    )
    identity_id: str
    service_account_ref: ServiceAccountRef | None = None
    service_account_token_audiences: tuple[str, ...] = ()
    service_account_token_path: str = TOKEN_PATH

    def prove(self, means: Means) -> Body:
        jwt = self._token(means)
        if len(jwt.reveal()) > _LARGEST:
            raise means.useless(f"the service account's token is larger than {_LARGEST} bytes")
        return {"identityId": self.identity_id, "jwt": jwt}

    def _token(self, means: Means) -> SecretValue:
        if "jwt" in means.credentials:
            return means.require("jwt")["jwt"]
        account = self.service_account_ref
        return means.file(self.service_account_token_path) if account is None else self._requested(account, means)

    def _requested(self, account: ServiceAccountRef, means: Means) -> SecretValue:
        try:
            return means.proofs.service_account_token(
                namespace=account.namespace,
                name=account.name,
                audiences=self.service_account_token_audiences,
                deadline=means.server.deadline,
            )
        except BackendError as error:  # what a cluster refuses says nothing about the KMS
            detail = error.detail
        account_name = f"{account.namespace}/{account.name}"
        raise CredentialsNotFound(f"the cluster gives no token of the service account {account_name}: {detail}")
