"""PEM as Go reads and writes it: base64 between lines that say of what, perhaps after headers."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Final, NamedTuple

from .gobase64 import BadBase64, decode_base64

_BEGIN: Final = b"-----BEGIN "
_END: Final = b"\n-----END "
_DASHES: Final = b"-----"
_LINE: Final = 64


class Block(NamedTuple):
    """What stands between two lines.

    Attributes:
        type: What the lines say it is, such as `CERTIFICATE`.
        content: What the base64 between them stands for.
        rest: What comes after it.
    """

    type: str
    content: bytes
    rest: bytes


def first_block(data: bytes) -> Block | None:
    """Return the first block; what comes before it, and what is no block, does not count."""
    return next(_blocks(data), None)


def _blocks(data: bytes) -> Iterator[Block]:
    """Yield what stands before each line that ends a block, from the last line before it that begins one."""
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
    if kind == line:
        return None
    body = at
    while b":" in _line(data, body)[0]:  # a header
        body = _line(data, body)[1]
    after = end + len(_END) + len(kind) + len(_DASHES)
    closing, rest = _line(data, after)
    if data[end + len(_END) : after] != kind + _DASHES or closing or (body > max(at, end)):
        return None
    try:
        content = decode_base64(re.sub(rb"[ \t]", b"", data[body:end]))
    except BadBase64:
        return None
    return Block(kind.decode("utf-8", "surrogateescape"), content, data[rest:])


def _line(data: bytes, at: int) -> tuple[bytes, int]:
    """Return a line without the space at its end, and the place after it."""
    end = data.find(b"\n", at)
    end = len(data) if end < 0 else end
    return data[at:end].rstrip(b" \t\r\n"), min(end + 1, len(data))


def write_block(kind: str, content: bytes) -> str:
    """Return bytes as a block."""
    text = b64encode(content).decode("ascii")
    lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""])
