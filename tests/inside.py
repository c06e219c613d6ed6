"""A development KMS in this process: no sockets, no threads, and the time of one clock for both sides.

`Asker` asks it by hand, `Inside` is a client for HTTP to it, and `Turns` runs an engine whose requests take no time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from attrs import define, field

from secretsync.devserver.api import routes
from secretsync.devserver.model import KMS
from secretsync.devserver.routing import Call, Router
from secretsync.devserver.seed import parse_seed
from secretsync.digest import Digester
from secretsync.errors import SecretSyncError
from secretsync.http import Request, Response, revealed
from secretsync.ports import Backend
from secretsync.reconcile.engine import Engine
from secretsync.reconcile.messages import Event, Report
from secretsync.retry import Chance
from secretsync.runtime.executor import Executor
from secretsync.testing import ManualClock
from secretsync.values import SecretValue

HOST = "http://kms"


def kms(seed: str, clock: ManualClock) -> KMS:
    """Return a KMS whose secrets of its own making are small numbers."""
    count = iter(range(1, 1_000_000))
    return KMS(parse_seed(seed), clock=clock, entropy=lambda size: next(count).to_bytes(size))


class Asker:
    """Somebody who is logged in and asks.

    Args:
        name: The client id; the secret is `s`.
        base: Before each path.
    """

    def __init__(self, kms: KMS, name: str = "all", *, base: str = "") -> None:
        self._router = Router(routes(kms), entropy=bytes)
        self._token = kms.login(client_id=name, client_secret=SecretValue("s")).token.text()
        self._base = base

    def __call__(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, /, **query: str
    ) -> tuple[int, Any]:
        """Return status and JSON of the answer."""
        headers = {"authorization": f"Bearer {self._token}"}
        raw = b"" if body is None else json.dumps(body).encode()
        reply = self._router.answer(Call(method, self._base + path, query, headers, raw))
        return reply.status, json.loads(reply.body)


Meet = Callable[[str], Response | None]


@define
class Inside:
    """An `HttpClient` to a KMS in this process.

    Attributes:
        asked: Method and path of every request, the path below `/api`.
        meet: Called with each of these before it is answered; may raise, or answer in its place.
        skew: Seconds by which the server says that it is later than it is.
    """

    kms: KMS
    asked: list[str] = field(factory=list)
    meet: Meet = lambda asked: None
    skew: float = 0.0

    def send(self, request: Request) -> Response:
        path = request.url.removeprefix(HOST)
        asked = f"{request.method} {path.removeprefix('/api')}"
        self.asked.append(asked)
        return self.meet(asked) or self._answered(request, path)

    def _answered(self, request: Request, path: str) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if request.token is not None:
            headers["authorization"] = f"Bearer {request.token.text()}"
        body = json.dumps(revealed(request.json or {})).encode()
        call = Call(request.method, path, request.params, headers, body)
        reply = Router(routes(self.kms), entropy=bytes).answer(call)
        date = format_datetime(self.kms.now() + timedelta(seconds=self.skew), usegmt=True)
        return Response(reply.status, {**reply.headers, "date": date}, reply.body, request.method, request.url)


@define
class Turns:
    """An engine and all that it has done, in the time of a manual clock."""

    clock: ManualClock
    backends: Sequence[Backend]
    chance: Chance = lambda: 0.5
    reports: list[Report] = field(factory=list)
    engine: Engine = field(init=False)
    _executor: Executor = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.engine = Engine(digest=Digester(b"key"), chance=self.chance, limit=lambda host: 4)
        self._executor = Executor(clock=self.clock, backends=self.backends, places=[], report=self.reports.append)

    def send(self, *events: Event) -> None:
        """Hand in what happened, and let all come of it that takes no time."""
        happened: Iterable[Event] = events
        while happened or self.engine.wake_at <= self.clock.monotonic():
            effects = self.engine.step(happened, self.clock.monotonic())
            happened = [self._executor.carry_out(effect) for effect in effects]

    def until(self, end: float, look: Callable[[float], object] = lambda seconds: None) -> None:
        """Let time pass; `look` is called before each stretch in which nothing happens, with its seconds."""
        self.send()
        while (now := self.clock.monotonic()) < end:
            seconds = min(max(self.engine.wake_at, now), end) - now
            look(seconds)
            self.clock.advance(seconds)
            self.send()

    def errors(self) -> list[SecretSyncError]:
        """Return the errors that were reported, and forget them."""
        reports, self.reports[:] = list(self.reports), []
        return [error for report in reports for error in report.outcome.errors]
