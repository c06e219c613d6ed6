"""YAML in the words of Go's yaml.v3: blocks with an indent of four, and quotes where a plain scalar would not do.

In two points it is not like that, which would be read as something else: the first end of a line of a text that begins
with one is not lost, and `<<` has quotes.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from functools import cmp_to_key
from typing import Final

from ..functions import ANY, Function
from ..gotime.format import rfc3339
from ..gotime.record import Duration, instant_of
from ..printf.floats import shortest
from ..runtime import Run
from ..values import Record, StandIn, Undecided, encoded, type_name
from .yaml_scalars import MERGE, resolved

INDENT: Final = 4
_LONGEST_KEY: Final = 128
_BASE60: Final = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_OLD_BOOLEANS: Final = frozenset(
    ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF"]
)
_PRINTABLE: Final = r"\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd"
_SPECIAL: Final = re.compile(rf"[^\n\t{_PRINTABLE}]|[ ]\n")
_BEGINS: Final = re.compile(r"""[#,\[\]{}&*!|>'"%@`]|[?:-](?=[ \t]|\Z)|---|\.\.\.""")
_WITHIN: Final = re.compile(r".:(?=[ \t]|\Z)|[ \t]#", re.DOTALL)
_BREAKS: Final = re.compile(r"[\r\n\x85\u2028\u2029]")
_ESCAPED: Final = re.compile(rf"""[^{_PRINTABLE}]|["\\\u2028\u2029]""")
_ESCAPES: Final = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e", '"': '"',
    "\\": "\\", "\x85": "N", "\u2028": "L", "\u2029": "P",
}  # fmt: skip
_LARGEST_BYTE, _LARGEST_SHORT = 0xFF, 0xFFFF


def to_yaml(run: Run, value: object) -> str:
    """Return a value as YAML without the end of the last line; the keys of maps are sorted, `a2` before `a10`."""
    run.check_walk(value)
    lines = _block(value, 0) if _is_block(value) else _inline(value, INDENT)
    return "\n".join(lines)


def _is_block(value: object) -> bool:
    return (isinstance(value, Mapping | list | tuple) and len(value) > 0) or _is_struct(value)


def _is_struct(value: object) -> bool:
    return isinstance(value, Record) and instant_of(value) is None and len(value.fields) > 0


def _block(value: object, indent: int) -> list[str]:
    """Return the lines of a map or list that is not empty, at an indent."""
    if isinstance(value, list | tuple):
        return [line for element in value for line in _element(element, indent)]
    if isinstance(value, Record):
        pairs = [(name.lower(), field) for name, field in value.fields.items()]
    else:
        assert isinstance(value, Mapping)  # noqa: S101  # there are no others
        pairs = [(key, value[key]) for key in sorted(value, key=cmp_to_key(_compared))]
    return [line for key, held in pairs for line in _pair(key, held, indent)]


def _element(value: object, indent: int) -> list[str]:
    """Return the lines of an element of a list, the first of which begins with a dash."""
    begin = " " * indent + "- "
    if not _is_block(value):
        first, *more = _inline(value, indent + 2)
        return [begin + first, *more]
    first, *more = _block(value, indent + 2)
    return [begin + first[indent + 2 :], *more]


def _pair(key: str, value: object, indent: int) -> list[str]:
    """Return the lines of a key and what it has."""
    deeper = INDENT * ((indent + INDENT) // INDENT)
    is_simple = not _BREAKS.search(key) and len(encoded(key)) <= _LONGEST_KEY
    before = [] if is_simple else _question(key, deeper, indent)
    begin = " " * indent + (f"{_written(key)}:" if is_simple else ":")
    if not _is_block(value):
        first, *more = _inline(value, deeper)
        return [*before, f"{begin} {first}", *more]
    if is_simple:
        return [begin, *_block(value, deeper)]
    first, *more = _block(value, deeper)
    return [*before, begin + first[len(begin) :], *more]


def _question(key: str, deeper: int, indent: int) -> list[str]:
    """Return the lines of a key that is too long for one, or has several lines."""
    first, *more = _text(key, deeper)
    return [" " * indent + "? " + first, *more]


def _inline(value: object, indent: int) -> list[str]:
    """Return a scalar or what is empty: one line, or those of a text, all but the first at an indent."""
    if isinstance(value, str):
        return _text(value, indent)
    if isinstance(value, StandIn):
        raise Undecided
    return [_scalar(value)]


def _scalar(value: object) -> str:
    instant = instant_of(value)
    if instant is not None:
        return rfc3339(instant)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Duration):
        return str(value.methods["String"]())
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return {"+Inf": ".inf", "-Inf": "-.inf", "NaN": ".nan"}.get(shortest(value)) or shortest(value)
    return "[]" if isinstance(value, list | tuple) else "null" if type_name(value) == "<nil>" else "{}"


def _text(text: str, indent: int) -> list[str]:
    if "\n" not in text:
        return [_written(text)]
    if text.endswith(" ") or _SPECIAL.search(text):
        return [_double_quoted(text)]
    hint = str(INDENT) if text[0] in " \n" else ""
    chomping = "-" if not text.endswith("\n") else "+" if text.endswith("\n\n") or text == "\n" else ""
    lines = text.removesuffix("\n").split("\n")
    return [f"|{hint}{chomping}", *(" " * indent + line if line else "" for line in lines)]


def _written(text: str) -> str:
    """Return a text on one line, in the least quotes that will do."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return f"!!binary {base64.b64encode(encoded(text)).decode('ascii')}"
    if "\t" in text or "\n" in text or _SPECIAL.search(text) or not _is_only_text(text):
        return _double_quoted(text)
    if text[0] == " " or text[-1] == " " or _BREAKS.search(text) or _BEGINS.match(text) or _WITHIN.search(text):
        return "'" + text.replace("'", "''") + "'"
    return text


def _is_only_text(text: str) -> bool:
    """Return whether a text without quotes would be read as a text, even by readers of older YAML."""
    is_other = text == MERGE or text in _OLD_BOOLEANS or _BASE60.fullmatch(text) is not None
    return not is_other and isinstance(resolved(text), str)


def _double_quoted(text: str) -> str:
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    char, code = found.group(), ord(found.group())
    if char in _ESCAPES:
        return "\\" + _ESCAPES[char]
    return (
        f"\\x{code:02X}" if code <= _LARGEST_BYTE else f"\\u{code:04X}" if code <= _LARGEST_SHORT else f"\\U{code:08X}"
    )


def _compared(one: str, other: str) -> int:
    """Compare keys as people sort them: letters by their order, numbers by their value."""
    return -1 if _is_less(one, other) else 1


def _is_less(one: str, other: str) -> bool:
    at = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    if at is None:
        return len(one) < len(other)
    ours, theirs = one[at], other[at]
    letters = ours.isalpha(), theirs.isalpha()
    if all(letters):
        return ours < theirs
    if any(letters):
        after_digit = at > 0 and one[at - 1].isdecimal()
        return letters[0] if after_digit else letters[1]
    return _number(one, at, ours, theirs) < _number(other, at, ours, theirs)


def _number(text: str, at: int, ours: str, theirs: str) -> tuple[int, int, str]:
    """Return how a text goes on: a number, how far that goes, and the first character."""
    end = at
    while end < len(text) and text[end].isdecimal():
        end += 1
    begin = at
    while begin > 0 and text[begin - 1].isdecimal():
        begin -= 1
    leads = "1" if "0" in (ours, theirs) and text[begin:at].strip("0") else ""
    return int((leads + text[at:end]) or "0"), end, text[at]


FUNCTIONS: Final[Mapping[str, Function]] = {
    "toYaml": Function(to_yaml, (ANY,), gives="string", needs_run=True),
}
