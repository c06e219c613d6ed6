r"""Go's quoted literals, `"…"` and `'…'`: what is escaped, and what counts as printable."""

from __future__ import annotations

import re
from typing import Final

from .values import well_formed

_NAMED: Final = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    "\\": r"\\",
}
_SPECIAL_IN_ASCII: Final = re.compile(r'[\x00-\x1f"\\\x7f]')
_NOT_IN_BACKQUOTES: Final = re.compile("[\x00-\x08\x0a-\x1f`\x7f\ufeff\ud800-\udfff]")

# Go 1.26 prints by Unicode 15.0, Python 3.11 by 14.0, 3.12 by 15.0 and 3.13 by 15.1: what differs, so that a text is
# the same on each.
_SINCE_15_0: Final = re.compile(
    "[\u0cf3\u0ece\U00010efd-\U00010eff\U0001123f-\U00011241\U00011b00-\U00011b09\U00011f00-\U00011f10"
    "\U00011f12-\U00011f3a\U00011f3e-\U00011f59\U0001342f\U00013440-\U00013455\U0001b132\U0001b155"
    "\U0001d2c0-\U0001d2d3\U0001df25-\U0001df2a\U0001e030-\U0001e06d\U0001e08f\U0001e4d0-\U0001e4f9"
    "\U0001f6dc\U0001f774-\U0001f776\U0001f77b-\U0001f77f\U0001f7d9\U0001fa75-\U0001fa77"
    "\U0001fa87-\U0001fa88\U0001faad-\U0001faaf\U0001fabb-\U0001fabd\U0001fabf\U0001face-\U0001facf"
    "\U0001fada-\U0001fadb\U0001fae8\U0001faf7-\U0001faf8\U0002b739\U00031350-\U000323af]"
)
_SINCE_15_1: Final = re.compile("[\u2ffc-\u2fff\u31ef\U0002ebf0-\U0002ee5d]")


def quote(text: str, *, ascii_only: bool = False) -> str:
    r"""Return a text as a literal of Go in double quotes.

    Args:
        text: What to quote; a byte that is no UTF-8 reads as `\xff`.
        ascii_only: Escape every character beyond ASCII, too.
    """
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'  # most are like that, and it is worth a test of its own
    if text.isprintable() and not _is_special(text, ascii_only=ascii_only):
        return f'"{text}"'
    if text.isascii():
        return f'"{_SPECIAL_IN_ASCII.sub(_escaped_match, text)}"'
    text = well_formed(text)
    escapes = {ord(char): _escaped(char, '"', ascii_only=ascii_only) for char in set(text)}
    return f'"{text.translate(escapes)}"'


def quote_rune(char: str, *, ascii_only: bool = False) -> str:
    """Return a character as a literal of Go in single quotes."""
    return f"'{_escaped(char, chr(39), ascii_only=ascii_only)}'"


def can_backquote(text: str) -> bool:
    """Return whether a well-formed text can stand between backquotes on one line."""
    return _NOT_IN_BACKQUOTES.search(text) is None


def is_printable(char: str) -> bool:
    """Return whether Go prints a character as it is: letters, marks, numbers, signs and the space of ASCII."""
    if char.isprintable():
        return char.isascii() or _SINCE_15_1.match(char) is None
    return _SINCE_15_0.match(char) is not None


def _is_special(printable: str, *, ascii_only: bool) -> bool:
    if '"' in printable or "\\" in printable:
        return True
    return not printable.isascii() and (ascii_only or _SINCE_15_1.search(printable) is not None)


def _escaped_match(found: re.Match[str]) -> str:
    return _escaped(found[0], '"', ascii_only=False)


def _escaped(char: str, mark: str, *, ascii_only: bool) -> str:
    if char == mark:
        return "\\" + char
    if char in _NAMED:
        return _NAMED[char]
    if is_printable(char) and (char.isascii() or not ascii_only):
        return char
    return _numbered(char)


def _numbered(char: str) -> str:
    if char.isascii() or "\udc80" <= char <= "\udcff":
        return f"\\x{ord(char) & 0xFF:02x}"
    return f"\\u{ord(char):04x}" if char <= "\uffff" else f"\\U{ord(char):08x}"
