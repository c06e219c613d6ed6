"""The stage of one simulated life: a KMS, a disk and an agent, all in one virtual world."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from itertools import count
from random import Random
from typing import Final, final
from urllib.parse import urlsplit

from secretsync.client_policy import AGENT
from secretsync.clock import FOREVER
from secretsync.devserver.faults import Fault
from secretsync.devserver.gate import route_of
from secretsync.devserver.routing import Call, Reply
from secretsync.http import Request, Response
from secretsync.testing.kms import VirtualHttp, VirtualKMS
from secretsync.testing.simulation.coverage import Hits
from secretsync.testing.simulation.kms_deeds import Spell
from secretsync.testing.simulation.story import Story
from secretsync.testing.world import World, WorldClock
from secretsync.values import SecretValue

from .coverage import ENTRY, FILE, LEASED, LEASING, kms_phase
from .disk import Disk
from .ledger import Lease, Ledger
from .process import KILLED, AgentProcess
from .scenario import CLIENT_ID, ENVIRONMENT, HOST, PROJECT, Loan, Page, Scenario, client_secret, identity, value

_DRIFT: Final = 0.01
"""How much faster or slower than the world's the clocks of processes go."""
_SLOW: Final = 0.02
_LATENCY: Final = 0.04
"""Seconds: most ways take between nothing and this; one in fifty takes ten times as long."""
_AGAIN: Final = 10.0
"""Seconds after which who ended is started again, at most."""


@final
class Stage:
    """Everything there is, and the doors by which people and faults come in.

    Attributes:
        process: The agent that is at work, or was last.
        ledger: What the KMS has lent, as it knows it.
        hits: How often which fault hit in which phase.
        waiting: Deeds that wait for a phase.
        servers: The KMS, by its origin.
        faults: What the faults of the KMS are called.
        spells: What is wrong there beside.
        truth: What is in each folder now.
        rotated: When the cache's key became another last.
        spoilt: The numbers of templates that somebody spoiled.
        filled: When the disk was full last.
        over: Who ends is not started again.
        deleted: Files that people deleted, and nobody has made again.
        written: Files that were there.
        asked: Told of a process that asks for a lease.
        ended: Told of a process that is over.
    """

    def __init__(self, scenario: Scenario, *, seed: int, check: Callable[[], None] = lambda: None) -> None:
        self.scenario = scenario
        self.world = World(seed=seed, check=check)
        self.story = Story(self.world)
        self.disk = Disk()
        self.hits: Hits = Counter()
        self.waiting: list[Callable[[Collection[str]], bool]] = []
        self.faults: dict[Fault, str] = {}
        self.spells: list[Spell] = []
        self.truth = {path: dict(rows) for path, rows in scenario.folders.items()}
        self.secret = client_secret(0)
        self.key = "key 0"
        self._troubled = 0.0
        self.rotated = 0.0
        self.spoilt: set[int] = set()
        self.filled = 0.0
        self.over = False
        self.deleted: set[str] = set()
        self.written: set[str] = set()
        self.asked: Callable[[str, Loan], None] = lambda by, loan: None  # noqa: ARG005 - the form of it
        self._broken_since: dict[int, float] = {}
        self.ended: Callable[[AgentProcess], None] = lambda process: None  # noqa: ARG005 - the form of it
        self._random = Random(f"{seed} stage")  # noqa: S311 - a history that can be played again
        self._names, self._generations = count(1), count(1)
        self.kms = VirtualKMS(scenario.seed(), world=self.world, entropy=self._random.randbytes)
        self.servers = {HOST: self.kms}
        self.ledger = Ledger(self.world, self.kms)
        self.kms.met, self.kms.answered = self._met, self._answered
        self.disk.felt = self._felt
        self.process: AgentProcess

    def furnish(self) -> None:
        """Put the files there that people made."""
        self.disk.write("client-id", CLIENT_ID)
        self.disk.write("client-secret", self.secret)
        self.disk.write("cache-key", self.key)
        for page in self.scenario.pages:
            if page.source:
                self.disk.write(page.source, page.text)

    # -- the agent

    def start(self) -> None:
        """Begin a process."""
        name = f"agent-{next(self._names)}"
        random = Random(f"{name} {self._random.random()}")  # noqa: S311 - as above
        clock = WorldClock(
            self.world,
            ahead=random.random() * 1e6,
            rate=1.0 + _DRIFT * (2 * random.random() - 1.0),
            wrong=self.scenario.wrong,
        )
        http = VirtualHttp(self.servers, world=self.world, policy=AGENT, clock=clock, latency=self.latency)
        self.trouble()
        self.process = AgentProcess(
            name,
            self.scenario.settings(),
            world=self.world,
            http=http,
            clock=clock,
            random=random,
            asks=self._asks,
            moment=self.moment,
            got=self._got,
            ended=self._over,
        )
        self.look()
        self.story.tell(name, "starts")
        self.process.start()

    def _over(self, process: AgentProcess) -> None:
        self.trouble()
        self.story.tell(process.name, "is killed" if process.code == KILLED else f"ends with {process.code}")
        self.ended(process)
        if not self.over:
            self.world.at(self.world.now + 0.5 + _AGAIN * self._random.random(), self._replace)

    def _replace(self) -> None:
        if not self.process.alive:
            self.start()

    def latency(self) -> float:
        seconds = _LATENCY * self._random.random()
        return seconds * 10 if self._random.random() < _SLOW else seconds

    # -- requests

    def _asks(self, process: AgentProcess, request: Request) -> str:
        path, headers = urlsplit(request.url).path, {name.lower(): "" for name in request.headers}
        phase = kms_phase(Call(request.method, path, headers=headers), route_of(path))
        self.story.note(f"{process.name} {phase}")
        if phase == LEASING and isinstance(request.json, dict):
            self.asked(process.name, Loan(str(request.json["dynamicSecretName"]), str(request.json["ttl"])))
        return phase

    def _got(self, process: AgentProcess, request: Request, response: Response, began: float) -> None:
        self.ledger.got(process, request, response, began)

    def _met(self, call: Call, route: str, fault: Fault | None) -> None:
        phase = kms_phase(call, route)
        if fault is not None:
            self.hits[self.faults[fault], phase] += 1
        for spell in self.spells:
            if spell.hits(call, phase):
                self.hits[spell.name, phase] += 1

    def _answered(self, call: Call, reply: Reply) -> None:
        self.ledger.answered(call, reply)
        if kms_phase(call, route_of(call.path)) == LEASING:
            self.process.step = LEASED
            self.moment(LEASED)
            self.process.step = ""

    # -- files

    def _felt(self, *, cached: bool, step: str) -> None:
        """A call of the agent that concerns files is about to be made."""
        process = self.process
        if self.world.at_work.ended:
            self.world.abandon()
        if not step:
            return
        process.step = (ENTRY if cached else FILE)[step]
        self.moment(process.step)
        process.step = ""
        if self.world.at_work.ended:
            self.world.abandon()

    # -- troubles

    def trouble(self) -> None:
        """Note that something began or ended now that may cost requests."""
        self._troubled = self.world.now

    @property
    def troubled(self) -> float:
        """When something began or ended last that may cost requests."""
        return max(self._troubled, self.process.life.held_until)

    @property
    def is_troubled(self) -> bool:
        """Whether something is wrong now."""
        held = self.process.life.held_until > self.world.now
        wrong = self.kms.faults.any or self.spells or self.disk.full or any(map(self.is_broken, self.scenario.pages))
        return bool(held or wrong or not self.process.alive or self.process.asked_to_end)

    def moment(self, *phases: str) -> None:
        """Let those deeds be done that have waited for one of these."""
        if self.waiting:
            self.waiting[:] = [strike for strike in tuple(self.waiting) if not strike(phases)]

    # -- people

    def generation(self) -> int:
        """Return a number that was not used before."""
        return next(self._generations)

    def put(self, folder: str, key: str) -> None:
        """Have a secret have a new value."""
        text = self.truth[folder][key] = value(folder, key, self.generation())
        self.kms.model.put(PROJECT.slug, ENVIRONMENT, folder, {key: SecretValue(text)})

    def drop(self, folder: str, key: str) -> None:
        self.truth[folder].pop(key, None)
        self.kms.model.delete(PROJECT.slug, ENVIRONMENT, folder, [key])

    def know(self, secret: str, *, grants: bool = True) -> None:
        """Have the KMS know the agent by this client secret."""
        self.kms.model.replace_identity(identity(secret, grants=grants))

    def revoke(self, lease: Lease) -> None:
        """End a lease as somebody else does, who need not tell."""
        who = self.kms.model.identities.get("agent")
        assert who is not None  # noqa: S101 - it is there from the start
        with self.kms.model.leasing(who, PROJECT) as leasing:
            found = leasing.book.leases().get(lease.id)
            if found and leasing.book.provider.revoke(found.entity, leasing.book.now()):
                leasing.book.leases().pop(lease.id)
                self.ledger.revoked(lease)

    def rotate_key(self) -> None:
        """Have the cache have another key: what is in it can be read no more until it is written anew."""
        self.key = f"key {self.generation()}"
        self.rotated = self.world.now
        self.disk.write("cache-key", self.key)

    def is_broken(self, page: Page) -> bool:
        """Whether a template cannot be rendered now, whatever the KMS lends."""
        missing = any(name not in self.truth["/"] for name in page.needed)
        return missing or page.number in self.spoilt

    def broken_since(self, page: Page) -> float:
        """Return since when a template cannot be rendered; FOREVER: it can."""
        if not self.is_broken(page):
            self._broken_since.pop(page.number, None)
            return FOREVER
        return self._broken_since.setdefault(page.number, self.world.now)

    def look(self) -> None:
        """Take note of what is to be known later."""
        for page in self.scenario.pages:
            self.broken_since(page)
        if self.disk.full:
            self.filled = self.world.now

    def tidy(self) -> None:
        """End whatever still goes wrong."""
        self.trouble()
        self.waiting.clear()
        self.spells.clear()

    def close(self) -> None:
        self.world.close()
