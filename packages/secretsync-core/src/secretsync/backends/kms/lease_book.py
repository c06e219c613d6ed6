"""Which leases a program holds, and what each needs next. Pure: no thread, clock or socket.

    asked for ── Make ──▶ held ── Renew ──▶ held …  ── as old as it may get ──▶ Make another ──▶ held, the old one left
                           └── released ──▶ left ── given back ──▶ nothing

A lease is an answer with a time of renewal: *when* it is looked after decides whoever asks for answers; *what* is done
then is decided here. What is held serves until another is in hand. A lease whose making got no answer may exist all the
same, and ends by itself; so does one that cannot be given back, which is tried until then.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import Final, Generic, TypeVar

from attrs import field

from ...classes import define, frozen
from ...clock import FOREVER
from ...queries import Absent, Found
from ...retry import Chance
from .leases import Lease, Leased
from .queries import Lent

K = TypeVar("K", bound=Hashable)

GRACE: Final = 60.0
"""Seconds for which a program leaves a lease that was replaced alive, so that its users come to know the other one."""

AGAIN: Final = 60.0
"""Seconds until a lease that was replaced is tried again to be given back."""

APART: Final = 5.0
"""Seconds between two leases of one holder, however short they live."""

SHORTEST: Final = 30.0
"""Seconds: a lease of an earlier run that lives no longer is not gone on with (agent §9)."""

_LEAST: Final = 1.0
_JITTER: Final = 0.05
_NEVER: Final = -FOREVER
_NOTHING: Final = Lent({})


@frozen
class Care:
    """How leases are looked after.

    Attributes:
        part: The part of its time that a lease has left then.
        least: The seconds that it has left at least.
        renews: It is renewed for as long as the server does; else another takes its place.
        grace: Seconds for which one that was replaced is left alive; FOREVER: to its own end.
    """

    part: float
    least: float = 0.0
    renews: bool = True
    grace: float = FOREVER


PROGRAM: Final = Care(part=1 / 3, grace=GRACE)
"""For who holds leases itself, and sees at once that one took the place of another."""


@frozen
class Make:
    pass


@frozen
class Renew:
    lease_id: str


@frozen
class LookUp:
    lease_id: str


Step = Make | Renew | LookUp


@frozen
class Kept:
    """What of a holder's leases outlives a process.

    Attributes:
        ends_in: Seconds until the lease ends.
        left: The same of those that it took the place of, by their ids.
    """

    lease_id: str
    credentials: Lent
    ends_in: float
    left: Mapping[str, float] = field(factory=dict)


@define(eq=False)
class _Left:
    """A lease that nobody uses any more; times are monotonic seconds."""

    ends_at: float
    return_at: float


@define(eq=False)
class _Held:
    """What one holder has; times are monotonic seconds."""

    lease_id: str = ""
    credentials: Lent = field(default=_NOTHING, repr=False)
    made_at: float = _NEVER
    ends_at: float = _NEVER
    renew_at: float = _NEVER
    ended: bool = False
    """The server renews it no more."""
    released: bool = False
    left: dict[str, _Left] = field(factory=dict)

    @property
    def found(self) -> bool:
        """The server said that it lives, once."""
        return self.ends_at > _NEVER


class LeaseBook(Generic[K]):
    """Not thread-safe. A key tells whose lease it is and of what; times are monotonic seconds."""

    def __init__(self, *, chance: Chance, care: Care = PROGRAM) -> None:
        self._chance = chance
        self._care = care
        self._held: dict[K, _Held] = {}

    # -- what people want

    def knows(self, key: K) -> bool:
        """Return whether somebody asked for it, or had it adopted or released."""
        return key in self._held

    def adopt(self, key: K, kept: Kept, now: float) -> None:
        """Go on with a lease of an earlier run, if it lives; it serves once the server said so."""
        left = {lease_id: _Left(now + ends_in, now + self._care.grace) for lease_id, ends_in in kept.left.items()}
        self._held.setdefault(key, _Held(kept.lease_id, kept.credentials, left=left))

    def kept(self, key: K, now: float) -> Kept | None:
        """Return what is to outlive the process; None while nothing is lent."""
        held = self._held[key]
        if not held.lease_id or not held.found:
            return None
        left = {lease_id: one.ends_at - now for lease_id, one in held.left.items() if one.ends_at > now}
        return Kept(held.lease_id, held.credentials, held.ends_at - now, left)

    def keys(self) -> tuple[K, ...]:
        """Return whose leases there are, or may be."""
        return tuple(self._held)

    def release(self, key: K) -> None:
        """Lend it no more: what there is of it, or comes yet, is to be given back."""
        self._held.setdefault(key, _Held()).released = True

    def released(self, key: K) -> bool:
        """Return whether nobody wants it any more."""
        return self._held[key].released

    def forget(self, key: K) -> None:
        """Know nothing of it any more."""
        self._held.pop(key, None)

    def lent(self, key: K, now: float) -> Lent | None:
        """Return what the lease lends, None while there is none that lives."""
        held = self._held.get(key)
        return held.credentials if held and not held.released and now < held.ends_at else None

    # -- what is to be done

    def next(self, key: K, now: float) -> Step | None:
        """Return what a lease needs before it can serve; None when it serves, or is not wanted."""
        held = self._held.setdefault(key, _Held())
        if held.released:
            return None
        if not held.lease_id or held.ended or (held.found and now >= held.ends_at):
            return Make()
        if not held.found:
            return LookUp(held.lease_id)
        if now < held.renew_at:
            return None
        return Renew(held.lease_id) if self._care.renews else Make()

    def too_soon(self, key: K, now: float) -> bool:
        """Whether another lease was made a moment ago."""
        return now < self._held[key].made_at + APART

    def surplus(self, key: K, now: float) -> tuple[str, ...]:
        """Return the leases that are to be given back now."""
        held = self._held[key]
        if held.released and held.lease_id:
            self._leave(held, now)
        held.left = {lease_id: one for lease_id, one in held.left.items() if now < one.ends_at}
        return tuple(lease_id for lease_id, one in held.left.items() if held.released or one.return_at <= now)

    def answer(self, key: K, now: float) -> Found[Lent] | Absent:
        """Return what the lease lends, and when it is to be looked after; of one that was given back that it is gone."""
        held = self._held[key]
        if held.released:
            return Absent()
        look_at = min(held.renew_at, *(one.return_at for one in held.left.values()), FOREVER)
        return Found(held.credentials, renew_in=max(look_at - now, _LEAST), expires_in=held.ends_at - now)

    # -- what was done

    def took(self, key: K, result: Leased | Lease, now: float) -> None:
        """A lease was made, or renewed or found alive; one that another takes the place of is left for a while."""
        held = self._held[key]
        lease = result.lease if isinstance(result, Leased) else result
        unseen = not held.found
        if isinstance(result, Leased):
            if held.lease_id:
                self._leave(held, now, after=self._care.grace)
            held.lease_id, held.credentials, held.made_at, held.ended = lease.id, result.credentials, now, False
        held.ends_at = now + lease.expires_in
        spare = max(self._care.least, self._care.part * lease.expires_in)
        if unseen and isinstance(result, Lease) and lease.expires_in < SHORTEST:
            self._leave(held, now)
        held.renew_at = now + max(0.0, lease.expires_in - spare) * (1.0 - _JITTER * self._chance())

    def ended(self, key: K) -> None:
        """A lease is gone or as old as it may get: it serves to its end, and another is to be made."""
        held = self._held[key]
        held.ended = True
        if not held.found:
            held.lease_id = ""  # one of an earlier run, and it is gone

    def doubted(self, key: K, now: float) -> None:
        """Nobody can tell whether a lease of an earlier run lives: it is to be given back, and another to be made."""
        self._leave(self._held[key], now)

    def given_back(self, key: K, lease_ids: Collection[str], *, kept: Collection[str], now: float) -> None:
        """Leases were given back, or tried to be in vain."""
        left = self._held[key].left
        for lease_id in lease_ids:
            if lease_id in kept:
                left[lease_id].return_at = now + AGAIN
            else:
                del left[lease_id]

    # -- inside

    @staticmethod
    def _leave(held: _Held, now: float, *, after: float = 0.0) -> None:
        held.left[held.lease_id] = _Left(held.ends_at if held.found else FOREVER, now + after)
        held.lease_id = ""
