"""Characters as Go's package unicode sees them: one by one, each with one counterpart in another case.

Python changes the case of whole texts: ß becomes SS, and a Σ at the end of a word ς. Go knows neither.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from unicodedata import category

from ..values import well_formed

SPACES: Final = frozenset("\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | frozenset(
    map(chr, range(0x2000, 0x200B))
)
INVALID: Final = "\ufffd"
"""What Go takes a byte for that is no UTF-8."""
_RAW: Final = re.compile("[\ud800-\udfff]")


def runes(text: str) -> str:
    """Return a text of Go's runes: what is no UTF-8 is U+FFFD."""
    return text if text.isascii() else _RAW.sub(INVALID, well_formed(text))


def is_raw(char: str) -> bool:
    """Return whether a character stands for a byte that is no UTF-8."""
    return "\ud800" <= char <= "\udfff"


def changed(text: str, change: Callable[[str], str]) -> str:
    """Return the runes of a text, each changed; the function is asked once for each character that there is."""
    text = runes(text)
    return text.translate({ord(char): change(char) for char in set(text)})


def to_upper(char: str) -> str:
    # Of some letters only the title case is a single one, of others there is none.
    return _single(char.upper()) or _single(char.title()) or char


def to_title(char: str) -> str:
    return _single(char.title()) or _single(char.upper()) or char


def to_lower(char: str) -> str:
    return char.lower()[0]  # the one longer form there is has a mark behind the letter


def _single(counterpart: str) -> str:
    return counterpart if len(counterpart) == 1 else ""


def is_upper(char: str) -> bool:
    return category(char) == "Lu"


def is_lower(char: str) -> bool:
    return category(char) == "Ll"


def is_title(char: str) -> bool:
    return category(char) == "Lt"


def is_letter(char: str) -> bool:
    return category(char)[0] == "L"


def is_digit(char: str) -> bool:
    return category(char) == "Nd"


def is_number(char: str) -> bool:
    return category(char)[0] == "N"


def is_punctuation(char: str) -> bool:
    return category(char)[0] == "P"
