"""The seams: what the engine's driver needs from the world, as protocols only.

Backend   reads answers            backends/, secretsync_k8s.cluster
Place     performs on targets      secretsync_k8s.cluster, the SDK's mailbox
Proofs    fresh proofs of logins   runtime, secretsync_k8s.cluster
Clock     time                     runtime, testing
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from .clock import Clock, Deadline
from .queries import Absent, Found, Query, Wire
from .targets import Action, Observed, Ref
from .values import SecretValue, Version

__all__ = ["AnyQuery", "AnyWire", "Backend", "Clock", "Place", "Proofs"]

AnyQuery = Query[Any]
AnyWire = Wire[Any]


class Backend(Protocol):
    """Reads answers. Safe to call from several threads."""

    @property
    def answers(self) -> Collection[type[AnyQuery]]:
        """The query classes this backend knows."""
        ...

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, Version],
        credential: Found[Any] | None,
        deadline: Deadline,
    ) -> Mapping[AnyQuery, AnyWire]:
        """Answer every query, in the cheapest way that is true.

        Args:
            queries: Of one group: same host, same credential, same kind of read.
            known: Versions that the caller holds the answer of; may be answered `Unchanged`.
            credential: The answer of the queries' `credential`, None where they have none.
            deadline: For the whole call.

        Returns:
            An answer a query. Failures are answers (`Failed`), absence is one (`Absent`); nothing is raised but for
            a programming error.
        """
        ...


class Place(Protocol):
    """Performs actions on targets. Safe to call from several threads, never with the same target at once."""

    @property
    def kinds(self) -> Collection[str]:
        """The `Ref.kind`s this place performs."""
        ...

    def perform(self, ref: Ref, action: Action, *, subject: str) -> Found[Observed] | Absent:
        """Do it, or raise and leave the target as it was.

        Args:
            subject: The key of who wants it.

        Returns:
            What the target is now (`Absent` after a `Delete`).

        Raises:
            TargetMoved: It is no longer what the action was decided on; look again.
            TargetError: The place says no.
            BackendError: The place is out of reach.
        """
        ...


class Proofs(Protocol):
    """What proves who an identity is and changes while a program runs: fetched at each login, kept by nobody.

    Safe to call from several threads.
    """

    def variable(self, name: str) -> str:
        """Return a variable of the environment, "" where there is none."""
        ...

    def file(self, path: str) -> SecretValue:
        """Return what a file holds; `~` is the user's home.

        Raises:
            CredentialsNotFound: It is not there or cannot be read.
        """
        ...

    def service_account_token(
        self, *, namespace: str, name: str, audiences: Sequence[str], deadline: Deadline
    ) -> SecretValue:
        """Return a new token of a service account, as the cluster's TokenRequest makes it.

        Raises:
            CredentialsNotFound: There is no such account, or this program is no part of a cluster.
            BackendError: The cluster says no.
        """
        ...
