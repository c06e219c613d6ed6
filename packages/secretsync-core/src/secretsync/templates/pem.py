"""PEM as Go reads and writes it: base64 between lines that say of what, perhaps after headers."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from .gobase64 import BadBase64, decode_base64
from .values import decoded

_BEGIN: Final = b"-----BEGIN "
_END: Final = b"\n-----END "
_DASHES: Final = b"-----"
_LINE: Final = 64


class Block(NamedTuple):
    """What stands between two lines.

    Attributes:
        type: What the lines say it is, such as `CERTIFICATE`.
        headers: Names and values.
        content: What the base64 stands for.
        end: Where the bytes go on after it.
    """

    type: str
    headers: Mapping[str, str]
    content: bytes
    end: int


def first_block(data: bytes) -> Block | None:
    """Return the first block."""
    return next(blocks(data), None)


def blocks(data: bytes) -> Iterator[Block]:
    """Yield the blocks; what is none does not count.

    Each line that ends a block is taken with the last line before it that begins one.
    """
    start = 0
    while (end := data.find(_END, start)) >= 0:
        begin = data.rfind(_BEGIN, start, end)
        if begin >= 0 and (begin == 0 or data[begin - 1 : begin] == b"\n"):
            block = _block(data, begin + len(_BEGIN), end)
            if block is not None:
                yield block
        start = end + len(_END)


def _block(data: bytes, begin: int, end: int) -> Block | None:
    line, at = _line(data, begin)
    kind = line.removesuffix(_DASHES)
    after = end + len(_END) + len(kind) + len(_DASHES)
    rest, next_line = _line(data, after)
    if kind == line or rest or data[end + len(_END) : after] != kind + _DASHES:
        return None
    headers, body = _headers(data, at, end)
    if headers and body > end:
        return None
    try:
        content = decode_base64(re.sub(rb"[ \t]", b"", data[body:end]))
    except BadBase64:
        return None
    return Block(decoded(kind), headers, content, next_line)


def _headers(data: bytes, at: int, end: int) -> tuple[Mapping[str, str], int]:
    """Return what lines with a colon say, and the place after them."""
    headers: dict[str, str] = {}
    while at <= end and b":" in (line := _line(data, at)[0]):
        name, _, value = line.partition(b":")
        headers[decoded(name.strip())] = decoded(value.strip())
        at = _line(data, at)[1]
    return headers, at


def _line(data: bytes, at: int) -> tuple[bytes, int]:
    """Return a line without the space at its end, and the place after it."""
    end = data.find(b"\n", at)
    end = len(data) if end < 0 else end
    return data[at:end].rstrip(b" \t\r\n"), min(end + 1, len(data))


def write_block(kind: str, content: bytes, headers: Mapping[str, str] | None = None) -> str:
    """Return bytes as a block; of its headers `Proc-Type` is the first, as RFC 1421 has it, and the rest are sorted."""
    known = headers or {}
    names = sorted(known, key=lambda name: (name != "Proc-Type", name))
    above = [*(f"{name}: {known[name]}" for name in names), ""] if known else []
    text = b64encode(content).decode("ascii")
    lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
    return "\n".join([f"-----BEGIN {kind}-----", *above, *lines, f"-----END {kind}-----", ""])
