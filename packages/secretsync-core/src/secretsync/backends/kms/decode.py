"""Bodies as values: here secrets enter the process (kms-api §4.2).

What is wrong with a body is a `Malformed`, in words that name keys and never values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ...values import Document, Row, SecretValue

_NAMED: Final = 5
"""So many keys are named in an error; a longer list helps nobody."""


class Malformed(ValueError):
    """The body has not the form that the API gives it."""


class Hidden(ValueError):
    """The server masked values; the text names their keys."""


def project_id(body: object) -> str:
    """Return the project's id.

    Raises:
        Malformed: There is none.
    """
    found = entries(body, "the project")
    return text(found, "id" if "id" in found else "_id")


def project_slug(body: object, *, name: str) -> str:
    """Return the slug of the project that stands under a name.

    Raises:
        Malformed: There is none.
    """
    return text(entries(entries(body).get(name), name), "slug")


def token_project(body: object) -> str:
    """Return the id of the project that a service token is of.

    Raises:
        Malformed: It names none.
    """
    return text(entries(body, "the service token"), "workspace")


def document(body: object, *, path: str) -> Document:
    """Return the rows, own ones first and then each import's, in server order.

    Args:
        body: Of a list, of either API version.
        path: Of rows that name none.

    Raises:
        Malformed: It is no list of secrets.
        Hidden: A value is masked. The mask is never taken for a value.
    """
    found = entries(body, "the answer")
    rows = [*_rows(found, path=path, block=0)]
    for block, imported in enumerate(_objects(found.get("imports") or [], "imports"), start=1):
        # "prod:/shared": an import's folder may be of another environment, and must not look like an own path.
        place = f"{_optional(imported, 'environment')}:{_optional(imported, 'secretPath')}"
        rows += _rows(imported, path=place, block=block)
    return Document(tuple(rows))


def single(body: object, *, environment: str, path: str) -> Row:
    """Return the row of a single read; one that the folder imports is of block 1.

    Args:
        body: Of a single read, of either API version.
        environment: That was asked in.
        path: That was asked for.

    Raises:
        Malformed: It is no secret.
        Hidden: Its value is masked. The mask is never taken for a value.
    """
    item = entries(entries(body, "the answer").get("secret"), "secret")
    if item.get("secretValueHidden") is True:
        raise Hidden(text(item, "secretKey"))
    found = _optional(item, "environment") or environment, _optional(item, "secretPath") or path
    if found == (environment, path):
        return _row(item, path=path, block=0)
    return _row(item, path=":".join(found), block=1)


def _rows(found: dict[str, object], *, path: str, block: int) -> Iterator[Row]:
    items = _objects(found.get("secrets"), "secrets")
    if hidden := [text(item, "secretKey") for item in items if item.get("secretValueHidden") is True]:
        raise Hidden(_listed(hidden))
    for item in items:
        if item.get("type") != "personal":  # v3 lists a user's own overrides beside the shared rows
            yield _row(item, path=path, block=block)


def _row(item: dict[str, object], *, path: str, block: int) -> Row:
    own = _optional(item, "secretPath") if block == 0 else ""
    return Row(
        key=text(item, "secretKey"),
        value=SecretValue(text(item, "secretValue")),
        id=_optional(item, "id") or _optional(item, "_id"),
        path=own or path,
        version=str(item.get("version", "")),
        block=block,
        tags=tuple(_optional(tag, "slug") for tag in _objects(item.get("tags") or [], "tags")),
        comment=_optional(item, "secretComment"),
    )


# -- answers to what is done


def waiting(found: Mapping[str, object]) -> Mapping[str, str] | None:
    """Return the request for an approval that the server made of a change, None where it made none."""
    approval = found.get("approval")
    if not isinstance(approval, dict):
        return None
    return {name: value for name in ("id", "slug") if (value := _optional(approval, name))}


def changed(found: Mapping[str, object], *, many: bool) -> tuple[Row, ...]:
    """Return the rows that a write answers with, without their values.

    Raises:
        Malformed: There are none.
    """
    rows = items(found, "secrets") if many else [entries(found.get("secret"), "secret")]
    return tuple(_row({**row, "secretValue": ""}, path="", block=0) for row in rows)


# -- shapes


def items(found: Mapping[str, object], name: str) -> list[dict[str, object]]:
    """Return a list of objects.

    Raises:
        Malformed: It is none.
    """
    return _objects(found.get(name), name)


def number(found: Mapping[str, object], name: str) -> int:
    """Return a whole number.

    Raises:
        Malformed: It is none.
    """
    value = found.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Malformed(f"{name} is no number")
    return value


def entries(value: object, what: str = "the answer") -> dict[str, object]:
    """Return an object.

    Raises:
        Malformed: It is none.
    """
    if not isinstance(value, dict):
        raise Malformed(f"{what} is no object")
    return value


def _objects(value: object, what: str) -> list[dict[str, object]]:
    if not isinstance(value, list):
        raise Malformed(f"{what} is no list")
    return [entries(item, f"an item of {what}") for item in value]


def text(found: Mapping[str, object], name: str) -> str:
    """Return a text that can become bytes.

    Raises:
        Malformed: It is none.
    """
    value = found.get(name)
    if not isinstance(value, str) or not _encodable(value):
        raise Malformed(f"{name} is no text")
    return value


def _optional(found: Mapping[str, object], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) and _encodable(value) else ""


def _encodable(text: str) -> bool:
    """Whether it can become bytes: JSON can spell half a character, and the error of a later try would quote it."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _listed(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
