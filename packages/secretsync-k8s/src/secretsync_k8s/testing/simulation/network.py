"""The way from one process to the API server, in virtual time and in any weather.

request ── on its way ── what it meets ── the server ── what the answer meets ── on its way ──▶
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final, Literal, TypeVar, final

from attrs import field

from secretsync.classes import define, frozen
from secretsync.clock import FOREVER
from secretsync.errors import BackendError, Unavailable
from secretsync.testing.world import Signal, World

from ...cluster.transport import API, JSON, TIMEOUT, Body, Json, refused
from ..direct import DirectTransport, Events

T = TypeVar("T")

Trouble = Literal["refuse", "slow", "hang", "reset", "lost", "conflict", "busy", "failing"]
"""What a request meets:

    refuse    no connection                     reset   the connection breaks before anything is done
    slow      it takes seconds                  lost    it takes effect, and the answer is lost
    hang      nothing comes until the time-out  conflict, busy, failing: 409, 429, 503 in place of an answer
"""

OUTAGE: Final = "api outage"
HALF_OPEN: Final = "api half-open"

_STATUSES: Final[Mapping[Trouble, int]] = {"conflict": 409, "busy": 429, "failing": 503}
_WORDS: Final[Mapping[int, str]] = {409: "Conflict", 429: "TooManyRequests", 503: "ServiceUnavailable"}
_READS: Final = frozenset({"get", "list", "watch"})
_UNWATCHED: Final = frozenset({"leases", "events"})
"""What is written often and watched by nobody."""


@frozen
class ApiCall:
    """What a request is about: a verb of the API, and a resource with its sub-resource."""

    verb: str
    resource: str
    namespace: str = ""
    name: str = ""

    @property
    def writes(self) -> bool:
        return self.verb not in _READS

    def __str__(self) -> str:
        return f"{self.verb} {self.resource} {self.namespace}{'/' if self.namespace else ''}{self.name}".rstrip()


_VERBS: Final = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@lru_cache(maxsize=1024)
def call_of(method: str, path: str, *, watch: bool = False) -> ApiCall:
    """Return what a method and a path mean."""
    segments = path.strip("/").split("/")
    segments = segments[2:] if segments[0] == "api" else segments[3:]
    namespace = ""
    if segments[0] == "namespaces" and len(segments) > 2:  # noqa: PLR2004 - namespaces/NAME is the namespace itself
        namespace, segments = segments[1], segments[2:]
    plural, name, subresource = [*segments, "", ""][:3]
    verb = _VERBS.get(method) or ("watch" if watch else "get" if name else "list")
    return ApiCall(verb, f"{plural}/{subresource}" if subresource else plural, namespace, name)


@define(eq=False)
class Hindrance:
    """One thing that goes wrong with requests.

    Attributes:
        matches: Which requests.
        times: How many of them still, without end by default.
        seconds: How long slow ones take; what goes into `Retry-After` of a 429.
        name: What `Link.met` calls it.
    """

    trouble: Trouble
    matches: Callable[[ApiCall], bool] = lambda call: True  # noqa: ARG005 - the form of it
    times: float = FOREVER
    seconds: float = 0.0
    name: str = ""


@define(eq=False)
class Weather:
    """What goes wrong with the requests of everybody, also of who comes later; as the attributes of `Link`."""

    hindrances: list[Hindrance] = field(factory=list)
    cuts: int = 0
    silences: int = 0


@final
class Link:
    """A `Transport` of one process in the world.

    Attributes:
        hindrances: In force now; the first that matches counts.
        cuts: While there are any, nothing goes through, and open connections have broken.
        silences: While there are any, nothing goes through, and nobody is told (a half-open network).
        coming: Told of each request that is about to meet the server.
        met: Told of each request as it meets the server, and by what it was hindered, "" by nothing.
        done: Told of each request that took effect, with what was sent.
        everywhere: What goes wrong for everybody.
        untold: What took effect and whose answer is on its way.
    """

    def __init__(
        self,
        direct: DirectTransport,
        *,
        world: World,
        latency: Callable[[], float],
        changed: Callable[[], None],
        everywhere: Weather | None = None,
    ) -> None:
        self.everywhere = everywhere or Weather()
        self.hindrances: list[Hindrance] = []
        self.cuts = 0
        self.silences = 0
        self.untold: dict[object, ApiCall] = {}
        self.coming: Callable[[ApiCall], None] = lambda call: None  # noqa: ARG005 - the form of it
        self.met: Callable[[ApiCall, str], None] = lambda call, name: None  # noqa: ARG005 - as above
        self.done: Callable[[ApiCall, Body | None], None] = lambda call, body: None  # noqa: ARG005 - as above
        self._direct = direct
        self._world = world
        self._latency = latency
        self._changed = changed
        self._streams: dict[LinkStream, None] = {}

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] = {},
        body: Body | None = None,
        content_type: str = JSON,
        accept: str = JSON,
        timeout: float = TIMEOUT,
    ) -> Json:
        """See `Transport.request`."""

        def travel() -> Json:
            return self._travel(
                method,
                path,
                query=query,
                body=body,
                content_type=content_type,
                accept=accept,
                timeout=timeout,
                took_effect=lambda call: self.untold.update({travel: call}),
            )

        try:
            return self._sent(travel, f"{method} {path}", timeout)
        finally:
            self.untold.pop(travel, None)

    def stream(self, path: str, *, query: Mapping[str, str], accept: str = JSON, timeout: float) -> LinkStream:
        """See `Transport.stream`."""
        operation, call = f"watch {path}", call_of("GET", path, watch=True)

        def travel() -> Events:
            self._go(call, operation, timeout)
            return self._direct.stream(path, query=query, accept=accept, timeout=timeout)

        events = self._sent(travel, operation, timeout)
        stream = LinkStream(self, call, events, self._world, self._latency, operation=operation, patience=timeout)
        self._streams[stream] = None
        return stream

    def poke(self) -> None:
        """Have open watches look for news."""
        for stream in tuple(self._streams):
            stream.poked.set()

    def forget(self, stream: LinkStream) -> None:
        self._streams.pop(stream, None)

    @property
    def is_cut(self) -> bool:
        return bool(self.cuts or self.everywhere.cuts)

    @property
    def is_silent(self) -> bool:
        return bool(self.silences or self.everywhere.silences)

    @property
    def watching(self) -> list[ApiCall]:
        """The watches that are open."""
        return [stream.call for stream in self._streams]

    def break_off(self) -> None:
        """Break all open connections, as a server that goes away does."""
        for stream in tuple(self._streams):
            self.met(stream.call, OUTAGE)
            stream.broken = True
            stream.poked.set()

    # -- one request

    def _sent(self, travel: Callable[[], T], operation: str, timeout: float) -> T:
        """Return what comes back. What was sent is on its way, whatever becomes of the sender meanwhile."""
        arrived, answers, errors = Signal(), list[T](), list[BackendError]()

        def work() -> None:
            try:
                answers.append(travel())
            except BackendError as error:
                errors.append(error)
            arrived.set(at=self._world.now + self._latency())

        self._world.spawn(work, after=self._latency())
        self._world.wait(arrived)
        if errors:
            raise errors[0]
        if self.is_cut or self.is_silent:
            self._stop_here(operation, timeout if self.is_silent else 0.0)
        return answers[0]

    def _travel(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str],
        body: Body | None,
        content_type: str,
        accept: str,
        timeout: float,
        took_effect: Callable[[ApiCall], None],
    ) -> Json:
        operation, call = f"{method} {path}", call_of(method, path)
        lost = self._go(call, operation, timeout)
        answer = self._direct.request(method, path, query=query, body=body, content_type=content_type, accept=accept)
        took_effect(call)
        self.done(call, body)
        if call.writes and call.resource not in _UNWATCHED:
            self._changed()
        if lost:
            self._stop_here(operation, 0.0)
        return answer

    def _go(self, call: ApiCall, operation: str, timeout: float) -> bool:
        """Let the request get to the server; return whether its answer will be lost.

        Raises:
            BackendError: It does not get there, or is refused there.
        """
        self.coming(call)
        if self.is_cut or self.is_silent:
            self.met(call, OUTAGE if self.is_cut else HALF_OPEN)
            self._stop_here(operation, timeout if self.is_silent else 0.0)
        hindrance = self._hindrance(call)
        self.met(call, hindrance.name if hindrance else "")
        if hindrance is None:
            return False
        match hindrance.trouble:
            case "lost":
                return True
            case "slow" if hindrance.seconds < timeout:
                self._world.sleep(hindrance.seconds)
                return False
            case "slow" | "hang":
                self._stop_here(operation, timeout)
            case "reset" | "refuse":
                self._stop_here(operation, 0.0)
        raise _refusal(operation, hindrance)

    def _stop_here(self, operation: str, seconds: float) -> None:
        self._world.sleep(seconds)
        raise Unavailable(API, operation, "no answer in time" if seconds else "the connection broke")

    def _hindrance(self, call: ApiCall) -> Hindrance | None:
        for one in (*self.everywhere.hindrances, *self.hindrances):
            if one.times > 0 and one.matches(call):
                one.times -= 1
                return one
        return None


@final
class LinkStream:
    """The objects of a watch as they come over a link.

    Attributes:
        call: What asked for it.
        poked: Set when there may be news.
        broken: The connection is no more.
    """

    def __init__(
        self,
        link: Link,
        call: ApiCall,
        events: Events,
        world: World,
        latency: Callable[[], float],
        *,
        operation: str,
        patience: float,
    ) -> None:
        self.poked = Signal()
        self.broken = False
        self.call = call
        self._link = link
        self._events = events
        self._world = world
        self._latency = latency
        self._operation = operation
        self._patience = patience

    def __iter__(self) -> Iterator[Json]:
        heard = self._world.now
        while True:
            self._check(heard)
            if not self._link.is_silent:
                events = self._events.poll()
                if events is None:
                    return
                if events:
                    heard = self._world.now
                    yield from events
                    continue
            self._wait(heard)

    def close(self) -> None:
        self._link.forget(self)
        self._events.close()
        self.poked.set()

    def _check(self, heard: float) -> None:
        if self.broken:
            raise Unavailable(API, self._operation, "the connection broke")
        if self._world.now >= heard + self._patience:
            self._link.met(self.call, HALF_OPEN)
            raise Unavailable(API, self._operation, "no answer in time")

    def _wait(self, heard: float) -> None:
        until = heard + self._patience
        self._world.wait(self.poked, until=until if self._link.is_silent else min(until, self._events.wake_at))
        self._world.sleep(self._latency())


def _refusal(operation: str, hindrance: Hindrance) -> BackendError:
    status = _STATUSES[hindrance.trouble]
    return refused(operation, status, {"reason": _WORDS[status]}, retry_after=hindrance.seconds)
