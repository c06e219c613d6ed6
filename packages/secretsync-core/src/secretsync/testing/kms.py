"""KMS servers in a virtual world: the development KMS's endpoints without sockets, and the client's way to them.

What a client sends and gets is what goes over HTTP, and the real backend makes its errors of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from email.utils import format_datetime
from typing import Final, final

from attrs import evolve

from ..client_policy import ClientPolicy
from ..clock import Clock, Deadline
from ..devserver.api import routes
from ..devserver.entropy import Entropy
from ..devserver.faults import Fault, Faults, lie, wrong_answer
from ..devserver.gate import route_of
from ..devserver.model import KMS
from ..devserver.routing import Call, Reply, Router
from ..devserver.seed import Seed
from ..errors import DeadlineExceeded, Unavailable
from ..http import Body, Request, Response, revealed
from ..values import SecretValue
from .world import World, WorldClock

Met = Callable[[Call, str, Fault | None], None]
"""Told of a request with its route and the fault that it met."""
_OK: Final = 200
_NOT_MODIFIED: Final = 304
_BEARER: Final = "Bearer "
Answered = Callable[[Call, Reply], None]
"""Told of what goes back, before it does."""


@final
class VirtualKMS:
    """One KMS server in the world, with the faults of the development KMS.

    Attributes:
        model: What it knows; changed by whoever plays its users.
        faults: In force now.
        date_wrong: Seconds by which it says that it is later than it is.
        met: Who is told of each request as it arrives.
        answered: Who is told of each answer to a request, as it leaves: true ones and lies.
    """

    def __init__(self, seed: Seed, *, world: World, entropy: Entropy) -> None:
        self.model: Final = KMS(seed, clock=WorldClock(world), entropy=entropy)
        self.faults: Final = Faults()
        self.date_wrong: float = 0.0
        self.met: Met = lambda call, route, fault: None  # noqa: ARG005 - the form of a `Met`
        self.answered: Answered = lambda call, reply: None  # noqa: ARG005 - the form of an `Answered`
        self._router = Router(routes(self.model), entropy=entropy)
        self._kept: dict[tuple[str, tuple[tuple[str, str], ...], str], tuple[int, Reply | None]] = {}

    def take(self, call: Call) -> Fault | None:
        """Return the fault that a request meets, counted."""
        route = route_of(call.path)
        fault = self.faults.take(route, call.method)
        self.met(call, route, fault)
        return fault

    def answer(self, call: Call, fault: Fault | None) -> Reply:
        """Return the answer to a request that got this far."""
        reply = self._reply(call, fault)
        if fault is None or fault.passes or fault.lies or fault.lost:
            self.answered(call, reply)
        return evolve(reply, headers={**reply.headers, "date": self._date()})

    def _date(self) -> str:
        return format_datetime(self.model.now() + timedelta(seconds=self.date_wrong), usegmt=True)

    def _true(self, call: Call) -> Reply:
        """Return the answer; one that was given before and still holds costs nothing, as most in a life are."""
        token = call.headers.get("authorization", "")
        key = call.path, tuple(call.query.items()), token
        revision, reply = self._kept.get(key, (-1, None))
        if (
            reply is None
            or revision != self.model.revision
            or not self.model.admits(SecretValue(token[len(_BEARER) :]))
        ):
            reply = self._router.answer(_unconditional(call))
            if call.method == "GET" and reply.status == _OK:
                self._kept[key] = self.model.revision, reply
        else:
            self.model.identify(SecretValue(token[len(_BEARER) :]))  # which counts the use
        same = reply.status == _OK and call.headers.get("if-none-match") == reply.headers["etag"]
        return Reply(_NOT_MODIFIED, reply.headers) if same else reply

    def _reply(self, call: Call, fault: Fault | None) -> Reply:
        if fault is None or fault.passes or fault.lost:
            return self._true(call)
        if fault.lies:
            reply = self._router.answer(_unconditional(call))
            headers = {"content-type": "application/json"}
            return Reply(reply.status, headers, lie(fault, reply.body))
        wrong = wrong_answer(fault)
        return Reply(wrong.status, {"content-type": wrong.kind, **wrong.headers}, wrong.body * wrong.times)


@final
class VirtualHttp:
    """An `HttpClient` to the KMS servers of a world; its requests take the world's time.

    Args:
        servers: By address, such as `https://kms.example`: what comes before `/api`.
        policy: For its time-outs.
        latency: Seconds that a request or an answer is on its way.
    """

    def __init__(
        self,
        servers: Mapping[str, VirtualKMS],
        *,
        world: World,
        policy: ClientPolicy,
        clock: Clock,
        latency: Callable[[], float],
    ) -> None:
        self._servers = servers
        self._world = world
        self._policy = policy
        self._clock = clock
        self._latency = latency

    def send(self, request: Request) -> Response:
        """See `HttpClient.send`."""
        origin, api, rest = request.url.partition("/api/")
        operation = request.operation
        patience = (request.deadline or Deadline(self._clock)).within(self._policy.read_timeout)
        if not patience:
            raise DeadlineExceeded(f"{operation} at {origin}: the time was over before it was asked")
        server = self._servers.get(origin)
        if server is None:
            raise Unavailable(origin, operation, "its name does not resolve")
        call = Call(request.method, api + rest, request.params, _headers(request), _body(request.json))
        try:
            reply = self._exchange(server, call, patience)
        except TimeoutError:
            raise Unavailable(origin, operation, "no answer in time") from None
        except ConnectionError:
            raise Unavailable(origin, operation, "the connection broke off") from None
        return Response(reply.status, reply.headers, reply.body, request.method, request.url)

    def _exchange(self, server: VirtualKMS, call: Call, patience: float) -> Reply:
        self._world.sleep(self._latency())
        fault = server.take(call)
        if fault is not None:
            self._suffer(fault, patience)
        reply = server.answer(call, fault)
        self._world.sleep(self._latency())
        if fault is not None and (fault.lost or fault.body == "truncated"):
            raise ConnectionError
        return reply

    def _suffer(self, fault: Fault, patience: float) -> None:
        if fault.hang or fault.delay >= patience:
            self._world.sleep(patience)
            raise TimeoutError
        self._world.sleep(fault.delay)
        if fault.reset:
            raise ConnectionError


def _unconditional(call: Call) -> Call:
    return evolve(call, headers={name: value for name, value in call.headers.items() if name != "if-none-match"})


def _headers(request: Request) -> dict[str, str]:
    named = {name.lower(): value for name, value in request.headers.items()}
    return named | {"authorization": f"{_BEARER}{request.token.text()}"} if request.token else named


def _body(body: Body | None) -> bytes:
    return b"" if body is None else json.dumps(revealed(body)).encode()
