"""How the agent looks after what dynamic secrets lend to templates, and keeps it for the next process (agent §9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, final

from attrs import frozen

from secretsync.backends.kms.lease_book import Care
from secretsync.backends.kms.lease_files import LeaseFiles
from secretsync.backends.kms.lending import Lending
from secretsync.clock import Clock, Deadline
from secretsync.files import HOST
from secretsync.files.sealed import Sealed
from secretsync.ports import AnyQuery, AnyWire, Proofs
from secretsync.queries import Found, Query, query
from secretsync.reconcile.settle import Ask
from secretsync.targets import Target
from secretsync.values import Version

from .settings import LeaseCache, LeaseStrategy

_PART: Final = 0.1
_LEAST: Final = 15.0
"""Seconds: so much earlier than its end a lease was always replaced."""

CARE: Final[Mapping[LeaseStrategy, Care]] = {
    LeaseStrategy.REPLACE: Care(part=_PART, least=_LEAST, renews=False),
    LeaseStrategy.RENEW: Care(part=_PART, least=_LEAST),
}
"""A lease that was replaced lives to its end: nobody knows when the last reader of a file has read it again."""

_DONE: Final = "done"
TENDED: Final = 30.0
"""Seconds after which the key of the cache may be another: tokens of service accounts are rotated all the time."""


def files_of(cache: LeaseCache, *, proofs: Proofs, entropy: Callable[[int], bytes], clock: Clock) -> LeaseFiles:
    """Return where leases outlive the process."""
    return LeaseFiles(Sealed(cache.folder, key=partial(proofs.file, cache.key_file), entropy=entropy), clock)


@query
class Tended(Query[str]):
    """Asks for what is kept of leases to be written with the key as it is now, and for the rest to be swept away."""

    private = False
    host = HOST


@final
@frozen
class Tending:
    """A `Backend` of `Tended`, whose answer renews itself. Safe to call from several threads."""

    files: LeaseFiles
    lending: Lending
    clock: Clock

    answers = frozenset({Tended})

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, Version],  # noqa: ARG002 - it is never unchanged
        credential: Found[Any] | None,  # noqa: ARG002 - none is needed
        deadline: Deadline,  # noqa: ARG002 - the system has none for files
    ) -> Mapping[AnyQuery, AnyWire]:
        """See `ports.Backend`."""
        for each in self.lending.queries():
            self.lending.keep(each, self.clock)
        self.files.sweep()
        return dict.fromkeys(queries, Found(_DONE, renew_in=TENDED, expires_in=2 * TENDED))


@frozen
class KeptLeases:
    """What is kept for the next process, looked after."""

    key: str = "cache"
    interval: float = TENDED

    @property
    def says(self) -> tuple[object, ...]:
        return ()

    def desired(self, ask: Ask) -> tuple[Target, ...]:
        ask(Tended())
        return ()
