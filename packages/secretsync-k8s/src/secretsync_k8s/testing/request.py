"""One call of the API: what comes in, the record that stays, and the faults that tests script."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Literal

from attrs import define, field, frozen

from .resources import ResourceType
from .status import Json, plain

Verb = Literal["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]


@frozen
class Request:
    """A verb on a resource. `options` are the API's query parameters, by their names on the wire."""

    verb: Verb
    type: ResourceType
    namespace: str = ""
    """"" for cluster-scoped resources, and for lists and watches of every namespace."""
    name: str = ""
    subresource: str = ""
    body: Json = field(factory=dict, repr=False)
    options: Mapping[str, str] = {}


@frozen
class Record:
    """What stays of a request: never its body. `status` is the HTTP status, 0 when the connection was cut."""

    verb: str
    resource: str
    subresource: str
    namespace: str
    name: str
    status: int


@define
class _Fault:
    verb: str | None
    resource: str | None
    status: int | Literal["reset"]
    left: int

    def matches(self, request: Request) -> bool:
        resources = {None, request.type.plural, request.type.full_name}
        return self.left > 0 and self.verb in {None, request.verb} and self.resource in resources


class Faults:
    """What goes wrong on purpose. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._planned: list[_Fault] = []
        self.outage = False

    def plan(self, *, verb: str | None, resource: str | None, status: int | Literal["reset"], times: int) -> None:
        with self._lock:
            self._planned.append(_Fault(verb, resource, status, times))

    def clear(self) -> None:
        with self._lock:
            self._planned.clear()

    def meet(self, request: Request) -> None:
        """Let the request through, or raise what was planned for it.

        Raises:
            ApiError: The planned status.
            ConnectionResetError: The connection is to be cut.
        """
        if self.outage:
            raise ConnectionResetError
        status = self._take(request)
        if status == "reset":
            raise ConnectionResetError
        if status:
            raise plain(status, "a fault that the test planned")

    def _take(self, request: Request) -> int | Literal["reset", ""]:
        with self._lock:
            fault = next((fault for fault in self._planned if fault.matches(request)), None)
            if fault is None:
                return ""
            fault.left -= 1
            return fault.status
