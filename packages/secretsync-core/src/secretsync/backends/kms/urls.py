"""The address of a KMS, in all the forms people write it (kms-api §1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from ...errors import InvalidInput

_PORTS: Final = {"http": 80, "https": 443}
_EXAMPLE: Final = "https://kms.example"
_UNFIT: Final = frozenset(' <>"\\^`{|}')


def normalise(url: str, *, place: str = "address") -> str:
    """Return the address without trailing slashes and `/api`: requests go to `{base}/api/…`.

    Equal servers get equal texts as far as the text can tell: lower-case host, no default port.

    Args:
        url: With or without `/api`, once or more; another path (of a reverse proxy) stays.
        place: Where it was written; begins each problem.

    Raises:
        InvalidInput: Every problem, with its remedy. The address is not repeated: it may hold a password.
    """
    text = url.strip()
    if not (text.isprintable() and _UNFIT.isdisjoint(text)):
        raise InvalidInput([f"{place}: holds a character that no URL may; write it as in {_EXAMPLE}"])
    parts, port = _split(text, place)
    host = parts.hostname or ""
    if problems := [f"{place}: {problem}" for problem in _problems(text, parts, host)]:
        raise InvalidInput(problems)
    host = f"[{host}]" if ":" in host else host
    shown_port = "" if port in {None, _PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{host}{shown_port}{_prefix(parts.path)}"


def segment(name: str) -> str:
    """Return the name as one segment of a path, whatever it holds."""
    # Dots alone would be taken for a way up, even percent-encoded by `quote`, which leaves them as they are.
    return name.replace(".", "%2E") if name in {".", ".."} else quote(name, safe="")


def _split(text: str, place: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:  # its text quotes the address
        raise InvalidInput([f"{place}: its host or port cannot be read; write it as in {_EXAMPLE}:8443"]) from None
    return parts, port


def _problems(text: str, parts: SplitResult, host: str) -> Iterator[str]:
    if parts.scheme not in _PORTS:
        yield f"must start with http:// or https://, as in {_EXAMPLE}"
    elif not host:
        yield f"names no host; write it as in {_EXAMPLE}"
    if "@" in parts.netloc:
        yield "must hold no user or password; put credentials where credentials go"
    if "?" in text:
        yield "must have no query; remove everything from the question mark on"
    if "#" in text:
        yield "must have no fragment; remove everything from the # on"


def _prefix(path: str) -> str:
    segments = [part for part in path.split("/") if part]
    while segments and segments[-1] == "api":
        segments.pop()
    return "".join(f"/{part}" for part in segments)
