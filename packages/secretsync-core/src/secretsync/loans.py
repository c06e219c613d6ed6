"""Leases as a program holds them: credentials that stay good while they are open."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from functools import partial
from threading import Lock
from typing import Final, final

from .backends.kms.lending import Lending
from .backends.kms.queries import DynamicSecret
from .clock import Clock
from .errors import ClientClosed, DeadlineExceeded, EngineStopped, LeaseEnded, SecretSyncError
from .mailbox import CALLER
from .queries import Absent
from .reconcile.ask import Ask
from .reconcile.messages import Event, Moved, Subject, Withdrawn
from .targets import Target
from .values import ANOTHER_VERSION, SecretValue

_HOUR: Final = 3600.0

log: Final = logging.getLogger("secretsync.client")


@final
class Credentials(Mapping[str, SecretValue]):
    """What a lease lends, as it is now; as thread-safe as any mapping that nobody changes.

    A lease is renewed while it is open. When it is as old as it may get, another one takes its place, a minute before
    the old credentials go: what belongs together is taken from one `current()`.
    """

    def __init__(self, current: Callable[[], Mapping[str, SecretValue]]) -> None:
        self._current = current

    def current(self) -> Mapping[str, SecretValue]:
        """Return the credentials of one lease.

        Raises:
            LeaseEnded: It could be neither renewed nor replaced, or was given back; its cause says why, if known.
        """
        return self._current()

    def __getitem__(self, key: str) -> SecretValue:
        return self._current()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._current())

    def __len__(self) -> int:
        return len(self._current())

    def __repr__(self) -> str:
        return "Credentials(…)"


@final
class Loan:
    """One lease, and what became of it. Changed by the engine's thread, but for `released`.

    Attributes:
        lent: Resolved when there is a lease, or none can be had.
        returned: Resolved when it was tried to be given back.
        query: What is asked of the KMS, once that is known.
        error: Why it could not be looked after the last time, if it could not.
        released: It is to be given back.
    """

    def __init__(self, current: Callable[[Loan], Mapping[str, SecretValue]]) -> None:
        self.lent: Future[Credentials] = Future()
        self.returned: Future[None] = Future()
        self.query: DynamicSecret | None = None
        self.error: SecretSyncError | None = None
        self.released = False
        self._current = current
        for future in (self.lent, self.returned):
            future.set_running_or_notify_cancel()

    def told(self, error: SecretSyncError | None) -> None:
        """Take in how the engine finds it."""
        self.error = error
        if not self.lent.done():
            self._begun(error)
        if error is not None and (self.released or isinstance(error, EngineStopped)):
            self._tried(error)

    def ended(self, error: SecretSyncError) -> bool:
        """Return whether nothing more can come of it."""
        if isinstance(error, ClientClosed):
            return True
        return isinstance(error, LeaseEnded) if self.released else not self.lent.done()

    def _begun(self, error: SecretSyncError | None) -> None:
        if error is None:
            self.lent.set_result(Credentials(lambda: self._current(self)))
        else:
            self.lent.set_exception(error)

    def _tried(self, error: SecretSyncError) -> None:
        if not isinstance(error, LeaseEnded):
            log.warning("a lease is not given back yet: %s", error)
        if not self.returned.done():
            self.returned.set_result(None)


@final
class Loans:
    """The leases of one connection. Safe to call from several threads.

    Args:
        lending: Who lends.
        clock: Tells when a lease ended.
        send: Takes what the engine is to hear of.
        begin: Has the engine keep a subject, and tells how it stands each time that changes.
        forget: Has nobody told of a subject any more.
    """

    def __init__(
        self,
        lending: Lending,
        *,
        clock: Clock,
        send: Callable[[Event], None],
        begin: Callable[[Subject, Callable[[SecretSyncError | None], None]], None],
        forget: Callable[[str], object],
    ) -> None:
        self._lending = lending
        self._clock = clock
        self._send = send
        self._begin = begin
        self._forget = forget
        self._lock = Lock()
        self._open: dict[str, Loan] = {}

    def lend(self, key: str, query_of: Callable[[Ask], DynamicSecret], *, deadline: float) -> Loan:
        """Have a lease, looked after until it is given back.

        Args:
            key: Its subject's name, which is nobody else's.
            query_of: What to ask for.
            deadline: Monotonic time by which it must be there.
        """
        loan = self._open[key] = Loan(self._lent)
        asked = partial(self._asked, loan, query_of)
        subject = Subject(key, CALLER, asked, b"", _HOUR, deadline=deadline)
        try:
            self._begin(subject, partial(self._told, key, loan))
        except ClientClosed:
            del self._open[key]
            raise
        return loan

    def give_back(self, loan: Loan) -> Future[None]:
        """Have it given back; the future is resolved when that was tried, and it is tried until it works."""
        with self._lock:
            first, loan.released = not loan.released, True
        if first and loan.query is not None:  # once, because who is released twice might be forgotten in between
            self._lending.release(loan.query)
            self._send(Moved(loan.query, ANOTHER_VERSION))
        return loan.returned

    def give_all_back(self) -> list[Future[None]]:
        return [self.give_back(loan) for loan in tuple(self._open.values())]

    def _asked(self, loan: Loan, query_of: Callable[[Ask], DynamicSecret], ask: Ask) -> tuple[Target, ...]:
        query = loan.query = query_of(ask)
        if loan.released:  # perhaps before it was known what to release
            self._lending.release(query)
        if isinstance(ask(query), Absent):
            raise _ended(query, "it was given back")
        return ()

    def _told(self, key: str, loan: Loan, error: SecretSyncError | None) -> None:
        """Called on the engine's thread."""
        over = error is not None and loan.ended(error)
        loan.told(error)
        if not over:
            return
        if isinstance(error, DeadlineExceeded):  # it may be made all the same, and is given back then
            self.give_back(loan)
            return
        self._forget(key)
        self._send(Withdrawn(key))
        del self._open[key]
        if loan.query is not None and not isinstance(error, EngineStopped):  # then what was lent is good to its end
            self._lending.forget(loan.query)

    def _lent(self, loan: Loan) -> Mapping[str, SecretValue]:
        if loan.query is None:
            raise TypeError("nothing is lent before it is known what")
        fields = self._lending.lent(loan.query, self._clock.monotonic())
        if fields is None:
            detail = "it was given back" if loan.released else "it could be neither renewed nor replaced"
            raise _ended(loan.query, detail) from loan.error
        return fields


def _ended(query: DynamicSecret, detail: str) -> LeaseEnded:
    return LeaseEnded(query.host, f"use a lease of {query.name} of {query.place}", detail)


def given(credentials: Mapping[str, SecretValue]) -> Loan:
    """Return a loan of credentials that nobody lends: for tests."""
    loan = Loan(lambda _: credentials)
    loan.told(None)
    loan.returned.set_result(None)
    return loan
