"""One kind of the process: it stands for its Lease, and works while it holds it.

standby ──led──▶ waiting for the install key ──▶ running
   ▲                                                │
   └──────────────────── lost ──────────────────────┘
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable
from threading import Event, Thread
from typing import Final

from secretsync.backends.kms.webhook import Changed
from secretsync.clock import Clock
from secretsync.digest import Digester
from secretsync.errors import BackendError, Defect, SecretSyncError
from secretsync.retry import Backoff, Chance

from ..cluster.lease import Election, LeaseName
from ..cluster.transport import Transport
from . import running
from .fence import Fenced
from .install_key import install_key
from .metrics import Facts, Metrics
from .running import Running
from .settings import Settings

_log = logging.getLogger("secretsync.operator")

DOUBT: Final = 5.0
"""Seconds without an answer about the Lease: half of the time in which a leader must have renewed it."""
_BACKOFF: Final = Backoff(base=1.0, cap=15.0, floor=0.5)


class Part:
    """Started and stopped once, by one thread; probes and scrapes come from any.

    Args:
        transport: For everything but the Lease.
        lease_transport: A connection of its own: a renewal must not wait behind other requests.
        lease: The Lease to lead by; None: this process is told to be the only one.
        failed: Called with an error that no retry mends, in a thread of this part.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        transport: Transport,
        lease_transport: Transport,
        lease: LeaseName | None,
        metrics: Metrics,
        clock: Clock,
        chance: Chance,
        failed: Callable[[SecretSyncError], None],
    ) -> None:
        self._settings = settings
        self._transport = Fenced(transport, self._remaining)
        self._metrics = metrics
        self._clock = clock
        self._chance = chance
        self._failed = failed
        self._election = self._candidate(lease_transport, lease) if lease else None
        self._over = Event()
        self._thread: Thread | None = None
        self._running: Running | None = None

    def _candidate(self, transport: Transport, lease: LeaseName) -> Election:
        return Election(transport, lease, clock=self._clock, chance=self._chance, led=self._begin, lost=self._end)

    @property
    def leading(self) -> bool:
        """Whether this process may write, at this very moment."""
        return self._remaining() > 0.0

    def _remaining(self) -> float:
        return self._election.remaining if self._election else math.inf

    def start(self) -> None:
        """Stand for the Lease; returns at once."""
        if self._election is None:
            self._begin()
        else:
            self._election.start()

    def stop(self) -> None:
        """End the work, then give the Lease back."""
        if self._election is None:
            self._end()
        else:
            self._election.stop()

    # -- the work, from one gain of the Lease to its loss

    def _begin(self) -> None:
        self._over = Event()
        self._thread = Thread(target=self._work, args=(self._over,), name="work", daemon=True)
        self._thread.start()

    def _end(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _work(self, over: Event) -> None:
        try:
            key = self._key(over)
            if key is not None:
                self._run(Digester(key), over)
        except SecretSyncError as error:
            self._failed(error)
        except Exception as error:  # noqa: BLE001 - a process that leads and does nothing must not go on
            self._failed(Defect(f"{type(error).__name__} while starting to work"))

    def _key(self, over: Event) -> bytes | None:
        """Return the install key as soon as the API server gives it; None when it is over before."""
        failures = 0
        while not over.is_set():
            try:
                return install_key(self._transport, namespace=self._settings.namespace, entropy=os.urandom)
            except BackendError as error:
                failures += 1
                _log.warning("waiting for the API server: %s", error)
                over.wait(_BACKOFF.delay(failures, self._chance))
        return None

    def _run(self, digest: Digester, over: Event) -> None:
        started = running.start(
            self._settings, self._transport, digest, self._metrics, clock=self._clock, chance=self._chance
        )
        self._running = started
        _log.info("running")
        over.wait()
        _log.info("stopping")
        self._running = None
        started.stop()

    def hear(self, changed: Changed) -> bool:
        """Have everything looked at that may have changed; return whether this process is the one that does."""
        now = self._running
        if now is not None:
            now.hear(changed)
        return now is not None

    # -- what probes and scrapers ask

    def healthy(self) -> tuple[bool, str]:
        """Whether the process should live on; no outage of others is a reason against it."""
        if not self._heard:
            return True, "ok: waiting for the API server"
        now = self._running
        return now.healthy() if now else (True, "ok")

    def ready(self) -> tuple[bool, str]:
        """Whether it does what it is there for: lead and work, or stand by."""
        if not self._heard:
            return False, "waiting for the API server"
        if trouble := self._trouble():
            return False, trouble
        if not self.leading:
            return True, "standby"
        now = self._running
        return now.ready() if now else (False, "waiting for the API server")

    def _trouble(self) -> str:
        """Return why the Lease cannot be had or kept; "" if it can."""
        if self._election is None:
            return ""
        contact = self._election.contact
        since = contact.failing_since
        if since is not None and (silent := self._clock.monotonic() - since) > DOUBT:
            return f"the lease is in doubt: the API server has not answered for {silent:.0f} s"
        return contact.refusal

    @property
    def _heard(self) -> bool:
        return self._election.contact.heard if self._election else self._running is not None

    def facts(self) -> Facts:
        """Return what the metrics tell; a standby knows nothing."""
        now = self._running
        return now.facts() if now else Facts()
