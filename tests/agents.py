"""What the agent's tests stand on: the agent in virtual time, and as a real process.

    with AgentLine(tmp_path, {"/": {"A": "1"}}) as line:
        line.start(sinks=[line.sink("token")], templates=[line.template(SEED_TEMPLATE)])
        line.run(4800.0)

In virtual time everything is real but the clock and the threads: files on the disk, requests over HTTP to a
development KMS. What takes hours outside takes milliseconds here.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any, Self

from attrs import evolve, field, frozen

from canaries import canary, shown
from secretsync.client_policy import AGENT
from secretsync.devserver.dynamic import Lease
from secretsync.devserver.methods import Universal
from secretsync.devserver.seed import Dynamic, Grant, Identity, Project, Seed
from secretsync.devserver.server import DevServer
from secretsync.http import Address, Http, HttpClient, Request, Response
from secretsync.http.places import destination_of
from secretsync.reconcile.engine import Engine
from secretsync.reconcile.messages import Event
from secretsync.retry import Chance
from secretsync.runtime.executor import Executor
from secretsync.runtime.proofs import LocalProofs
from secretsync.testing.driver import VirtualDriver
from secretsync.testing.world import Life, World, WorldClock
from secretsync.values import SecretValue
from secretsync_agent.app import Agent
from secretsync_agent.settings import Auth, Command, File, Placing, Settings, Sink, Template
from stand import KMS, Process, entropy, repeatable

Folders = Mapping[str, Mapping[str, str]]

PROJECT = Project("6553ccb2-b7da-4b0d-8f6e-7270c2a8f1d3", "shop-k2x9", ("dev", "prod"))
CLIENT_ID = "ad2f8c67-cbe2-417a-b5eb-1339776ec0b3"
CLIENT_SECRET = canary("client-secret-of-agents")

SEED_TEMPLATE = """\
{{- with secret "PROJECT" "dev" "/" }}
{{- range . }}
{{ .Key }}={{ .Value }}
{{- end }}
{{- end }}""".replace("PROJECT", PROJECT.id)
"""That of the original's documentation."""


DATABASE = Dynamic("sql-database", default_ttl="1h", max_ttl="4h")
LEASING_TEMPLATE = """{{ with dynamic_secret "PROJECT" "dev" "/" "db" "1h" -}}
{{ .DB_USERNAME }}:{{ .DB_PASSWORD }}
{{- end }}""".replace("PROJECT", PROJECT.slug)


def seed(
    folders: Folders,
    *,
    may_subscribe: bool = False,
    dynamic: Mapping[str, Dynamic] | None = None,
    **limits: Any,
) -> Seed:
    """Return one project with these folders in `dev`, and one identity that may read all of it and lease."""
    values = {path: {key: SecretValue(text) for key, text in keys.items()} for path, keys in folders.items()}
    universal = Universal(CLIENT_ID, SecretValue(CLIENT_SECRET), **limits)
    actions: Any = ("read", *(["subscribe"] if may_subscribe else []), *(["lease"] if dynamic else []))
    who = Identity("agent", universal, grants=(Grant(PROJECT.slug, actions=actions),))
    lent = {PROJECT.slug: {"dev": {"/": dynamic or {}}}}
    return Seed(projects=(PROJECT,), identities=(who,), secrets={PROJECT.slug: {"dev": values}}, dynamic_secrets=lent)


@frozen
class Sent:
    """A request and what came of it; 0 where nothing did."""

    at: float
    method: str
    path: str
    status: int
    request: Request = field(repr=False)


@frozen
class Recorded:
    """An `HttpClient` whose requests are written down."""

    http: HttpClient
    line: AgentLine

    def send(self, request: Request) -> Response:
        path = request.url.partition("/api")[2].partition("?")[0]
        status = 0
        try:
            met = self.line.meet(request.method, path)
            response = self.http.send(request) if met is None else Response(met, {}, b"{}", request.method)
            status = response.status
        finally:
            self.line.sent.append(Sent(self.line.world.now, request.method, path, status, request))
        return evolve(response, headers=dict(self._headers(response.headers)))

    def _headers(self, headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for name, text in headers.items():
            if name == "date":
                yield name, format_datetime(parsedate_to_datetime(text) + timedelta(seconds=self.line.date_wrong))
            elif name != "etag" or not self.line.without_etags:
                yield name, text


class Drive:
    """A `VirtualDriver` as the agent wants it.

    Attributes:
        before: Told of each event that is sent to the engine, before it is.
    """

    dead = False
    silent_for = 0.0

    def __init__(self, driver: VirtualDriver, life: Life) -> None:
        self.before: Callable[[Event], None] = lambda _: None
        self._driver = driver
        self._life = life

    def start(self) -> None:
        """Time does it."""

    def send(self, event: Event) -> None:
        self.before(event)
        self._driver.send(event)

    def suspend(self, until: float) -> None:
        self._life.hold(until)

    def close(self) -> None:
        self._life.end()


class AgentLine:
    """An agent in a world of its own.

    Attributes:
        drive: What drives its engine.
        adjusts: It is adjusted whenever something was looked at.
        sent: What it asked of the KMS.
        commands: What it ran, with the time.
        fatal: Why there was no use in going on.
        would: What a dry run said.
        without_etags: The KMS names no versions.
        date_wrong: Seconds by which the dates of answers are ahead.
        meet: Returns the status that a request (its method and path) meets instead of the KMS, None for most.
        policy: Whose time-outs count; these are of real time.
    """

    def __init__(
        self,
        directory: Path,
        folders: Folders,
        *,
        chance: Chance = lambda: 0.5,
        wrong: float = 0.0,
        **limits: Any,
    ) -> None:
        self.directory = directory
        self.world = World(seed=1)
        self.clock = WorldClock(self.world, wrong=wrong)
        self.kms = DevServer(seed(folders, **limits), clock=WorldClock(self.world), entropy=entropy)
        self.sent: list[Sent] = []
        self.commands: list[tuple[float, Command]] = []
        self.fatal: list[str] = []
        self.would: list[str] = []
        self.without_etags = False
        self.date_wrong = 0.0
        self.meet: Callable[[str, str], int | None] = lambda method, path: None
        self.policy = AGENT
        self._entropy = repeatable()
        self.chance = chance
        self.agent: Agent
        self.drive: Drive
        self.adjusts = True
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self.kms)
        self.write("client-id", f" {CLIENT_ID}\n")
        self.write("client-secret", f"{CLIENT_SECRET}\n")
        return self

    def __exit__(self, *_: object) -> None:
        self.world.close()
        self._stack.close()

    # -- what it is told

    def path(self, name: str) -> str:
        return str(self.directory / name)

    def write(self, name: str, text: str) -> str:
        (self.directory / name).write_text(text, "utf-8")
        return self.path(name)

    def read(self, name: str) -> str | None:
        """Return what a file holds, None where there is none."""
        path = self.directory / name
        return path.read_text("utf-8") if path.exists() else None

    def auth(self, *, remove: bool = False) -> Auth:
        secret = File(self.path("client-secret"), remove=remove)
        return Auth("universal-auth", {"client-id": File(self.path("client-id")), "client-secret": secret})

    def sink(self, name: str = "token", **placing: Any) -> Sink:
        return Sink(self.path(name), Placing(**placing))

    def template(self, text: str = SEED_TEMPLATE, name: str = "app.env", number: int = 1, **more: Any) -> Template:
        return Template(number, self.path(name), text=text, **{"interval": 60.0, **more})

    def settings(self, **told: Any) -> Settings:
        return Settings(**{"address": f"http://{KMS}", "auth": self.auth(), **told})

    # -- life

    def start(
        self,
        *,
        sinks: Sequence[Sink] = (),
        templates: Sequence[Template] = (),
        dry: bool = False,
        resolve: Mapping[Address, Address] | None = None,
        **told: Any,
    ) -> None:
        """Begin, and let what it does at once be done."""
        settings = self.settings(sinks=tuple(sinks), templates=tuple(templates), **told)
        bundles: dict[str, bytes] = {}
        places = {(KMS, 80): destination_of(self.kms.url).address, **(resolve or {})}
        http = Http(self.policy, self.clock, bundles=bundles, resolve=places)
        self._stack.callback(http.close)
        self.agent = Agent(
            settings,
            http=Recorded(http, self),
            bundles=bundles,
            driver=self._driver,
            clock=self.clock,
            chance=self.chance,
            entropy=self._entropy,
            proofs=LocalProofs(),
            pause=self._pause,
            command=lambda command: self.commands.append((self.world.now, command)),
            news=self._news,
            fatal=self.fatal.append,
            would=self.would.append if dry else None,
        )
        self._stack.callback(self.agent.close)
        self.agent.start()
        self.run(0.0)

    def _driver(self, engine: Engine, executor: Executor) -> Drive:
        life = Life("agent")
        self.drive = Drive(VirtualDriver(engine, executor, world=self.world, clock=self.clock, life=life), life)
        return self.drive

    def _news(self) -> None:
        if self.adjusts:
            self.agent.adjust()

    def _pause(self, seconds: float) -> bool:
        self.world.sleep(seconds)
        return False

    def stop(self, *, most: float = 25.0) -> int | None:
        """Return the exit code of an end by a signal; None: it takes longer than it may."""
        code, end = self.agent.stopping(), self.world.now + most
        while code is None and self.world.now < end:
            self.run(0.1)
            code = self.agent.revoked()
        return code

    def suspend(self, seconds: float) -> None:
        """Suspend its machine, from when it waits next."""
        self.drive.suspend(self.world.now + seconds)

    def restart(self, **told: Any) -> None:
        """End it and begin another."""
        self.agent.close()
        self.start(**told)

    def run(self, seconds: float) -> None:
        """Let so much time pass."""
        self.world.run(self.world.now + seconds)

    def until(self, holds: Callable[[], object], *, most: float = 100.0) -> None:
        """Let time pass, second by second, until something holds."""
        end = self.world.now + most
        while not holds():
            assert self.world.now < end, f"did not become true within {most} s"
            self.run(1.0)

    # -- what came of it

    def asked(self, *routes: str) -> list[tuple[str, int]]:
        """Return the last word of the path of every request, with its answer; of these routes only, if some are named."""
        words = [(one.path.rpartition("/")[2], one.status) for one in self.sent]
        return [word for word in words if not routes or word[0] in routes]

    def times(self, route: str) -> list[float]:
        return [one.at for one in self.sent if one.path.rpartition("/")[2] == route]

    def put(self, **values: str) -> None:
        """Write secrets of the root folder."""
        self.kms.model.put(PROJECT.slug, "dev", "/", values)

    def users(self) -> set[str]:
        """Return the users that live in the database."""
        return users(self.kms)

    def leases(self) -> list[str]:
        """Return the ids of the leases that live, oldest first."""
        return list(leases(self.kms))

    def made(self) -> list[float]:
        """Return when a lease was asked for."""
        return [one.at for one in self.sent if one.method == "POST" and one.path.endswith("/leases")]


def leases(kms: DevServer) -> Mapping[str, Lease]:
    """Return the leases that live, by id, oldest first."""
    who = kms.model.identities.get("agent")
    assert who is not None
    with kms.model.leasing(who, kms.model.project(who, id=PROJECT.id)) as leasing:
        return dict(leasing.book.leases())


def users(kms: DevServer) -> set[str]:
    """Return the users that live in the database of a KMS, after those were taken back whose time was over."""
    leases(kms)
    return set(kms.model.provider.live)


def revoke(kms: DevServer, lease_id: str) -> None:
    """End a lease, as somebody else does."""
    who = kms.model.identities.get("agent")
    assert who is not None
    with kms.model.leasing(who, kms.model.project(who, id=PROJECT.id)) as leasing:
        leasing.book.revoke(leasing.book.leases()[lease_id], at=leasing.book.now())


class Running(Process):
    """`secretsync-agent` as a process."""

    def __init__(self, *argv: str, home: Path, environ: Mapping[str, str] | None = None) -> None:
        program = Path(sys.executable).with_name("secretsync-agent")
        base = {"HOME": str(home), "PATH": os.defpath, "SHELL": "/bin/sh"}
        super().__init__([str(program), *argv], {**base, **(environ or {})}, cwd=home)


class AgentStand:
    """A development KMS and agents as real processes; at its end all that they printed is searched for secrets.

    with AgentStand(tmp_path, {"/": {"A": canary()}}) as stand:
        agent = stand.agent(sinks=["token"], templates=[{"template-content": SEED_TEMPLATE, "destination-path": "f"}])
        agent.line("saved to path")
    """

    def __init__(self, directory: Path, folders: Folders, **limits: Any) -> None:
        self.directory = directory
        self.kms = DevServer(seed(folders, **limits), entropy=entropy)
        self.agents: list[Running] = []

    def __enter__(self) -> Self:
        self.kms.start()
        self.write("client-id", CLIENT_ID)
        self.write("client-secret", CLIENT_SECRET)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            for agent in self.agents:
                agent.stop()
        finally:
            self.kms.stop()
        for agent in self.agents:
            told = "\n".join([*agent.lines, *agent.seen.values()])
            print(*agent.lines, sep="\n")  # noqa: T201 - pytest shows it of failures
            assert not shown(told)
            assert "a fault of ours" not in told

    def write(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text, "utf-8")

    def read(self, name: str) -> str | None:
        path = self.directory / name
        return path.read_text("utf-8") if path.exists() else None

    def put(self, **values: str) -> None:
        self.kms.model.put(PROJECT.slug, "dev", "/", values)

    def document(
        self,
        *,
        sinks: Sequence[str] = (),
        templates: Sequence[Mapping[str, Any]] = (),
        program: Mapping[str, Any] | None = None,
        cache: Mapping[str, Any] | None = None,
        **kms: Any,
    ) -> dict[str, Any]:
        """Return a configuration."""
        return {
            **({"cache": cache} if cache else {}),
            **({"exec": program} if program else {}),
            "kms": {"address": self.kms.url, **{key.replace("_", "-"): value for key, value in kms.items()}},
            "auth": {"type": "universal-auth", "config": {"client-id": "client-id", "client-secret": "client-secret"}},
            "sinks": [{"type": "file", "config": {"path": path}} for path in sinks],
            "templates": [dict(template) for template in templates],
        }

    def agent(self, *argv: str, environ: Mapping[str, str] | None = None, **told: Any) -> Running:
        """Start an agent with a configuration."""
        self.write("agent-config.yaml", json.dumps(self.document(**told)))
        self.agents.append(Running("--log-level", "debug", *argv, home=self.directory, environ=environ))
        return self.agents[-1]


def template(text: str = SEED_TEMPLATE, path: str = "app.env", **config: Any) -> dict[str, Any]:
    """Return a template of a configuration that is polled each second."""
    wire = {key.replace("_", "-"): value for key, value in config.items()}
    return {"template-content": text, "destination-path": path, "config": {"polling-interval": "1000ms", **wire}}
