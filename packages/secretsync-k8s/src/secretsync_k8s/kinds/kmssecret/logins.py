"""How a KMSSecret logs in: its one block of `authentication` as a login method and where the credentials stand.

Service accounts of the KMS (`serviceAccount`) are of servers that are no more (kmssecret §2.1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from secretsync.auth.aws import AwsIamAuth
from secretsync.auth.azure import RESOURCE, AzureAuth
from secretsync.auth.gcp import GcpIamAuth, GcpIdTokenAuth
from secretsync.auth.given import ServiceToken
from secretsync.auth.kubernetes import KubernetesAuth, ServiceAccountRef
from secretsync.auth.ldap import LdapAuth
from secretsync.auth.method import Method
from secretsync.auth.universal import METHOD
from secretsync.classes import frozen

from ...cluster.accounts import ClusterAccount
from ...cluster.secrets import ClusterSecret
from ..base import Json
from .blocks import Block, pruned

Source = ClusterSecret | ClusterAccount

SERVICE_TOKEN: Final = ServiceToken(keys=("kmsToken", "infisicalToken"))
_LEGACY: Final = "tokenSecretReference"
"""Where service tokens were named before they had a block."""


@frozen
class Login:
    """A method; `source` is where its credentials stand, None where it takes none. `scope` is what it may read."""

    method: Method
    source: Source | None
    scope: Block


def login(spec: Block) -> Login:
    """Return the login of a spec; one that stands for none where problems are noted.

    Exactly one method may be there: the original picked one of several by chance.
    """
    named = _named(spec)
    if len(named) > 1:
        spec.block("authentication").problem(f"names several methods ({', '.join(named.values())}); keep one")
    if not named:
        spec.block("authentication").problem("names no method; add universalAuth, or another one")
    name = next(iter(named), "universalAuth")
    block = spec.block("authentication").block(name)
    if name == "serviceAccount":
        block.problem("is not supported, as no server offers it any more; use universalAuth")
        return Login(METHOD, None, Block({}, block.place, []))
    method, source = _READ[name](block, spec) if named else (METHOD, None)
    return Login(method, source, block.block("secretsScope") if named else Block({}, block.place, []))


def strategy(spec: Json) -> str:
    """Return what the original calls the method of a spec (kmssecret §8.1), "" where there is none."""
    named = _named(Block(pruned({name: spec.get(name) for name in ("authentication", _LEGACY)}) or {}, "spec", []))
    return next((_STRATEGIES[name] for name in named), "")


def _named(spec: Block) -> dict[str, str]:
    """Return the methods that are there, each with its words for people."""
    blocks = spec.block("authentication")
    there = (name for name in _STRATEGIES if name in blocks and not blocks.block(name).says_nothing)
    named = {name: f"authentication.{name}" for name in there}
    if _LEGACY in spec:
        named.setdefault("serviceToken", _LEGACY)
    return named


def _universal(block: Block, _: Block) -> tuple[Method, Source]:
    return METHOD, _secret(block.block("credentialsRef"), "clientId and clientSecret")


def _kubernetes(block: Block, _: Block) -> tuple[Method, Source]:
    account, hint = block.block("serviceAccountRef"), "name the service account that logs in"
    namespace, name = account.text("namespace", hint), account.text("name", hint)
    method = KubernetesAuth(
        identity_id=_identity(block),
        service_account_ref=ServiceAccountRef(name=name, namespace=namespace),
        service_account_token_audiences=block.texts("serviceAccountTokenAudiences"),
    )
    return method, ClusterAccount(namespace, name, kept=not block.is_on("autoCreateServiceAccountToken"))


def _aws(block: Block, _: Block) -> tuple[Method, None]:
    return AwsIamAuth(identity_id=_identity(block)), None


def _azure(block: Block, _: Block) -> tuple[Method, None]:
    method = AzureAuth(
        identity_id=_identity(block),
        resource=block.optional("resource") or RESOURCE,
        azure_managed_identity_client_id=block.optional("azureManagedIdentityClientId"),
    )
    return method, None


def _gcp_id_token(block: Block, _: Block) -> tuple[Method, None]:
    return GcpIdTokenAuth(identity_id=_identity(block)), None


def _gcp_iam(block: Block, _: Block) -> tuple[Method, None]:
    path = block.text("serviceAccountKeyFilePath", "name the file of the key, as the operator's own pod sees it")
    return GcpIamAuth(identity_id=_identity(block), service_account_key_file_path=path), None


def _ldap(block: Block, _: Block) -> tuple[Method, Source]:
    return LdapAuth(identity_id=_identity(block)), _secret(block.block("credentialsRef"), "username and password")


def _service_token(block: Block, spec: Block) -> tuple[Method, Source]:
    name = "serviceTokenSecretReference"
    reference = block.block(name) if name in block or _LEGACY not in spec else spec.block(_LEGACY)
    return SERVICE_TOKEN, _secret(reference, "kmsToken")


def _identity(block: Block) -> str:
    return block.text("identityId", "write the identity's id in the KMS")


def _secret(block: Block, keys: str) -> ClusterSecret:
    hint = f"name the Secret that holds {keys}"
    return ClusterSecret(block.text("secretNamespace", hint), block.text("secretName", hint))


_READ: Final[Mapping[str, Callable[[Block, Block], tuple[Method, Source | None]]]] = {
    "serviceToken": _service_token,
    "universalAuth": _universal,
    "kubernetesAuth": _kubernetes,
    "awsIamAuth": _aws,
    "azureAuth": _azure,
    "gcpIdTokenAuth": _gcp_id_token,
    "gcpIamAuth": _gcp_iam,
    "ldapAuth": _ldap,
}

_STRATEGIES: Final[Mapping[str, str]] = {
    "serviceToken": "SERVICE_TOKEN",
    "serviceAccount": "SERVICE_ACCOUNT",
    "universalAuth": "UNIVERSAL_MACHINE_IDENTITY",
    "kubernetesAuth": "KUBERNETES_AUTH_MACHINE_IDENTITY",
    "awsIamAuth": "AWS_IAM_MACHINE_IDENTITY",
    "azureAuth": "AZURE_MACHINE_IDENTITY",
    "gcpIdTokenAuth": "GCP_ID_TOKEN_MACHINE_IDENTITY",
    "gcpIamAuth": "GCP_IAM_MACHINE_IDENTITY",
    "ldapAuth": "LDAP_MACHINE_IDENTITY",
}
