"""Who may use what of another namespace (kmssecret §5).

Whoever may create a KMSSecret could otherwise have the operator read any Secret of the cluster as credentials and
write any other: the operator may, and acts for them.
"""

from __future__ import annotations

from enum import Enum

from secretsync.classes import frozen
from secretsync.errors import CredentialsNotFound, SecretSyncError, TargetForbidden, TLSConfigError
from secretsync.ports import AnyQuery
from secretsync.queries import Absent
from secretsync.reconcile.ask import Ask
from secretsync.reconcile.messages import Subject
from secretsync.targets import Ref

from ...cluster.accounts import ClusterAccount
from ...cluster.configmaps import ClusterConfigMap
from ...cluster.grants import Grant, covers
from ...cluster.marks import ALLOWED
from ...cluster.secrets import ClusterSecret
from ...cluster.trust import TrustBundles
from ..base import namespace_of
from .connection import shared_bundle


class CrossNamespace(Enum):
    ALLOW = "Allow"
    ANNOTATED = "Annotated"
    """Where the Secret that is read, or the namespace that is written to, says so."""
    DENY = "Deny"


@frozen
class NamespaceGuard:
    """A guard for the engine. What goes is let through: it only takes away what carries its own mark.

    Attributes:
        config: The operator's ConfigMap (`KMSSecret.config`): the CA bundle that it names is for everybody.
    """

    policy: CrossNamespace
    config: ClusterConfigMap | None = None

    def __call__(self, subject: Subject, what: AnyQuery | Ref, ask: Ask) -> None:
        """Return if the subject may read or write this.

        Raises:
            CredentialsNotFound, TLSConfigError: It may not read it; said alike whether it exists or not.
            TargetForbidden: It may not write it.
        """
        home = namespace_of(subject.key)
        grant = _needed(what)
        if grant is None or grant.namespace == home or subject.deleted or self.policy is CrossNamespace.ALLOW:
            return
        if isinstance(what, TrustBundles) and self._is_shared(what, ask):
            return
        if self.policy is CrossNamespace.DENY:
            raise _refusal(what, f"{what} is in another namespace, which this operator forbids; use one of {home}")
        answer = ask(grant)
        if isinstance(answer, Absent) or not covers(answer.value, home):
            place = f"{what}: " if isinstance(what, Ref | ClusterAccount) else ""
            words = f'{grant} is not there or not open to {home}; have it annotated {ALLOWED}: "{home}"'
            raise _refusal(what, place + words)

    def _is_shared(self, bundles: TrustBundles, ask: Ask) -> bool:
        answer = ask(self.config) if self.config else Absent()
        shared = None if isinstance(answer, Absent) else shared_bundle(answer.value)
        return shared is not None and (shared.namespace, shared.name) == (bundles.namespace, bundles.name)


def _needed(what: AnyQuery | Ref) -> Grant | None:
    """Return the grant that reading or writing this takes, None where it is nobody's in particular."""
    match what:
        case ClusterSecret() | TrustBundles():
            return Grant(what.namespace, what.name)
        case Ref() | ClusterAccount():
            return Grant(what.namespace)
    return None


def _refusal(what: AnyQuery | Ref, text: str) -> SecretSyncError:
    match what:
        case Ref():
            return TargetForbidden(text)
        case TrustBundles():
            return TLSConfigError(text)
    return CredentialsNotFound(text)
