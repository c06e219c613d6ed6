"""How the agent looks after what dynamic secrets lend to templates, and keeps it for the next process (agent §9)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Self, final

from attrs import define, field, frozen

from secretsync.backends.kms.lease_book import Care
from secretsync.backends.kms.lease_files import LeaseFiles
from secretsync.backends.kms.lending import Lending, Refused
from secretsync.clock import Clock, Deadline
from secretsync.files import HOST
from secretsync.files.sealed import Sealed
from secretsync.http import HttpClient
from secretsync.ports import AnyQuery, AnyWire, Backend, Proofs
from secretsync.queries import Found, Query, query
from secretsync.reconcile.ask import Ask
from secretsync.retry import Chance
from secretsync.targets import Target
from secretsync.values import Version

from .settings import LeaseStrategy, Settings

log: Final = logging.getLogger("secretsync.agent")

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
@define(eq=False)
class Leases:
    """What is lent, and where it outlives the process.

    Attributes:
        lending: Lends it.
        files: Keep it for the next process; None where that is not wanted.
        clock: Tells when what is kept is of no use any more.
        swept: What no template asks for is kept no more, or need not be looked for.
    """

    lending: Lending
    files: LeaseFiles | None
    clock: Clock
    swept: bool = field(default=False, init=False)

    @classmethod
    def of(
        cls,
        settings: Settings,
        http: HttpClient,
        *,
        refused: Refused,
        proofs: Proofs,
        clock: Clock,
        chance: Chance,
        entropy: Callable[[int], bytes],
    ) -> Self:
        """Return what settings want, over a client for requests; `refused` is told of tokens that the KMS refuses."""
        files = None
        if settings.cache:
            key = partial(proofs.file, settings.cache.key_file)
            files = LeaseFiles(Sealed(settings.cache.folder, key=key, entropy=entropy), clock)
        returned = partial(log.info, "successfully revoked dynamic secret lease [id=%s]")
        care = CARE[settings.lease_strategy]
        return cls(
            Lending(http, chance=chance, refused=refused, care=care, returned=returned, memory=files), files, clock
        )

    @property
    def backends(self) -> tuple[Backend, ...]:
        return (self.lending, Tending(self.files, self.lending, self.clock)) if self.files else (self.lending,)

    @property
    def things(self) -> tuple[KeptLeases, ...]:
        """What is kept right besides the files of templates."""
        return (KeptLeases(),) if self.files else ()

    def rendered(self) -> None:
        """All templates are rendered: what none of them asked for is kept no more."""
        if self.files and not self.swept:
            self.swept = True
            self.files.retain(self.lending.queries())
