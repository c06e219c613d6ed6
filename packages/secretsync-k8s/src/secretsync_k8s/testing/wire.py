"""HTTP without sockets: which request of the API a method and a path mean, and the bytes of its answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hmac import compare_digest
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import field

from secretsync.classes import frozen

from . import control, discovery
from .cluster import MemoryCluster
from .request import Request, Verb
from .resources import Registry, ResourceType
from .status import ApiError, Json, plain
from .views import View, negotiate, shown
from .watch import Watch

_HEALTH: Final = frozenset({"/healthz", "/livez", "/readyz"})
_PATCHES: Final[dict[str, type]] = {"application/merge-patch+json": dict, "application/json-patch+json": list}
_STRATEGIC: Final = "application/strategic-merge-patch+json"
"""What kubectl sends of built-in types; taken where it means what a merge patch does."""
_OBJECT: Final[dict[str, type]] = {"application/json": dict}
_TRUE: Final = frozenset({"1", "true"})
_VERBS: Final[dict[str, tuple[Verb | None, Verb | None]]] = {
    "GET": ("get", "list"),
    "POST": (None, "create"),
    "PUT": ("update", None),
    "PATCH": ("patch", None),
    "DELETE": ("delete", "deletecollection"),
}
"""The verb that a method means on one object, and on all of them."""


@frozen
class Call:
    """One HTTP request. Header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@frozen
class Reply:
    """One HTTP answer that has an end."""

    status: int
    body: bytes = field(repr=False)
    content_type: str = "application/json"
    headers: Mapping[str, str] = {}


@frozen
class Stream:
    """One HTTP answer that goes on: the events of a watch, a line each."""

    watch: Watch
    type: ResourceType
    view: View
    call: Request
    cluster: MemoryCluster

    def __iter__(self) -> Iterator[bytes]:
        """Yield what there is to send, several lines at once when several events wait."""
        while events := self.watch.take():
            yield self._lines(events)

    def poll(self) -> bytes | None:
        """Return what there is to send now, maybe nothing; None when the watch is over."""
        events = self.watch.poll()
        return None if events is None else self._lines(events)

    def _lines(self, events: list[Json]) -> bytes:
        return b"".join(dumped(self._shown(event)) + b"\n" for event in events)

    def _shown(self, event: Json) -> Json:
        if self.view == "Whole":
            return event
        return {**event, "object": _in_view(event["object"], self.view, self.call, self.cluster)}


class Wire:
    """Answers HTTP requests. Safe to call from several threads.

    Args:
        token: The bearer token that every request must carry but for the health checks; None admits everybody.
    """

    def __init__(self, cluster: MemoryCluster, *, token: str | None) -> None:
        self._cluster = cluster
        self._token = token

    def answer(self, call: Call) -> Reply | Stream:
        """Return the answer; what the API refuses is a `Status` with its status code.

        Raises:
            ConnectionResetError: The connection is to be cut, because the test asked for it.
            Hung: It is to be left open without an answer, for the same reason.
        """
        if self._cluster.down:
            raise ConnectionResetError
        try:
            return self._answer(call)
        except ApiError as error:
            retry = error.details.get("retryAfterSeconds")
            headers = {"Retry-After": str(retry)} if retry else {}
            return Reply(error.status, dumped(error.to_json()), headers=headers)

    def _answer(self, call: Call) -> Reply | Stream:
        path, segments, options = _parsed(call.target)
        if path in _HEALTH:
            return Reply(200, b"ok", "text/plain; charset=utf-8")
        self._authenticate(call)
        if path.startswith(control.PREFIX):
            name = path.removeprefix(control.PREFIX)
            return Reply(200, dumped(control.answer(self._cluster, call.method, name, _body(call, _OBJECT))))
        registry = self._cluster.api.registry
        if call.method == "GET" and not _names_resource(segments):
            return Reply(200, dumped(discovery.answer(segments, registry.all())))
        request = _request(call, segments, options, registry)
        view = negotiate(call.headers.get("accept", ""))
        if request.verb == "watch":
            return Stream(self._cluster.open_watch(request), request.type, view, request, self._cluster)
        answer = self._cluster.perform(request)
        status = 201 if request.verb == "create" else 200
        return Reply(status, dumped(_in_view(answer, view, request, self._cluster)))

    def _authenticate(self, call: Call) -> None:
        if self._token is None:
            return
        given = call.headers.get("authorization", "")
        if not compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            raise plain(401, "Unauthorized")


_encoded: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def dumped(body: Json) -> bytes:
    """Return the JSON of a body as it goes over the wire."""
    return _encoded(body).encode()


def _in_view(body: Json, view: View, request: Request, cluster: MemoryCluster) -> Json:
    return shown(body, view, request.type, now=cluster.clock.now(), options=request.options)


@lru_cache(maxsize=1024)
def _parsed(target: str) -> tuple[str, tuple[str, ...], Mapping[str, str]]:
    """Return the path of a target, its segments and its query; clients ask for the same again and again."""
    url = urlsplit(target)
    segments = tuple(unquote(segment) for segment in url.path.split("/") if segment)
    return url.path, segments, MappingProxyType(dict(parse_qsl(url.query)))


def _names_resource(segments: Sequence[str]) -> bool:
    """Whether a path goes beyond group and version, where the resources are."""
    depth = {"api": 2, "apis": 3}.get(segments[0] if segments else "", len(segments))
    return len(segments) > depth


def _request(call: Call, segments: Sequence[str], options: Mapping[str, str], registry: Registry) -> Request:
    type_, namespace, name, subresource = _place(segments, registry)
    one, many = _VERBS.get(call.method, (None, None))
    verb = one if name else many
    if call.method == "POST" and subresource:
        verb = "create"
    if verb == "list" and options.get("watch") in _TRUE:
        verb = "watch"
    if verb is None or (type_.namespaced and not namespace and verb in {"create", "deletecollection"}):
        raise plain(405, "the server does not allow this method on the requested resource")
    patches = _PATCHES if type_.custom else _PATCHES | {_STRATEGIC: dict}
    body = _body(call, patches if verb == "patch" else _OBJECT)
    if _content_type(call) == _STRATEGIC and not _is_merge_patch(body):
        raise plain(415, "strategic merge patches with lists or directives are not imitated here")
    return Request(verb, type_, namespace, name, subresource, body, options)


def _place(segments: Sequence[str], registry: Registry) -> tuple[ResourceType, str, str, str]:
    """Return the resource type, namespace, name and sub-resource that a path names."""
    match segments:
        case ["api", version, *rest]:
            group = ""
        case ["apis", group, version, *rest]:
            pass
        case _:
            raise plain(404, "the server could not find the requested resource")
    namespace = ""
    match rest:
        case ["namespaces", namespace, plural, *rest] if group or plural != "status":
            pass
        case [plural, *rest]:
            pass
    name, subresource, *more = [*rest, "", ""]
    type_ = registry.find(group, version, plural)
    if any(more) or (type_.namespaced != bool(namespace) and (namespace or name)):
        raise plain(404, "the server could not find the requested resource")
    return type_, namespace, name, subresource


def _body(call: Call, accepted: Mapping[str, type]) -> Any:
    """Return the JSON in the body, of the type that its content type means; an empty object where there is none.

    Raises:
        ApiError: 415 for another content type, 400 for what is no JSON of that type. The text of neither quotes it.
    """
    if not call.body:
        return {}
    default = next(iter(accepted))
    content_type = _content_type(call) or default
    if content_type not in accepted:
        known = ", ".join(accepted)
        raise plain(415, f"the body of the request was in an unknown format - accepted media types include: {known}")
    try:
        body = json.loads(call.body)
    except ValueError:
        raise plain(400, "the body of the request is not JSON") from None
    if not isinstance(body, accepted[content_type]):
        what = "array" if accepted[content_type] is list else "object"
        raise plain(400, f"the body of the request is not a JSON {what}")
    return body


def _content_type(call: Call) -> str:
    return call.headers.get("content-type", "").partition(";")[0].strip()


def _is_merge_patch(patch: Any) -> bool:
    """Whether a strategic merge patch has neither lists, which it may merge, nor directives."""
    if isinstance(patch, dict):
        return all(not name.startswith("$") and _is_merge_patch(value) for name, value in patch.items())
    return not isinstance(patch, list)
