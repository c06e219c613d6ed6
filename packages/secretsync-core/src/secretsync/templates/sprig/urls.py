"""Sprig's chapter on URLs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..errors import FunctionError
from ..functions import Function
from ..gourl import BadUrl, Url, parse_url
from ..values import MAP, MISSING, decoded, encoded, kind


def url_parse(text: str) -> dict[str, object]:
    """Return the parts of a URL.

    Raises:
        FunctionError: It is none.
    """
    try:
        url = parse_url(encoded(text))
    except BadUrl as error:
        raise FunctionError(f"unable to parse url: parse [redacted]: {error}") from None
    parts = {
        "scheme": url.scheme,
        "host": url.host,
        "hostname": url.hostname(),
        "path": url.path,
        "query": url.query,
        "opaque": url.opaque,
        "fragment": url.fragment,
        "userinfo": url.user.escaped() if url.user else b"",
    }
    return {name: decoded(part) for name, part in parts.items()}


def url_join(parts: Mapping[str, object] | None) -> str:
    """Return the URL of the parts that `urlParse` gives; those that are missing are empty.

    Raises:
        FunctionError: A part is no text, or `userinfo` cannot stand in a URL.
    """
    known = parts or {}
    url = Url(
        scheme=_part(known, "scheme"),
        host=_part(known, "host"),
        path=_part(known, "path"),
        query=_part(known, "query"),
        opaque=_part(known, "opaque"),
        fragment=_part(known, "fragment"),
    )
    userinfo = _part(known, "userinfo")
    if userinfo:
        try:
            url = url._replace(user=parse_url(b"proto://" + userinfo + b"@host").user)
        except BadUrl as error:
            raise FunctionError(f"unable to parse userinfo in dict: parse [redacted]: {error}") from None
    return decoded(url.joined())


def _part(parts: Mapping[str, object], name: str) -> bytes:
    value = parts.get(name, "")
    if value is None or value is MISSING:
        raise FunctionError("runtime error: invalid memory address or nil pointer dereference")
    if not isinstance(value, str):
        raise FunctionError(f"unable to parse {name} key, must be of type string, but {kind(value)} found")
    return encoded(value)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "urlJoin": Function(url_join, (MAP,), gives="string"),
    "urlParse": Function(url_parse, ("string",), gives=MAP),
}
