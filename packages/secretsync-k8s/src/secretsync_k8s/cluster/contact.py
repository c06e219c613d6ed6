"""Whether the API server answers about a Lease, and lets us have it: for probes, and said once in the log."""

from __future__ import annotations

import logging

from secretsync.clock import Clock
from secretsync.errors import Forbidden, SecretSyncError

from .transport import ApiError

_log = logging.getLogger("secretsync.lease")


class Contact:
    """What became of the last attempt. Thread-safe: one thread tells, any may look.

    Attributes:
        heard: The API server answered at least once.
        failing_since: Since when (on the monotonic clock) it does not; None while it does.
        refusal: Why it does not let us have the Lease, and the remedy; "" while it does.
    """

    def __init__(self, clock: Clock) -> None:
        self.heard = False
        self.failing_since: float | None = None
        self.refusal = ""
        self._clock = clock

    def succeeded(self) -> None:
        """Note that all was answered, whoever leads."""
        self._answered("")

    def failed(self, error: SecretSyncError) -> None:
        """Note why it went wrong; a refusal is an answer too."""
        if isinstance(error, Forbidden | ApiError):
            self._answered(str(error))
        elif self.failing_since is None:
            self.failing_since = self._clock.monotonic()
            _log.warning("waiting for the API server: %s", error)

    def _answered(self, refusal: str) -> None:
        self.heard = True
        if self.failing_since is not None:
            self.failing_since = None
            _log.info("the API server answers about the lease again")
        if refusal != self.refusal:
            self.refusal = refusal
            if refusal:
                _log.warning("cannot lead: %s", refusal)
            else:
                _log.info("the lease is not refused any more")
