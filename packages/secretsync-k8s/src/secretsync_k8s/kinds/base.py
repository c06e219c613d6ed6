"""What a custom resource is to the operator, and to `secretsync plan` offline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

from attrs import frozen

from secretsync.errors import SecretSyncError
from secretsync.reconcile.messages import Outcome
from secretsync.reconcile.settle import Ask
from secretsync.targets import Recorded, Target

from ..cluster.resources import Resource

Json = dict[str, Any]
S = TypeVar("S")


@frozen
class ObjectRef:
    """One custom resource. Its `mark` is what its targets carry."""

    namespace: str
    name: str
    uid: str
    generation: int = 0

    @property
    def mark(self) -> str:
        return f"{self.namespace}/{self.name}"

    @classmethod
    def of(cls, obj: Mapping[str, Any]) -> ObjectRef:
        metadata = obj["metadata"]
        return cls(
            metadata.get("namespace", ""), metadata["name"], metadata.get("uid", ""), metadata.get("generation", 0)
        )


class Kind(Protocol[S]):
    """A custom resource. Pure: no I/O, no clock, no chance. Safe to call from several threads."""

    @property
    def resource(self) -> Resource: ...

    def decode(self, obj: Json) -> S:
        """Return what the object asks for.

        Raises:
            InvalidSpec: With every problem, each with its field and a remedy.
        """
        ...

    def period(self, spec: S) -> float:
        """Return the seconds between two checks."""
        ...

    def desired(self, spec: S, ask: Ask) -> tuple[Target, ...]:
        """Return what should be, by asking; raises any `SecretSyncError` to say why it cannot be."""
        ...

    def recorded(self, obj: Json) -> tuple[Recorded, ...]:
        """Return the targets that the object's status names as its own."""
        ...

    def status(self, obj: Json, outcome: Outcome, previous: Json, now: datetime) -> Json:
        """Return the new status, `previous` itself when there is nothing worth a write."""
        ...

    def reason(self, error: SecretSyncError) -> str:
        """Return the CamelCase word by which users know this error: in conditions, events and metrics."""
        ...
