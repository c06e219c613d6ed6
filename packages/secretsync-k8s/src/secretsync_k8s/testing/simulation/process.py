"""An operator as a process of the world: it stands for its Lease and works while it leads; it may be killed any time.

The same parts as in `operator.part` and `operator.running`, on virtual time: Election, engine, executor, watches.
"""

from __future__ import annotations

import math
from collections.abc import Callable, MutableMapping
from functools import partial
from typing import Final, final

from secretsync.digest import Digester
from secretsync.errors import BackendError
from secretsync.http import HttpClient
from secretsync.reconcile.messages import Effect
from secretsync.retry import Backoff, Chance
from secretsync.testing.driver import VirtualDriver
from secretsync.testing.world import Calm, Life, Signal, SleepersClock, World, WorldClock

from ...cluster.lease import Election, LeaseName
from ...cluster.reflector import AHEAD, Reflector, Reflectors
from ...cluster.resources import SECRETS
from ...operator.assembly import Parts, assemble
from ...operator.fence import Fenced
from ...operator.install_key import install_key
from ...operator.metrics import Metrics
from ...operator.settings import Settings
from .coverage import IDLE, STANDING_BY, STARTING, TAKING_OVER, WRITTEN, effect_phases
from .network import Link

LEASE: Final = "cf2b8c44.lux.network"
_GLANCE: Final = 0.05
_BACKOFF: Final = Backoff(base=1.0, cap=15.0, floor=0.5)


@final
class OperatorProcess:
    """One process.

    Attributes:
        life: Ended when it is killed or has stopped.
        link: To the API server.
        parts: What is at work while it leads.
        driver: Of these.
        leads_since: When (in the world's seconds) it began to lead; None while it does not.

    Args:
        entropy: Returns so many random bytes.
        bundles: Where `http` looks for CA certificates.
        stood: Called after each round of its candidature, the only moments at which it may come to lead.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        world: World,
        life: Life,
        link: Link,
        lease_link: Link,
        http: HttpClient,
        clock: WorldClock,
        calm: Calm,
        chance: Chance,
        entropy: Callable[[int], bytes],
        bundles: MutableMapping[str, bytes] | None = None,
        watch: Callable[[Effect], None] = lambda effect: None,  # noqa: ARG005 - the form of it
        stood: Callable[[], None] = lambda: None,
        tell: Callable[[str], None] = lambda what: None,  # noqa: ARG005 - the form of it
    ) -> None:
        self.name = name
        self.life = life
        self.link = link
        self.lease_link = lease_link
        self.parts: Parts | None = None
        self.driver: VirtualDriver | None = None
        self.work: Life | None = None
        self._stood_by = False
        self._stopping = False
        self._stopped = Signal()
        self._settings = settings
        self._world = world
        self._http = http
        self._clock = clock
        self._lease_clock = SleepersClock(clock, calm)
        self._chance = chance
        self._entropy = entropy
        self._bundles = {} if bundles is None else bundles
        self._watch = watch
        self._stood = stood
        self._tell = tell
        self._election = self._candidate() if settings.leader_elect else None

    def _candidate(self) -> Election:
        return Election(
            self.lease_link,
            LeaseName(self._settings.namespace, LEASE, self.name),
            clock=self._lease_clock,
            chance=self._chance,
            led=self._begin,
            lost=self._end,
        )

    @property
    def leading(self) -> bool:
        """Whether it may write at this very moment, by its own clock."""
        return self._remaining() > 0.0

    def _remaining(self) -> float:
        if self.life.ended:
            return 0.0
        return self._election.remaining if self._election else math.inf

    @property
    def is_alone(self) -> bool:
        """Whether others wait for it to be over: for its Lease, or as long as it lives.

        What it sent and was killed over may land at any time; without a Lease its successor has begun by then.
        """
        return self._election is not None or not self.life.ended

    @property
    def synced(self) -> bool:
        """Whether it works, and has seen everything there is."""
        return self.parts is not None and self.parts.watches.synced

    @property
    def busy_with(self) -> str:
        """Say what it is doing at this moment."""
        return " and ".join(sorted(self.phases))

    @property
    def phases(self) -> set[str]:
        """What it is doing at this moment, never nothing."""
        if self.work is None and self._stood_by:
            return {STANDING_BY}
        flying = self.driver.flying.values() if self.driver else ()
        found = {phase for effect in flying for phase in effect_phases(effect)}
        if any(call.writes and call.resource == "secrets" for call in self.link.untold.values()):
            found.add(WRITTEN)
        if not self.synced:
            found.add(TAKING_OVER if self._stood_by else STARTING)
        return found or {IDLE}

    def monotonic(self) -> float:
        """Return the time by its own clock."""
        return self._clock.monotonic()

    def start(self) -> None:
        if self._election is None:
            self._begin()
        else:
            self._world.spawn(self._stand, self.life)

    def stop(self) -> None:
        """End as after SIGTERM: the work, then the Lease given back, then the process."""
        self._stopping = True
        self._stopped.set()
        if self._election is None:
            self._world.spawn(self._stop, self.life)

    def kill(self) -> None:
        self.life.end()

    def _stand(self) -> None:
        assert self._election is not None  # noqa: S101 - see `start`
        while not self._stopping:  # the Lease is given back here, or the next round would take it again
            wait = self._election.step()
            self._stood_by |= not self._election.leading
            self._stood()
            if not self._stopping:
                self._world.wait(self._stopped, until=self._world.now + wait)
                self._lease_clock.sleep_through()
        self._election.resign()
        self.life.end()

    def _stop(self) -> None:
        self._end()
        self.life.end()

    # -- the work, from one gain of the Lease to its loss

    def _begin(self) -> None:
        self._tell("begins to work")
        self.work = Life(f"work of {self.name}", self.life)
        self._world.spawn(self._work, self.work)

    def _end(self) -> None:
        self._tell("ends its work")
        work, driver, parts = self.work, self.driver, self.parts
        if driver is not None:
            driver.close()
        if parts is not None:
            for watch in parts.watches.all():
                watch.begin_stop()
        if work is not None:
            work.end()
        self.driver = self.parts = self.work = None

    def _work(self) -> None:
        work = self.work
        assert work is not None  # noqa: S101 - see `_begin`
        transport = Fenced(self.link, self._remaining)
        digest = Digester(self._key(transport))
        self.parts = parts = assemble(
            self._settings,
            transport,
            self._http,
            digest,
            Metrics(lambda: ()),
            bundles=self._bundles,
            hostname=self.name,
            clock=self._clock,
            chance=self._chance,
        )
        self.driver = driver = VirtualDriver(
            parts.engine, parts.executor, world=self._world, clock=self._clock, life=work, watch=self._watch
        )
        parts.listen(driver.send)
        self._follow_all(parts.watches, work)

    def _follow_all(self, watches: Reflectors, work: Life) -> None:
        """See `Reflectors.start_all`."""
        ahead = watches.of(SECRETS)
        end = self._world.now + AHEAD
        for watch in ahead:
            self._world.spawn(partial(self._follow, watch), work)
        while self._world.now < end and not all(watch.synced.is_set() for watch in ahead):
            self._world.sleep(_GLANCE)
        for watch in watches.all():
            if watch not in ahead:
                self._world.spawn(partial(self._follow, watch), work)

    def _follow(self, watch: Reflector) -> None:
        while True:
            self._world.sleep(watch.step())

    def _key(self, transport: Fenced) -> bytes:
        failures = 0
        while True:
            try:
                return install_key(transport, namespace=self._settings.namespace, entropy=self._entropy)
            except BackendError:
                failures += 1
                self._world.sleep(_BACKOFF.delay(failures, self._chance))
