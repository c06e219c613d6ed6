"""An agent as a process of the world: the real one, on virtual time; it may be killed any time.

What `main` does with threads and signals is done here with tasks: it hears of what was looked at, and ends when it is
asked to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final, final

from attrs import field

from secretsync.classes import define
from secretsync.http import HttpClient, Request, Response
from secretsync.reconcile.engine import Engine
from secretsync.reconcile.messages import Event
from secretsync.runtime.executor import Executor
from secretsync.runtime.proofs import LocalProofs
from secretsync.testing.driver import VirtualDriver
from secretsync.testing.world import Life, Signal, World, WorldClock

from ...app import Agent
from ...settings import Command, Settings
from .coverage import ENDING, IDLE, STARTING

KILLED: Final = 137
"""The exit code of what was killed."""


@final
@define(eq=False)
class Drive:
    """A `VirtualDriver` as the agent wants it."""

    driver: VirtualDriver
    life: Life
    dead: bool = False
    silent_for: float = 0.0

    def start(self) -> None:
        """Time does it."""

    def send(self, event: Event) -> None:
        self.driver.send(event)

    def close(self) -> None:
        if not self.life.ended:  # what was killed waits for nothing
            self.driver.close()


@final
@define(eq=False)
class Asking:
    """An `HttpClient` that tells which requests are under way.

    Attributes:
        asks: Told of each request as it is sent; returns the phase that it is of.
        moment: Told of the phase once it is on.
        got: Told of each answer as it comes, and when the request was sent.
    """

    http: HttpClient
    asks: Callable[[Request], str]
    moment: Callable[[str], None]
    got: Callable[[Request, Response, float], None]
    world: World
    flying: Counter[str] = field(factory=Counter)

    def send(self, request: Request) -> Response:
        """See `HttpClient.send`."""
        phase, began = self.asks(request), self.world.now
        self.flying[phase] += 1
        try:
            self.moment(phase)
            response = self.http.send(request)
        finally:
            self.flying[phase] -= 1
        self.got(request, response, began)
        return response


@final
class AgentProcess:
    """One process.

    Attributes:
        life: Ended when it is killed or has stopped.
        agent: What is at work in it; None until it is put together.
        code: Its exit code; None while it runs.
        step: Which write of which file it is at.
        asked_to_end: It got a signal.

    Args:
        ended: Told that it is over.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        world: World,
        http: HttpClient,
        clock: WorldClock,
        random: Random,
        asks: Callable[[AgentProcess, Request], str],
        moment: Callable[[str], None],
        got: Callable[[AgentProcess, Request, Response, float], None],
        ended: Callable[[AgentProcess], None],
    ) -> None:
        self.name = name
        self.settings = settings
        self.life = Life(name)
        self.agent: Agent | None = None
        self.code: int | None = None
        self.step = ""
        self.asked_to_end = False
        self._closed = False
        self.began = world.now
        self._world = world
        self._clock = clock
        self._random = random
        self._moment = moment
        self._ended = ended
        self._news = Signal()
        self._heard = True
        self._asking = Asking(
            http,
            lambda request: asks(self, request),
            moment,
            lambda request, response, began: got(self, request, response, began),
            world,
        )

    @property
    def alive(self) -> bool:
        return not self.life.ended

    @property
    def phases(self) -> set[str]:
        """What it is at."""
        if not self.alive:
            return set()
        flying = {phase for phase, n in self._asking.flying.items() if n}
        steps = {self.step} if self.step else set()
        starting = {STARTING} if self.agent is None else set()
        ending = {ENDING} if self.asked_to_end else set()
        return flying | steps | starting | ending or {IDLE}

    # -- life

    def start(self) -> None:
        self._world.spawn(self._work, self.life)

    def kill(self) -> None:
        """End it as kill -9 does: nothing is tidied up, and the system closes what it held open."""
        self._over(KILLED)

    def stop(self) -> None:
        """Ask it to end."""
        if not self.asked_to_end:
            self.asked_to_end = True
            self._world.spawn(self._end, self.life)

    def _work(self) -> None:
        self._moment(STARTING)
        if not self.alive:
            return
        self.agent = agent = self._assembled()
        agent.start()
        while True:
            if self._heard:
                self._world.wait(self._news)
            self._heard = True
            if not self.asked_to_end:
                agent.adjust()

    def _assembled(self) -> Agent:
        return Agent(
            self.settings,
            http=self._asking,
            bundles={},
            driver=self._driver,
            clock=self._clock,
            chance=self._random.random,
            entropy=self._random.randbytes,
            proofs=LocalProofs(),
            pause=self._pause,
            command=_nothing,
            news=self._tell,
            fatal=self._give_up,
        )

    def _driver(self, engine: Engine, executor: Executor) -> Drive:
        driver = VirtualDriver(engine, executor, world=self._world, clock=self._clock, life=self.life)
        return Drive(driver, self.life)

    def _pause(self, seconds: float) -> bool:
        if not self._closed:
            self._world.sleep(seconds)
        return self._closed

    def _tell(self) -> None:
        self._heard = False
        self._news.set()

    def _end(self) -> None:
        """Say goodbye, and have revoked what is to end with it, for as long as it may take."""
        while self.agent is None:
            self._world.sleep(1.0)
        code, end = self.agent.stopping(), self._world.now + self.settings.shutdown_timeout
        while code is None:
            self._world.wait(self._news, until=end)
            code = self.agent.revoked() if self._world.now < end else 1
        self._leave(code)

    def _give_up(self, why: str) -> None:  # noqa: ARG002 - the agent says it itself
        self._world.spawn(lambda: self._leave(1), self.life)

    def _leave(self, code: int) -> None:
        """End as it should: what is being written is finished first."""
        self._closed = True
        if self.agent:
            self.agent.close()
        self._over(code)

    def _over(self, code: int) -> None:
        if self.alive:
            self.code = code
            self.life.end()
            if self.agent:
                self.agent.close()  # of which nothing is left to do but what the system does: files are let go of
            self._ended(self)


def _nothing(command: Command) -> None:
    """No template of these lives has a command."""
