"""Blocks of PEM, by their type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..errors import FunctionError
from ..functions import Function
from ..pem import blocks, write_block
from ..values import encoded


def filter_pem(kind: str, text: str) -> str:
    """Return the blocks of a kind, whatever its case, written anew and nothing else."""
    raw = encoded(text)
    found = list(blocks(raw))
    wanted = [block for block in found if block.type.casefold() == kind.casefold()]
    if not wanted and len(raw) > (found[-1].end if found else 0):
        raise FunctionError("the text has no such block, and is no PEM after the last of its blocks")
    return "".join(write_block(block.type, block.content, block.headers) for block in wanted)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "filterPEM": Function(filter_pem, ("string", "string"), gives="string"),
}
