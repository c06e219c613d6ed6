"""Secrets behind the watches that tell of them: nothing is read unheard, and nothing asked for that is known not to be.

An answer that is pushed is never asked for again. One that was read while the watch was broken, and gone before it was
back, would stand for ever: so the watch is made to expect each object before it is read or written.

A watch that follows every Secret knows of each one that there is, so what it does not know is not there, or not for
long: then the write is refused, and the next look is at the API server itself. That is how every surprise ends here,
also the reply of a write that was lost, after which the watch may lag behind what is really there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from attrs import field

from secretsync.classes import frozen
from secretsync.clock import Deadline
from secretsync.errors import SecretSyncError
from secretsync.ports import AnyQuery, AnyWire
from secretsync.queries import Absent, Found
from secretsync.targets import Action, Observe, Observed, Ref
from secretsync.values import Version

from .configmaps import ClusterConfigMap
from .reflector import Reflectors
from .resources import CONFIGMAPS, SECRETS
from .secrets import KIND, ClusterSecret, Secrets
from .shapes import SHAPES
from .stamps import Stamp
from .trust import TrustBundles


@frozen
class WatchedSecrets:
    """A backend and a place as the one it stands before; see there. Thread-safe as that.

    Attributes:
        watches: Those that tell when what is read here moves; Secrets by their metadata.
    """

    secrets: Secrets
    watches: Reflectors
    _refused: set[Ref] = field(factory=set, init=False)
    """Targets whose last write failed, so that only a read says what is there."""

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
        """Answer what the watch knows to be absent without a request; see `Backend.read`."""
        for query in queries:
            self._expect(query)
        absent: dict[AnyQuery, AnyWire] = {query: Absent() for query in queries if self._is_absent(query)}
        rest = [query for query in queries if query not in absent]
        answers = self.secrets.read(rest, known=known, credential=credential, deadline=deadline)
        self._refused.difference_update(
            query.ref for query, answer in answers.items() if isinstance(query, Observe) and _is_certain(answer)
        )
        return {**absent, **answers}

    def perform(self, ref: Ref, action: Action, *, subject: str) -> Found[Observed] | Absent:
        """See `Place.perform`."""
        self._expect(Observe(ref))
        try:
            return self.secrets.perform(ref, action, subject=subject)
        except SecretSyncError:
            self._refused.add(ref)
            raise

    def _expect(self, query: AnyQuery) -> None:
        match query:
            case Observe() if query.ref.kind in SHAPES:
                resource = SHAPES[query.ref.kind].resource
                self.watches.need(resource)
                self.watches.expect(resource, (query.ref.namespace, query.ref.name))
            case ClusterSecret() | TrustBundles():
                self.watches.expect(SECRETS, (query.namespace, query.name))
            case ClusterConfigMap():
                self.watches.expect(CONFIGMAPS, (query.namespace, query.name))
            case Stamp():
                self.watches.expect(SHAPES[query.kind].resource, (query.namespace, query.name))

    def _is_absent(self, query: AnyQuery) -> bool:
        """Whether a watch says so: that of all Secrets, or for what must be ours the one by our label."""
        match query:
            case Observe(Ref(kind=kind) as ref) if kind == KIND and ref not in self._refused:
                return self.watches.lacks(SECRETS, (ref.namespace, ref.name), metadata_only=True)
            case Stamp(kind=kind) if kind == KIND:
                return self.watches.lacks(SECRETS, (query.namespace, query.name), metadata_only=True)
            case Stamp():
                return self.watches.lacks_labelled(SHAPES[query.kind].resource, (query.namespace, query.name))
        return False


def _is_certain(answer: AnyWire) -> bool:
    return isinstance(answer, Found | Absent)
