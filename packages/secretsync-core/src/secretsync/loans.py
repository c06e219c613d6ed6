"""Leases as a program holds them: credentials that stay good while they are open."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Final, final

from .backends.kms.queries import DynamicSecret
from .errors import ClientClosed, LeaseEnded, SecretSyncError
from .values import SecretValue

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
        if self.released and error is not None:
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


def given(credentials: Mapping[str, SecretValue]) -> Loan:
    """Return a loan of credentials that nobody lends: for tests."""
    loan = Loan(lambda _: credentials)
    loan.told(None)
    loan.returned.set_result(None)
    return loan
