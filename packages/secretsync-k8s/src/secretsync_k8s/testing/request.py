"""One call of the API: what comes in, and the record that stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from attrs import field

from secretsync.classes import frozen

from .resources import ResourceType
from .status import Json

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
    body: Json | list[Json] = field(factory=dict, repr=False)
    """A list only in a JSON patch."""
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
