"""How the agent looks after what dynamic secrets lend to templates, and keeps it for the next process (agent §9).

Few templates ask for a lease, and few configurations have leases kept: what does either is loaded when it is needed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, Self, final

from attrs import field

from secretsync.backends.kms.queries import DynamicSecret
from secretsync.classes import define
from secretsync.clock import Clock
from secretsync.http import HttpClient
from secretsync.ports import Backend, Proofs
from secretsync.queries import Identity
from secretsync.retry import Chance
from secretsync.runtime.late import Late, LateBackend
from secretsync.values import SecretValue

from .settings import LeaseCache, LeaseStrategy, Settings

if TYPE_CHECKING:
    from secretsync.backends.kms.lease_files import LeaseFiles
    from secretsync.backends.kms.lending import Lending

    from .keeping import Keeping, KeptLeases

log: Final = logging.getLogger("secretsync.agent")

_PART: Final = 0.1
_LEAST: Final = 15.0
"""Seconds: so much earlier than its end a lease was always replaced."""


@final
@define(eq=False)
class Leases:
    """What is lent, and where it outlives the process.

    Attributes:
        lending: Lends it.
        keeping: Keeps it for the next process; None where that is not wanted.
        swept: What no template asks for is kept no more, or need not be looked for.
    """

    lending: Late[Lending]
    keeping: Keeping | None
    swept: bool = field(default=False, init=False)

    @classmethod
    def of(
        cls,
        settings: Settings,
        http: HttpClient,
        *,
        refused: Callable[[Identity, SecretValue], None],
        proofs: Proofs,
        clock: Clock,
        chance: Chance,
        entropy: Callable[[int], bytes],
    ) -> Self:
        """Return what settings want, over a client for requests; `refused` is told of tokens that the KMS refuses."""
        keeping = _keeping(settings.cache, proofs=proofs, clock=clock, entropy=entropy) if settings.cache else None
        files = keeping.files if keeping else None
        made = partial(_lending, settings.lease_strategy, http, chance=chance, refused=refused, files=files)
        return cls(Late(made), keeping)

    @property
    def backends(self) -> tuple[Backend, ...]:
        lending = LateBackend({DynamicSecret}, self.lending.get)
        return (lending, self.keeping.tending(self.lending.get())) if self.keeping else (lending,)

    @property
    def things(self) -> tuple[KeptLeases, ...]:
        """What is kept right besides the files of templates."""
        return self.keeping.things if self.keeping else ()

    def rendered(self) -> None:
        """All templates are rendered: what none of them asked for is kept no more."""
        if self.keeping and not self.swept:
            self.swept = True
            self.keeping.files.retain(self.lending.get().queries())


def _keeping(cache: LeaseCache, *, proofs: Proofs, clock: Clock, entropy: Callable[[int], bytes]) -> Keeping:
    from .keeping import Keeping

    return Keeping.of(cache, proofs=proofs, clock=clock, entropy=entropy)


def _lending(
    strategy: LeaseStrategy,
    http: HttpClient,
    *,
    chance: Chance,
    refused: Callable[[Identity, SecretValue], None],
    files: LeaseFiles | None,
) -> Lending:
    from secretsync.backends.kms.lease_book import Care
    from secretsync.backends.kms.lending import Lending

    # A lease that was replaced lives to its end: nobody knows when the last reader of a file has read it again.
    care = Care(part=_PART, least=_LEAST, renews=strategy is LeaseStrategy.RENEW)
    returned = partial(log.info, "successfully revoked dynamic secret lease [id=%s]")
    return Lending(http, chance=chance, refused=refused, care=care, returned=returned, memory=files)
