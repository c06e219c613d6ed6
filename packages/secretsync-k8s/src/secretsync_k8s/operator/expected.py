"""What the engine reads and writes of the cluster, made known to the watches that are to tell when it moves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from attrs import frozen

from secretsync.clock import Deadline
from secretsync.ports import AnyQuery, AnyWire
from secretsync.queries import Absent, Found
from secretsync.targets import Action, Observe, Observed, Ref
from secretsync.values import Version

from ..cluster.absence import WatchedSecrets
from ..cluster.configmaps import ClusterConfigMap
from ..cluster.reflector import Reflectors
from ..cluster.resources import CONFIGMAPS, SECRETS
from ..cluster.secrets import ClusterSecret
from ..cluster.trust import TrustBundles


@frozen
class Expected:
    """The Secrets of a cluster, each expected by its watch before it is read or written. Thread-safe.

    An answer that is pushed is never asked for again. One that was read while the watch was broken, and gone before it
    was back, would stand for ever.
    """

    secrets: WatchedSecrets
    watches: Reflectors

    @property
    def answers(self) -> Collection[type[AnyQuery]]:
        return self.secrets.answers

    @property
    def kinds(self) -> Collection[str]:
        return self.secrets.kinds

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, Version],
        credential: Found[Any] | None,
        deadline: Deadline,
    ) -> Mapping[AnyQuery, AnyWire]:
        for query in queries:
            match query:
                case Observe():
                    self._expect(query.ref)
                case ClusterSecret() | TrustBundles():
                    self.watches.expect(SECRETS, (query.namespace, query.name))
                case ClusterConfigMap():
                    self.watches.expect(CONFIGMAPS, (query.namespace, query.name))
        return self.secrets.read(queries, known=known, credential=credential, deadline=deadline)

    def perform(self, ref: Ref, action: Action, *, subject: str) -> Found[Observed] | Absent:
        self._expect(ref)
        return self.secrets.perform(ref, action, subject=subject)

    def _expect(self, ref: Ref) -> None:
        self.watches.expect(SECRETS, (ref.namespace, ref.name))
