"""When a run waits before it does what looks right: keys that vanish in heaps, and writers that fight.

Both belong to one subject and forget when it does. A restart forgets them too: the shrink rule then counts anew, from
its first look, which errs on the side of keeping.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from typing import Final

from attrs import field

from ..classes import define, frozen
from ..targets import Ref, Update

FIGHT: Final = 3
"""So many equal corrections …"""
FIGHT_TIME: Final = 600.0
"""… within so many seconds are a fight."""


@frozen
class Doubt:
    """Keys that vanished, and since when."""

    keys: frozenset[str]
    since: float


@frozen
class Correction:
    """What was put back, by names only."""

    put: frozenset[str]
    drop: frozenset[str]
    attributes: frozenset[str]

    @classmethod
    def of(cls, update: Update) -> Correction:
        return cls(frozenset(update.put), update.drop, frozenset(update.attributes))


@define(eq=False)
class Caution:
    """Mutable, owned by one run; times are monotonic seconds."""

    _doubts: dict[Ref, Doubt] = field(factory=dict)
    _corrections: dict[Ref, deque[tuple[float, Correction]]] = field(factory=dict)
    _paused: dict[Ref, float] = field(factory=dict)

    # -- the shrink rule

    def seen(self, ref: Ref, *, now: float, period: float) -> frozenset[str]:
        """Return the keys whose vanishing was seen a period ago or more."""
        doubt = self._doubts.get(ref)
        return doubt.keys if doubt and now >= doubt.since + period else frozenset()

    def waiting(self, ref: Ref, *, now: float, period: float) -> frozenset[str]:
        """Return the keys whose vanishing was seen less than a period ago."""
        doubt = self._doubts.get(ref)
        return doubt.keys if doubt and now < doubt.since + period else frozenset()

    def doubt(self, ref: Ref, keys: frozenset[str], now: float) -> bool:
        """Remember what vanished; return True when that is news. Another set of keys begins its period anew."""
        before = self._doubts.pop(ref, None)
        if not keys:
            return False
        same = before is not None and keys <= before.keys
        self._doubts[ref] = Doubt(keys, before.since) if before and same else Doubt(keys, now)
        return not same

    @property
    def doubted(self) -> Collection[Ref]:
        """The targets with keys whose vanishing waits for a second look: none of them is verified."""
        return self._doubts.keys()

    def second_look(self, ref: Ref, period: float) -> float:
        """Return when a doubt about a target is a period old; there must be one."""
        return self._doubts[ref].since + period

    # -- the fight rule

    def paused_until(self, ref: Ref, now: float) -> float | None:
        """Return until when a target is left to whoever fights for it, None when it is not."""
        until = self._paused.get(ref)
        return until if until is not None and now < until else None

    def corrects(self, ref: Ref, update: Update, *, now: float, pause: float) -> bool:
        """Note a correction; return False when it is the last of a fight, which is left out and begins a pause."""
        recent = self._corrections.setdefault(ref, deque(maxlen=FIGHT - 1))
        correction = Correction.of(update)
        fight = len(recent) == FIGHT - 1 and all(then > now - FIGHT_TIME and one == correction for then, one in recent)
        if fight:
            recent.clear()
            self._paused[ref] = now + pause
            return False
        recent.append((now, correction))
        return True
