"""Leases kept for the next process, in sealed files (agent §9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Self, final

from secretsync.backends.kms.lease_files import LeaseFiles
from secretsync.backends.kms.lending import Lending
from secretsync.classes import frozen
from secretsync.clock import Clock, Deadline
from secretsync.files import HOST
from secretsync.files.sealed import Sealed
from secretsync.ports import AnyQuery, AnyWire, Proofs
from secretsync.queries import Found, Query, query
from secretsync.reconcile.ask import Ask
from secretsync.targets import Target
from secretsync.values import Version

from .settings import LeaseCache

_DONE: Final = "done"
TENDED: Final = 30.0
"""Seconds after which the key of the cache may be another: tokens of service accounts are rotated all the time."""


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


@final
@frozen
class Keeping:
    """Where leases are kept, and what looks after them.

    Attributes:
        files: Keep them.
        clock: Tells when what is kept is of no use any more.
    """

    files: LeaseFiles
    clock: Clock

    @classmethod
    def of(cls, cache: LeaseCache, *, proofs: Proofs, clock: Clock, entropy: Callable[[int], bytes]) -> Self:
        """Return what settings want; the key is read anew whenever it is needed."""
        sealed = Sealed(cache.folder, key=partial(proofs.file, cache.key_file), entropy=entropy)
        return cls(LeaseFiles(sealed, clock), clock)

    @property
    def things(self) -> tuple[KeptLeases, ...]:
        """What is kept right besides the files of templates."""
        return (KeptLeases(),)

    def tending(self, lending: Lending) -> Tending:
        """Return what answers whether this is right."""
        return Tending(self.files, lending, self.clock)
