"""What a custom resource is to the operator, and to `secretsync plan` offline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from sys import intern
from typing import Any, Protocol, TypeVar

from secretsync.classes import frozen
from secretsync.errors import SecretSyncError
from secretsync.reconcile.ask import Ask
from secretsync.reconcile.messages import Outcome
from secretsync.targets import Recorded, Ref, Target
from secretsync.values import Version

from ..cluster.resources import Resource

Json = dict[str, Any]
S = TypeVar("S")

HasMoved = Callable[[Ref, Version], bool]
"""Whether a target is known to be at another version than this, or gone."""


def nothing_moved(ref: Ref, version: Version) -> bool:  # noqa: ARG001 - the form of a `HasMoved`
    return False


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
        namespace = intern(metadata.get("namespace", ""))  # one copy for all objects in it
        return cls(namespace, metadata["name"], metadata.get("uid", ""), metadata.get("generation", 0))


def subject_key(kind: str, ref: ObjectRef) -> str:
    """Return the name of an object in the engine, as logs show it: `KMSSecret shop/app`."""
    return f"{kind} {ref.namespace}/{ref.name}"


def namespace_of(key: str) -> str:
    """Return the namespace of the object that a `subject_key` names."""
    return key.partition(" ")[2].partition("/")[0]


@frozen
class Rollouts:
    """How the workloads stand that use what an object keeps (kmssecret §6).

    Attributes:
        restarted: How many run with pods that were started for it as it is now.
        skipped: How many must not be restarted now.
        problems: Why others could not be.
    """

    restarted: int = 0
    skipped: int = 0
    problems: tuple[str, ...] = ()


class Kind(Protocol[S]):
    """A custom resource. Pure: no I/O, no clock, no chance. Safe to call from several threads."""

    @property
    def resource(self) -> Resource: ...

    @property
    def finalizer(self) -> str:
        """The finalizer by which objects of this kind wait for their clean-up."""
        ...

    def is_paused(self, obj: Json) -> bool:
        """Return whether the object asks to be left alone."""
        ...

    def sync_request(self, obj: Json) -> str:
        """Return a text whose every change asks for a fresh look at once."""
        ...

    def is_settled(self, obj: Json, moved: HasMoved) -> bool:
        """Return whether the object's status says that it is right as it is now, and its targets are as it saw them."""
        ...

    def decode(self, obj: Json) -> S:
        """Return what the object asks for.

        Raises:
            InvalidSpec: With every problem, each with its field and a remedy.
        """
        ...

    def period(self, spec: S) -> float:
        """Return the seconds between two checks."""
        ...

    def is_instant(self, spec: S) -> bool:
        """Return whether the object wants changes at once, where its backend tells of them."""
        ...

    def desired(self, spec: S, ask: Ask) -> tuple[Target, ...]:
        """Return what should be, by asking; raises any `SecretSyncError` to say why it cannot be."""
        ...

    def recorded(self, obj: Json) -> tuple[Recorded, ...]:
        """Return the targets that the object's status names as its own.

        Of an object on its way out also those that were made and perhaps never told.
        """
        ...

    def status(
        self, obj: Json, outcome: Outcome, previous: Json, now: datetime, *, rollouts: Rollouts | None = None
    ) -> Json:
        """Return the new status, `previous` itself when there is nothing worth a write.

        Args:
            rollouts: None while they go on: what was told of them stays.
        """
        ...

    def redeployed(self, previous: Json, rollouts: Rollouts, now: datetime) -> Json:
        """Return the status after rollouts ended, `previous` itself when there is nothing worth a write."""
        ...

    def reason(self, error: SecretSyncError) -> str:
        """Return the CamelCase word by which users know this error: in conditions, events and metrics."""
        ...
