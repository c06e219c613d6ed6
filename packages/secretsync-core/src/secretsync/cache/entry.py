"""One query's place in the store: its answer, its failures, its times, and everybody who cares."""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve, field

from ..classes import define
from ..clock import FOREVER
from ..ports import AnyQuery
from ..queries import Absent, Failed, Found
from ..values import NO_VERSION, Version

NEVER: Final = -FOREVER
_DROPPED: Final = object()


@define(eq=False)
class Dependants:
    """The fetches that need one answer as their credential.

    Attributes:
        waiting: Queries whose fetch waits for it, each with the lane it waited in.
        stranded: Queries that failed for want of it; they are tried again when there is one.
        forced_at: When another one was last asked for because somebody refused this one.
        used: How many queries this one has served.
    """

    waiting: dict[AnyQuery, int] = field(factory=dict)
    stranded: dict[AnyQuery, None] = field(factory=dict)
    forced_at: float = NEVER
    used: int = 0


@define(eq=False)
class Entry:
    """Mutable, owned by one `Store`; all times are monotonic seconds.

    Attributes:
        name: Keyed digest of the query, its stable name in fingerprints.
        phase: When in its period a check has its turn, in [0, 1); the same for all that may be fetched together.
        digest: Keyed digest of the answer; outlives a dropped value.
        at: When the answer was last read or confirmed; `NEVER` when a watch says that it moved.
        askers: Runs that depend on the answer, each with the seconds between two checks that suffice it.
        waiters: Parked runs that wait for the next answer.
        holders: How many runs need the value right now.
        dependants: Who needs it as a credential; None: it never was one, as most are not.
        first_turn: When it is read for the first time, if nobody needs it sooner.
        in_turn: The last read was a check at its turn.
        under_way: A fetch is in flight, or waits for its credential.
        written: A write of ours is in flight.
        obtain: The next answer must bring the value.
        changed: The answer changed, failed or recovered, and the askers were not told yet.
        late: When the check came due that waits in its host's queue.
        sent: When the last fetch went out.
        outdated: What is in flight answers too little: somebody asked for an answer from now on, or two versions were
            shown meanwhile.
        shown: A version that a watch showed while a fetch or a write was under way.
        replayed: This attempt already went out a second time, with a new credential.
    """

    query: AnyQuery
    name: bytes
    phase: float = 0.0
    answer: Found[Any] | Absent | None = None
    digest: bytes = b""
    at: float = NEVER
    renew_at: float = FOREVER
    expires_at: float = FOREVER
    failure: Failed | None = None
    failures: int = 0
    retry_at: float = NEVER
    askers: dict[str, float] = field(factory=dict)
    waiters: dict[str, None] = field(factory=dict)
    holders: int = 0
    dependants: Dependants | None = None
    first_turn: float = FOREVER
    in_turn: bool = False
    under_way: bool = False
    written: bool = False
    obtain: bool = False
    changed: bool = False
    late: float = FOREVER
    sent: float = NEVER
    outdated: bool = False
    shown: Version | None = None
    replayed: bool = False
    due: float = FOREVER

    @property
    def version(self) -> Version:
        return self.answer.version if isinstance(self.answer, Found) else NO_VERSION

    @property
    def has_value(self) -> bool:
        return self.answer is not None and not (isinstance(self.answer, Found) and self.answer.value is _DROPPED)

    @property
    def reveals(self) -> bool:
        """Secret bytes are in memory."""
        return self.query.private and self.has_value and isinstance(self.answer, Found)

    @property
    def perishable(self) -> bool:
        return self.expires_at < FOREVER

    @property
    def period(self) -> float:
        """Seconds between two checks, for the least patient asker."""
        return min(self.askers.values(), default=FOREVER)

    @property
    def awaited(self) -> bool:
        """A fetch waits for this credential."""
        return self.dependants is not None and bool(self.dependants.waiting)

    def as_credential(self) -> Dependants:
        if self.dependants is None:
            self.dependants = Dependants()
        return self.dependants

    @property
    def in_use(self) -> bool:
        cares = self.askers or self.waiters or self.holders or self.awaited
        return bool(cares or self.under_way or self.written)

    def drop_value(self) -> None:
        """Forget the value, keep digest and version: enough to confirm, not to evaluate."""
        if isinstance(self.answer, Found):
            self.answer = evolve(self.answer, value=_DROPPED)
