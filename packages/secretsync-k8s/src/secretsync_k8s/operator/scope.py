"""A scoped install: an operator for some namespaces only, by its watches, its Lease and what it touches (kmssecret §8.4)."""

from __future__ import annotations

import hashlib
from typing import Final

from secretsync.classes import frozen
from secretsync.errors import CredentialsNotFound, TargetForbidden, TLSConfigError
from secretsync.ports import AnyQuery
from secretsync.reconcile.ask import Ask
from secretsync.reconcile.messages import Subject
from secretsync.reconcile.settle import Guard
from secretsync.targets import Ref

from ..cluster.accounts import ClusterAccount
from ..cluster.secrets import ClusterSecret
from ..cluster.trust import TrustBundles

_DIGITS: Final = 8


def lease_name(base: str, namespaces: tuple[str, ...]) -> str:
    """Return the Lease of an install: the original's for the whole cluster, one of its own for each set of namespaces.

    Two scoped installs beside each other would otherwise wait for each other for ever.
    """
    if not namespaces:
        return base
    listed = ",".join(sorted(set(namespaces)))
    return f"{base}-{hashlib.sha256(listed.encode()).hexdigest()[:_DIGITS]}"


@frozen
class Scope:
    """A guard for the engine: what lies outside is refused before it is read, then `inner` has its say.

    The API server would refuse too, in words that help nobody.
    """

    namespaces: tuple[str, ...]
    inner: Guard

    def __call__(self, subject: Subject, what: AnyQuery | Ref, ask: Ask) -> None:
        """Return if the subject may read or write this.

        Raises:
            CredentialsNotFound, TLSConfigError, TargetForbidden: It lies outside.
        """
        match what:
            case ClusterSecret() | ClusterAccount() if self._outside(what.namespace):
                raise CredentialsNotFound(self._hint(what, what.namespace))
            case TrustBundles() if self._outside(what.namespace):
                raise TLSConfigError(self._hint(what, what.namespace))
            case Ref() if self._outside(what.namespace):
                raise TargetForbidden(self._hint(what, what.namespace))
        self.inner(subject, what, ask)

    def _outside(self, namespace: str) -> bool:
        return bool(self.namespaces) and namespace not in self.namespaces

    def _hint(self, what: AnyQuery | Ref, namespace: str) -> str:
        scope = ", ".join(self.namespaces)
        return (
            f"{what}: this operator is installed for {scope} only; add {namespace} to --namespaces and grant it there, "
            "or refer to one of these"
        )
