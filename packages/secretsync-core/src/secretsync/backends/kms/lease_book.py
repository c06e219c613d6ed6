"""Which leases a program holds, and when each is renewed, replaced and given back. Pure: no thread, clock or socket.

    wanted ── Make ──▶ held ── Renew ──▶ held …  ── as old as it may get ──▶ Make another ──▶ held, the old one given back
                        └── nobody wants it ── Revoke ──▶ forgotten

What is held serves until another is in hand. Nothing is asked for twice at once: a lease whose making got no answer may
exist all the same, and ends by itself. What cannot be given back ends by itself, too; until then it is tried again.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Final

from attrs import define, field, frozen

from ...clock import FOREVER
from ...errors import LeaseEnded, RateLimited, SecretSyncError
from ...retry import Backoff, Chance
from ...values import SecretValue
from .leases import Lease, Leased, LeasePlace

RENEW_AT: Final = 2 / 3
"""The part of its time after which a lease is renewed."""

GRACE: Final = 60.0
"""Seconds for which a lease that was replaced is left alive, so that its users come to know the other one."""

_UNKNOWN_LIFE: Final = 86400.0
"""Seconds for which a lease of an earlier run is tried to be given back that nobody looked up."""

_JITTER: Final = 0.05
_BACKOFF: Final = Backoff(base=2.0, cap=60.0)


@frozen
class Wanted:
    """A lease that somebody wants for as long as they say; `key` tells who and what."""

    key: Hashable
    place: LeasePlace
    name: str
    ttl: str = ""


@frozen
class Make:
    wanted: Wanted


@frozen
class Renew:
    wanted: Wanted
    lease_id: str


@frozen
class LookUp:
    wanted: Wanted
    lease_id: str


@frozen
class Revoke:
    place: LeasePlace
    lease_id: str


Effect = Make | Renew | LookUp | Revoke


@define(eq=False)
class _Held:
    """One wanted lease; times are monotonic seconds."""

    wanted: Wanted
    lease_id: str = ""
    credentials: Mapping[str, SecretValue] = field(factory=dict, repr=False)
    ends_at: float = -FOREVER
    act_at: float = -FOREVER
    failures: int = 0
    replacing: bool = False
    busy: bool = False
    error: SecretSyncError | None = None


@define(eq=False)
class _Leaving:
    place: LeasePlace
    ends_at: float
    act_at: float
    failures: int = 0
    busy: bool = False


class LeaseBook:
    """Owned by one thread. Whoever owns it carries out what `due` returns and tells the book how it ended."""

    def __init__(self, *, chance: Chance, renew_at: float = RENEW_AT) -> None:
        self._chance = chance
        self._renew_at = renew_at
        self._held: dict[Hashable, _Held] = {}
        self._leaving: dict[str, _Leaving] = {}

    # -- what people want

    def want(self, wanted: Wanted) -> None:
        """Have a lease of this; one that is wanted already stays."""
        self._held.setdefault(wanted.key, _Held(wanted))

    def adopt(self, wanted: Wanted, lease_id: str, credentials: Mapping[str, SecretValue]) -> None:
        """Go on with a lease of an earlier run, if it lives; it serves once the server said so."""
        self._held.setdefault(wanted.key, _Held(wanted, lease_id, credentials))

    def release(self, key: Hashable, now: float) -> None:
        """Give back what nobody wants any more."""
        held = self._held.pop(key, None)
        if held is not None and held.lease_id:
            self._leave(held, now)

    def release_all(self, now: float) -> None:
        """Give everything back."""
        for key in tuple(self._held):
            self.release(key, now)

    # -- what is held

    def credentials(self, key: Hashable, now: float) -> Mapping[str, SecretValue] | None:
        """Return what the lease lends, None while there is none that lives."""
        held = self._held.get(key)
        return held.credentials if held is not None and now < held.ends_at else None

    def error(self, key: Hashable) -> SecretSyncError | None:
        """Return why the last try failed, None if it did not."""
        held = self._held.get(key)
        return held.error if held else None

    @property
    def idle(self) -> bool:
        """Nothing is held and nothing is left to give back."""
        return not self._held and not self._leaving

    @property
    def wake_at(self) -> float:
        """When `due` wants to be called at the latest."""
        held = (one.act_at for one in self._held.values() if not one.busy)
        leaving = (one.act_at for one in self._leaving.values() if not one.busy)
        return min((*held, *leaving), default=FOREVER)

    def due(self, now: float) -> list[Effect]:
        """Return what is to be done now, each effect once."""
        self._leaving = {name: one for name, one in self._leaving.items() if one.busy or now < one.ends_at}
        effects: list[Effect] = []
        for held in self._held.values():
            if not held.busy and held.act_at <= now:
                held.busy = True
                effects.append(self._next(held, now))
        for lease_id, leaving in self._leaving.items():
            if not leaving.busy and leaving.act_at <= now:
                leaving.busy = True
                effects.append(Revoke(leaving.place, lease_id))
        return effects

    # -- how it ended

    def made(self, wanted: Wanted, leased: Leased, now: float) -> None:
        """A lease was made; one that is wanted no more is given back at once."""
        held = self._held.get(wanted.key)
        ends_at = now + leased.lease.expires_in
        if held is None:
            self._leaving[leased.lease.id] = _Leaving(wanted.place, ends_at, now)
            return
        if held.lease_id:
            self._leave(held, now, after=GRACE)
        held.lease_id, held.credentials, held.replacing = leased.lease.id, leased.credentials, False
        self._lives(held, leased.lease, now)

    def lives(self, wanted: Wanted, lease: Lease, now: float) -> None:
        """A lease was renewed, or found alive."""
        held = self._held.get(wanted.key)
        if held is not None and held.lease_id == lease.id:
            self._lives(held, lease, now)

    def failed(self, wanted: Wanted, error: SecretSyncError, now: float) -> None:
        """A lease was not made, renewed or found."""
        held = self._held.get(wanted.key)
        if held is None:
            return
        held.busy, held.error, held.failures = False, error, held.failures + 1
        if isinstance(error, LeaseEnded):
            held.replacing, held.act_at = True, now
            if held.ends_at == -FOREVER:
                held.lease_id = ""  # one of an earlier run, and it is gone
            return
        wait = _BACKOFF.delay(held.failures, self._chance)
        held.act_at = now + (max(wait, error.retry_after) if isinstance(error, RateLimited) else wait)

    def revoked(self, lease_id: str) -> None:
        """A lease was given back."""
        self._leaving.pop(lease_id, None)

    def kept(self, lease_id: str, now: float) -> None:
        """A lease could not be given back."""
        leaving = self._leaving.get(lease_id)
        if leaving is not None:
            leaving.busy, leaving.failures = False, leaving.failures + 1
            leaving.act_at = now + _BACKOFF.delay(leaving.failures, self._chance)

    # -- inside

    def _next(self, held: _Held, now: float) -> Effect:
        if not held.lease_id or held.replacing:
            return Make(held.wanted)
        if held.ends_at == -FOREVER:
            return LookUp(held.wanted, held.lease_id)
        if now >= held.ends_at:
            held.replacing = True
            return Make(held.wanted)
        return Renew(held.wanted, held.lease_id)

    def _lives(self, held: _Held, lease: Lease, now: float) -> None:
        held.busy, held.error, held.failures = False, None, 0
        held.ends_at = now + lease.expires_in
        held.act_at = now + lease.expires_in * self._renew_at * (1.0 - _JITTER * self._chance())

    def _leave(self, held: _Held, now: float, *, after: float = 0.0) -> None:
        ends_at = now + _UNKNOWN_LIFE if held.ends_at == -FOREVER else held.ends_at
        if now < ends_at:
            self._leaving[held.lease_id] = _Leaving(held.wanted.place, ends_at, now + after)
