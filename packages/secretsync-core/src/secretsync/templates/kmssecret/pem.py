"""Blocks of PEM."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from ..errors import FunctionError
from ..functions import Function
from ..values import encoded

_BLOCK: Final = re.compile(
    r"^-----BEGIN (?P<kind>[^\n]*?)-----[ \t\r]*\n"
    r"(?P<headers>(?:[^\n:]+:[^\n]*\n)*)"
    r"(?P<body>[^-]*?)-----END (?P=kind)-----[ \t\r]*(?:\n|\Z)",
    re.MULTILINE,
)
_LINE: Final = 48
"""Bytes of a line, in base64 64 characters."""


class Block(NamedTuple):
    """One block.

    Attributes:
        kind: What stands after `BEGIN`.
        headers: Lines, each with its end.
        der: What it holds.
        end: Where the text goes on behind it.
    """

    kind: str
    headers: str
    der: bytes
    end: int


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of a text; what is no block is passed over."""
    for found in _BLOCK.finditer(text):
        try:
            der = binascii.a2b_base64("".join(found["body"].split()), strict_mode=True)
        except (binascii.Error, ValueError):
            continue
        yield Block(found["kind"], found["headers"].replace("\r", ""), der, found.end())


def pem(kind: str, der: bytes, headers: str = "") -> str:
    """Return a block as text."""
    lines = [der[at : at + _LINE] for at in range(0, len(der), _LINE)]
    body = "".join(binascii.b2a_base64(line).decode("ascii") for line in lines)
    return f"-----BEGIN {kind}-----\n{headers}{chr(10) if headers else ''}{body}-----END {kind}-----\n"


def filter_pem(kind: str, text: str) -> str:
    """Return the blocks of a kind, whatever its case, written anew and nothing else."""
    found = list(blocks(text))
    wanted = [block for block in found if block.kind.casefold() == kind.casefold()]
    rest = encoded(text[found[-1].end :] if found else text)
    if not wanted and rest:
        raise FunctionError("the text has no such block, and is no PEM after the last of its blocks")
    return "".join(pem(block.kind, block.der, block.headers) for block in wanted)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "filterPEM": Function(filter_pem, ("string", "string"), gives="string"),
}
