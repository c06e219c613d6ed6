"""Lends credentials of dynamic secrets, and looks after their leases (kms-api §7).

There is no loop in here: a lease is an answer with a time of renewal, and comes due like any other that somebody asks
for. Each read does what the lease needs then, so that what it answers serves until the next.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from threading import Lock
from typing import Any, Final, Protocol, final

from ...clock import Clock, Deadline
from ...errors import AuthenticationFailed, BackendError, Forbidden, LeaseEnded, SecretSyncError, Unavailable
from ...http import HttpClient
from ...ports import AnyQuery, AnyWire
from ...queries import Absent, Failed, Found, Identity, Scope
from ...retry import Chance
from ...values import SecretValue, Version
from .errors import failure
from .lease_book import APART, PROGRAM, Care, Kept, LeaseBook, LookUp, Make, Renew, Step
from .leases import Lease, Leased, Leases
from .queries import DynamicSecret, Lent
from .session import Session

Refused = Callable[[Identity, SecretValue], None]


class Memory(Protocol):
    """Where leases outlive a process. Safe to call from several threads, never with the same query at once.

    Nothing is raised: what cannot be kept or found is made anew by the next process.
    """

    def keep(self, query: DynamicSecret, kept: Kept) -> None: ...
    def find(self, query: DynamicSecret) -> Kept | None: ...
    def drop(self, query: DynamicSecret) -> None: ...


@final
class Lending:
    """A `Backend` of `DynamicSecret`s. Safe to call from several threads, never with the same query at once.

    A lease that was released is `Absent` once it is given back; whatever else goes wrong is a failure, because what was
    lent before may still be good.

    Args:
        http: For the requests.
        chance: Spreads renewals.
        refused: Told which token of an identity the server refuses.
        care: How leases are looked after.
        returned: Told of each lease that was given back, by its id.
        memory: Where leases are kept for the next process, and those of the one before are found.
    """

    answers: Final[frozenset[type[AnyQuery]]] = frozenset({DynamicSecret})

    def __init__(
        self,
        http: HttpClient,
        *,
        chance: Chance,
        refused: Refused,
        care: Care = PROGRAM,
        returned: Callable[[str], None] = lambda lease_id: None,  # noqa: ARG005 - the form of it
        memory: Memory | None = None,
    ) -> None:
        self._http = http
        self._refused = refused
        self._returned = returned
        self._memory = memory
        self._lock = Lock()
        self._keeping = Lock()
        self._over = False
        self._book: LeaseBook[DynamicSecret] = LeaseBook(chance=chance, care=care)

    # -- for who asks

    def lent(self, query: DynamicSecret, now: float) -> Lent | None:
        """Return what is lent at a monotonic time; None when the lease ended or was released."""
        with self._lock:
            return self._book.lent(query, now)

    def release(self, query: DynamicSecret) -> None:
        """Lend it no more; the next read gives it back, one that is under way included."""
        with self._lock:
            self._book.release(query)

    def release_all(self) -> tuple[DynamicSecret, ...]:
        """Lend nothing more; return whose leases the next reads give back, one that is being made included."""
        with self._lock:
            self._over, queries = True, self._book.keys()
            for query in queries:
                self._book.release(query)
        return queries

    def queries(self) -> Collection[DynamicSecret]:
        """Return whose leases there are, or may be."""
        with self._lock:
            return self._book.keys()

    def forget(self, query: DynamicSecret) -> None:
        """Know nothing of it any more; who asks again gets another lease."""
        with self._lock:
            self._book.forget(query)

    # -- for who reads

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, Version],  # noqa: ARG002 - what is lent has no version
        credential: Found[Any] | None,
        deadline: Deadline,
    ) -> Mapping[AnyQuery, AnyWire]:
        """Answer every query; see `ports.Backend`. A request is sent once, and what made no lease is tried later."""
        if credential is None:
            raise TypeError("a lease came without its token")
        return {query: self._answer(query, credential.value, deadline) for query in queries}

    def _answer(self, query: AnyQuery, token: SecretValue, deadline: Deadline) -> AnyWire:
        if not isinstance(query, DynamicSecret):
            raise TypeError(f"{type(query).__name__} is not for this backend")
        leases = Leases(Session(self._http, query.host, token, query.identity.trust, deadline))
        if self._comes_too_late(query):
            return Absent()
        self._remember(query, deadline.clock)
        try:
            self._look_after(query, leases, deadline.clock)
            self._give_back(query, leases, deadline.clock)
        except Unavailable as error:  # a lease may have been made all the same
            return Failed(error, Scope.QUERY, retry_after=APART)
        except SecretSyncError as error:
            if isinstance(error, AuthenticationFailed | Forbidden):
                self._refused(query.identity, token)
            return failure(error, query)
        with self._lock:
            answer = self._book.answer(query, deadline.clock.monotonic())
        if self._memory and isinstance(answer, Absent):
            self._memory.drop(query)
        return answer

    def _comes_too_late(self, query: DynamicSecret) -> bool:
        """Whether nobody waits for this to be given back any more: a read that was on its way when all was released."""
        with self._lock:
            return self._over and not self._book.knows(query)

    def _look_after(self, query: DynamicSecret, leases: Leases, clock: Clock) -> None:
        """Do what the lease needs before it can serve; its times are counted from before they were asked for."""
        while (step := self._next(query, began := clock.monotonic())) is not None:
            if isinstance(step, LookUp):
                self._look_up(query, step, leases, clock)
                continue
            try:
                result = _done(step, query, leases)
            except LeaseEnded:
                with self._lock:
                    self._book.ended(query)
            else:
                with self._lock:
                    self._book.took(query, result, began)
                self.keep(query, clock)

    def _look_up(self, query: DynamicSecret, step: LookUp, leases: Leases, clock: Clock) -> None:
        """Find out whether a lease of an earlier run lives; one that does not, or not for long, makes room."""
        began = clock.monotonic()
        try:
            result = leases.look_up(query.place, step.lease_id)
        except LeaseEnded:
            with self._lock:
                self._book.ended(query)
        except Unavailable as error:
            if error.nobody_there:
                raise
            with self._lock:
                self._book.doubted(query, began)
        else:
            with self._lock:
                self._book.took(query, result, began)
        self._give_back(query, leases, clock)

    # -- what outlives a process

    def keep(self, query: DynamicSecret, clock: Clock) -> None:
        """Have what is lent outlive the process."""
        if self._memory is None:
            return
        with self._keeping:  # so that what is written last is what was last true
            with self._lock:
                kept = self._book.kept(query, clock.monotonic())
            if kept:
                self._memory.keep(query, kept)

    def _remember(self, query: DynamicSecret, clock: Clock) -> None:
        """Go on with what an earlier process had, the first time that something is asked for."""
        with self._lock:
            known = self._book.knows(query)
        if self._memory and not known and (kept := self._memory.find(query)):
            with self._lock:
                self._book.adopt(query, kept, clock.monotonic())

    # -- inside

    def _next(self, query: DynamicSecret, now: float) -> Step | None:
        with self._lock:
            step = self._book.next(query, now)
            if isinstance(step, Make) and self._book.too_soon(query, now):
                raise LeaseEnded(query.host, f"lease {query.name} of {query.place}", "its leases end at once")
            return step

    def _give_back(self, query: DynamicSecret, leases: Leases, clock: Clock) -> None:
        """Give back what nobody uses any more.

        Raises:
            BackendError: A lease that was released could not be; of one that was replaced nobody waits to hear.
        """
        with self._lock:
            surplus = self._book.surplus(query, clock.monotonic())
        kept = {lease_id: error for lease_id in surplus if (error := _unreturned(lease_id, query, leases))}
        with self._lock:
            self._book.given_back(query, surplus, kept=kept, now=clock.monotonic())
            released = self._book.released(query)
        for lease_id in surplus:
            if lease_id not in kept:
                self._returned(lease_id)
        if kept and released:
            raise next(iter(kept.values()))


def _done(step: Make | Renew, query: DynamicSecret, leases: Leases) -> Leased | Lease:
    if isinstance(step, Renew):
        return leases.renew(query.place, step.lease_id, ttl=query.ttl)
    return leases.create(query.place, query.name, ttl=query.ttl, principals=query.principals)


def _unreturned(lease_id: str, query: DynamicSecret, leases: Leases) -> BackendError | None:
    try:
        over = leases.revoke(query.place, lease_id)
    except BackendError as error:
        return error
    if over:
        return None
    return Unavailable(query.host, f"revoke a lease of {query.place}", "the server could not take the credentials back")
