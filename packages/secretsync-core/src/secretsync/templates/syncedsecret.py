"""The language of SyncedSecret's templates: that of Go 1.23 with five functions, and its data."""

from __future__ import annotations

import base64 as _base64
from collections.abc import Mapping
from typing import Final, NoReturn

from .dialects import Dialect
from .errors import FunctionError
from .functions import ANY, Chapters, Function, Layers
from .gotime.instant import ZERO, Instant
from .gotime.record import time_record
from .gotime.zones import UTC
from .values import MAP, Record, TypedMap, encoded, type_name

SECRETS: Final = "secretsmanager.Secrets"
EPOCH: Final = Instant(0)
_META: Final = "secretsmanager.PolledSecretMeta"


def polled(tags: Mapping[str, str], version: str, updated: int) -> Record:
    """Return what a template sees of a secret: its tags, its version and when that was made, in ns since 1970."""
    return _polled(TypedMap("map[string]string", tags), version, EPOCH.plus(updated))


def _polled(tags: TypedMap, version: str, updated: Instant) -> Record:
    return Record(_META, {"Tags": tags, "CurrentVersionID": version, "UpdatedAt": time_record(updated, UTC)})


def parameters(secrets: Mapping[str, Record]) -> Record:
    """Return the data of a template: `.Secrets`, by name."""
    return Record("k8ssecret.templateParams", {"Secrets": _secrets(secrets)})


def _secrets(found: Mapping[str, Record]) -> TypedMap:
    return TypedMap(SECRETS, found, zero=_polled(TypedMap("map[string]string", is_nil=True), "", ZERO))


def filter_by_tag_key(secrets: Mapping[str, Record] | None, key: str) -> TypedMap:
    """Return the secrets that have a tag, whatever its value."""
    return _secrets({name: secret for name, secret in (secrets or {}).items() if key in _tags(secret)})


def _tags(secret: Record) -> TypedMap:
    tags = secret.fields["Tags"]
    assert isinstance(tags, TypedMap)  # noqa: S101  # `polled` made it
    return tags


def base64(value: object) -> str:
    """Return a text in base64, padded."""
    if not isinstance(value, str):
        found = "nil" if value is None else type_name(value)
        raise FunctionError(f"interface conversion: interface {{}} is {found}, not string")
    return _base64.b64encode(encoded(value)).decode("ascii")


def _unanswered(*_: object) -> NoReturn:
    raise FunctionError("nobody answers here")


_FUNCTIONS: Final[Mapping[str, Function]] = {
    "base64": Function(base64, (ANY,), gives="string"),
    "filterByTagKey": Function(filter_by_tag_key, (SECRETS, "string"), gives=SECRETS),
    # Declared, so that templates can be parsed; the operator brings what answers.
    "getSecretValue": Function(_unanswered, ("string",), gives="string", asks=True),
    "getSecretValueMap": Function(_unanswered, ("string",), gives=MAP, asks=True),
}


SYNCED_SECRET: Final = Dialect(
    "syncedsecret",
    functions=Layers(_FUNCTIONS, Chapters({"indent": f"{__package__}.sprig.strings"})),
    integers=False,
)
