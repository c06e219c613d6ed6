"""Label and field selectors, as list, watch and delete-collection take them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final

from .status import ApiError, Json, plain

Selector = Callable[[Json], bool]
"""Whether an object is selected."""

_CLAUSE: Final = re.compile(
    r"""\s*(?:
        (?P<set>[\w./-]+)\s+(?P<in>in|notin)\s*\((?P<values>[^()]*)\)
      | (?P<key>[\w./-]+)\s*(?P<op>==|!=|=)\s*(?P<value>[\w.-]*)
      | (?P<absent>!?)\s*(?P<name>[\w./-]+)
    )\s*(?:,|$)""",
    re.VERBOSE,
)
_FIELD: Final = re.compile(r"(?P<path>[^=!,]+)(?P<op>==|!=|=)(?P<value>[^,]*)")


def labels(text: str) -> Selector:
    """Return the selector that the label selector `text` means: equality, sets, presence; "" selects everything.

    Raises:
        ApiError: 400, the text is no label selector.
    """
    clauses = []
    at = 0
    while at < len(text):
        match = _CLAUSE.match(text, at)
        if match is None:
            raise _unreadable("label", text)
        clauses.append(_clause(match))
        at = match.end()
    return lambda body: all(clause(body["metadata"].get("labels") or {}) for clause in clauses)


def fields(text: str, allowed: Collection[str]) -> Selector:
    """Return the selector that the field selector `text` means; paths are those of the object as it is served.

    Raises:
        ApiError: 400, the text is no field selector or names a field that is not `allowed`.
    """
    clauses = []
    for part in filter(None, text.split(",")):
        match = _FIELD.fullmatch(part)
        if match is None:
            raise _unreadable("field", text)
        if match["path"] not in allowed:
            raise plain(400, f"field label not supported: {match['path']}")
        clauses.append((match["path"].split("."), match["value"], match["op"] != "!="))
    return lambda body: all((_text(body, path) == value) is equal for path, value, equal in clauses)


def _clause(match: re.Match[str]) -> Callable[[Mapping[str, str]], bool]:
    if match["set"]:
        values = {value.strip() for value in match["values"].split(",")}
        key, wanted = match["set"], match["in"] == "in"
        return lambda found: (found.get(key) in values) is wanted
    if match["key"]:
        key, value, equal = match["key"], match["value"], match["op"] != "!="
        return lambda found: (found.get(key) == value) is equal
    name, present = match["name"], not match["absent"]
    return lambda found: (name in found) is present


def _text(body: Json, path: list[str]) -> str:
    value: object = body
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return "" if value is None else str(value)


def _unreadable(what: str, text: str) -> ApiError:
    return plain(400, f"unable to parse requirement: {what} selector {text!r}")
