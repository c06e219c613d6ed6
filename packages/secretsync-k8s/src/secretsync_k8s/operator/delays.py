"""Says when the checks of a host cannot keep their time, and when they can again.

What asks more of a host than it can serve has its period stretched, evenly for all who ask there. That is told in the
log, once at its start and once at its end; how much it is stands in the metrics at all times. A condition on every
object concerned would be a storm of writes when there is least time for it, and an Event needs an object to be about.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from threading import Event, Thread
from typing import Final

from secretsync.errors import EngineStopped
from secretsync.reconcile.reads import Lateness

_log = logging.getLogger("secretsync.operator")

EVERY: Final = 10.0
"""Seconds between two looks."""
BEGINS: Final = 1.0
"""Periods by which a check is late when it is told: by then one was left out."""
ENDS: Final = 0.5
"""Periods below which that is over."""

Look = Callable[[], Mapping[str, Lateness]]


class Delays:
    """A thread that looks and tells. Started and stopped once.

    Args:
        look: Returns how late each host's checks are, or raises TimeoutError or EngineStopped.
        every: Seconds between two looks.
    """

    def __init__(self, look: Look, *, every: float = EVERY) -> None:
        self._look = look
        self._every = every
        self._late: set[str] = set()
        self._over = Event()
        self._thread = Thread(target=self._watch, name="delays", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(self._every):
            try:
                hosts = self._look()
            except (TimeoutError, EngineStopped):
                continue  # readiness tells that the engine is busy or stopped
            self.tell(hosts)

    def tell(self, hosts: Mapping[str, Lateness]) -> None:
        """Log what began and what ended since the last time."""
        for host, late in hosts.items():
            if host not in self._late and late.periods >= BEGINS:
                self._late.add(host)
                _log.warning(
                    "%s takes more time than its checks have: the oldest is late by %.0f s and all periods stretch; "
                    "have it answer faster, or raise the interval of objects that ask it",
                    host,
                    late.seconds,
                )
            elif host in self._late and late.periods < ENDS:
                self._late.remove(host)
                _log.info("the checks of %s are made in time again", host)
