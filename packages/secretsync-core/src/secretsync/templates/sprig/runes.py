"""Characters as Go's package unicode sees them: one by one, each with one counterpart in another case.

Python changes the case of whole texts: ß becomes SS, and a Σ at the end of a word ς. Go knows neither.
"""

from __future__ import annotations

from typing import Final
from unicodedata import category

from ..values import well_formed

SPACES: Final = frozenset("\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | frozenset(
    map(chr, range(0x2000, 0x200B))
)
INVALID: Final = "\ufffd"
"""What Go takes a byte for that is no UTF-8."""


def runes(text: str) -> str:
    """Return a text of Go's runes: what is no UTF-8 is U+FFFD."""
    if text.isascii():
        return text
    return "".join(INVALID if is_raw(char) else char for char in well_formed(text))


def is_raw(char: str) -> bool:
    """Return whether a character stands for a byte that is no UTF-8."""
    return "\ud800" <= char <= "\udfff"


def to_upper(char: str) -> str:
    # The long forms of some letters contain no single counterpart, of others the title case is the one.
    return _single(char, char.upper(), char.title())


def to_title(char: str) -> str:
    return _single(char, char.title(), char.upper())


def to_lower(char: str) -> str:
    return _single(char, char.lower(), char.lower()[:1])


def _single(char: str, *counterparts: str) -> str:
    return next((found for found in counterparts if len(found) == 1), char)


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
