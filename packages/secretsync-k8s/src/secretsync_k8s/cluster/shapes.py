"""How the objects that are targets hold their content: Secrets in base64, ConfigMaps as texts (kmssecret §4.2, §5)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Protocol

from secretsync.classes import frozen
from secretsync.targets import Content
from secretsync.values import SecretValue

from .resources import CONFIGMAPS, SECRETS, Resource
from .transport import Json

RESERVED: Final = frozenset({"kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token"})
"""Types of Secrets that are credentials of the cluster itself: never read for others, never written."""
OPAQUE: Final = "Opaque"


class Shape(Protocol):
    """What is different between the kinds."""

    @property
    def resource(self) -> Resource: ...

    def type(self, obj: Json) -> str:
        """Return the type of an object, "" where the kind has none."""
        ...

    def content(self, obj: Json) -> Content:
        """Return what an object holds, keys sorted."""
        ...

    def created(self, content: Content, type_: str) -> Json:
        """Return the fields of a new object."""
        ...

    def patched(self, put: Content, drop: Iterable[str]) -> Json:
        """Return the fields of a merge patch; none where nothing changes."""
        ...


@frozen
class _Secrets:
    resource: Resource = SECRETS

    def type(self, obj: Json) -> str:
        return str(obj.get("type", OPAQUE))

    def content(self, obj: Json) -> Content:
        return _sorted(_decoded(obj.get("data")))

    def created(self, content: Content, type_: str) -> Json:
        return {"type": type_ or OPAQUE, "data": _encoded(content)}

    def patched(self, put: Content, drop: Iterable[str]) -> Json:
        data = _encoded(put) | dict.fromkeys(drop)
        return {"data": data} if data else {}


@frozen
class _ConfigMaps:
    resource: Resource = CONFIGMAPS

    def type(self, obj: Json) -> str:  # noqa: ARG002 - the form of a `Shape`
        return ""

    def content(self, obj: Json) -> Content:
        texts = {key: SecretValue(text) for key, text in (obj.get("data") or {}).items()}
        return _sorted(texts | _decoded(obj.get("binaryData")))

    def created(self, content: Content, type_: str) -> Json:  # noqa: ARG002 - the form of a `Shape`
        return {"data": {key: value.text() for key, value in content.items()}}

    def patched(self, put: Content, drop: Iterable[str]) -> Json:
        gone: Json = dict.fromkeys(drop)
        data = {key: value.text() for key, value in put.items()} | gone
        # What others put there as bytes must go: a key may stand in one of the two only.
        return {"data": data, "binaryData": dict.fromkeys(data)} if data else {}


SHAPES: Final[Mapping[str, Shape]] = {SECRETS.kind: _Secrets(), CONFIGMAPS.kind: _ConfigMaps()}
"""By the kind of a target's `Ref`."""


def _decoded(data: Json | None) -> dict[str, SecretValue]:
    return {key: SecretValue(b64decode(text)) for key, text in (data or {}).items()}


def _encoded(content: Content) -> Json:
    return {key: b64encode(value.reveal()).decode() for key, value in content.items()}


def _sorted(content: dict[str, SecretValue]) -> Content:
    return MappingProxyType(dict(sorted(content.items())))
