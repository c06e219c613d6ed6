"""Sprig's chapter on strings. Positions and lengths count bytes, as everywhere in Go; a case is that of a character."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NoReturn

from ..builtins import length
from ..errors import FunctionError
from ..functions import ANY, Function
from ..printing import plain
from ..quoting import quote
from ..runtime import Run
from ..values import decoded, encoded, well_formed
from .cases import camel, joined_by
from .conversion import text_of
from .runes import SPACES, changed, is_lower, is_title, is_upper, runes, to_lower, to_title, to_upper

_MARK: Final = "..."
_SHORTEST: Final = 4
_SHORTEST_OF_BOTH: Final = 7
_NEAR_THE_BEGIN: Final = 4

# Case.


def upper(text: str) -> str:
    return text.upper() if text.isascii() else changed(text, to_upper)


def lower(text: str) -> str:
    return text.lower() if text.isascii() else changed(text, to_lower)


def title(text: str) -> str:
    """Return the text with every character in title case that follows neither a letter, a digit nor a `_`."""
    return _by_place(text, to_title, str, _separates)


def untitle(text: str) -> str:
    """Return the text with the first letter of every word in lower case."""
    return _by_place(text, to_lower, str, SPACES.__contains__)


def swap_case(text: str) -> str:
    """Return the text with small letters for large ones and the other way round, at the begin of a word title case."""
    return _by_place(
        text, lambda char: to_title(char) if is_lower(char) else _swapped(char), _swapped, SPACES.__contains__
    )


def _by_place(
    text: str, first: Callable[[str], str], other: Callable[[str], str], separates: Callable[[str], bool]
) -> str:
    """Return the runes changed, the first one and each that follows a separating one in another way than others."""
    text = runes(text)
    chars = set(text)
    firsts, others = ({char: change(char) for char in chars} for change in (first, other))
    apart = frozenset(filter(separates, chars))
    made: list[str] = []
    begins = True
    for char in text:
        made.append(firsts[char] if begins else others[char])
        begins = char in apart
    return "".join(made)


def _separates(char: str) -> bool:
    if char.isascii():
        return not (char.isalnum() or char == "_")
    return char in SPACES


def _swapped(char: str) -> str:
    if is_upper(char) or is_title(char):
        return to_lower(char)
    return to_upper(char) if is_lower(char) else char


# Parts.


def part(text: str, begin: int, end: int | None = None) -> str:
    """Return the bytes of a text from a position to another."""
    return text[begin:end] if text.isascii() else decoded(encoded(text)[begin:end])


def substring(begin: int, end: int, text: str) -> str:
    """Return the bytes from a position to another; up to the end if that is beyond it."""
    count = length(text)
    if begin < 0:
        return part(text, 0, end) if 0 <= end <= count else _out_of_range()
    if end < 0 or end > count:
        end = count
    return part(text, begin, end) if begin <= end else _out_of_range()


def _out_of_range() -> NoReturn:
    raise FunctionError("runtime error: slice bounds out of range [redacted]")


def truncate(count: int, text: str) -> str:
    """Return the first bytes of a text, or the last ones for a negative number."""
    size = length(text)
    if count < 0 < size + count:
        return part(text, size + count)
    return part(text, 0, count) if 0 <= count < size else text


def abbreviate(width: int, text: str) -> str:
    """Return so many bytes of a text, of which the last are `...` if it has more."""
    return text if width < _SHORTEST else _abbreviated(text, 0, width)


def abbreviate_both(left: int, right: int, text: str) -> str:
    """Return so many bytes of a text from the left edge on, with `...` for what is left out."""
    if right < _SHORTEST or (left > 0 and right < _SHORTEST_OF_BOTH):
        return text
    return _abbreviated(text, left, right)


def _abbreviated(text: str, begin: int, width: int) -> str:
    count, room = length(text), width - len(_MARK)
    if count <= width:
        return text
    begin = min(begin, count - room)
    if begin <= _NEAR_THE_BEGIN:
        return part(text, 0, room) + _MARK
    if begin + room < count:
        return _MARK + _abbreviated(part(text, begin), 0, room)
    return _MARK + part(text, count - room)


def trim(text: str) -> str:
    return well_formed(text).strip(_ALL_SPACES)


_ALL_SPACES: Final = "".join(SPACES)


def trim_all(cutset: str, text: str) -> str:
    """Return a text without any of some characters at its ends."""
    if cutset.isascii() and text.isascii():
        return text.strip(cutset)
    cut, kept = frozenset(runes(cutset)), well_formed(text)
    seen = runes(text)
    begin, end = 0, len(seen)
    while begin < end and seen[begin] in cut:
        begin += 1
    while begin < end and seen[end - 1] in cut:
        end -= 1
    return kept[begin:end]


def trim_prefix(prefix: str, text: str) -> str:
    if prefix.isascii():
        return text.removeprefix(prefix)
    return decoded(encoded(text).removeprefix(encoded(prefix)))


def trim_suffix(suffix: str, text: str) -> str:
    if suffix.isascii():
        return text.removesuffix(suffix)
    return decoded(encoded(text).removesuffix(encoded(suffix)))


def _latin(text: str) -> str:
    """Return a character for each byte: what Sprig's functions take for one that walk through bytes."""
    return encoded(text).decode("latin-1")


def initials(text: str) -> str:
    """Return the first letter of every word."""
    made: list[str] = []
    begins = True
    for char in _latin(text):
        space = char in SPACES
        if begins and not space:
            made.append(char)
        begins = space
    return "".join(made)


def without_spaces(text: str) -> str:
    """Return a text without white space; if there is any, every byte beyond ASCII becomes a character."""
    bytewise = _latin(text)
    kept = "".join(char for char in bytewise if char not in SPACES)
    return text if len(kept) == len(bytewise) else kept


# Questions.


def contains(part: str, text: str) -> bool:
    return part in text if part.isascii() else encoded(part) in encoded(text)


def has_prefix(prefix: str, text: str) -> bool:
    return text.startswith(prefix) if prefix.isascii() else encoded(text).startswith(encoded(prefix))


def has_suffix(suffix: str, text: str) -> bool:
    return text.endswith(suffix) if suffix.isascii() else encoded(text).endswith(encoded(suffix))


# Lines, and texts made of others.


def repeat(run: Run, count: int, text: str) -> str:
    _refuse_negative(count)
    run.check_text(count * len(text))
    return text * count


def replace(run: Run, old: str, new: str, text: str) -> str:
    if not old.isascii() or not old:
        return _replace_bytes(run, old, new, text)
    run.check_text(len(text) + text.count(old) * (len(new) - len(old)))
    return text.replace(old, new)


def _replace_bytes(run: Run, old: str, new: str, text: str) -> str:
    if not old:
        whole = well_formed(text)
        run.check_text(len(whole) + (len(whole) + 1) * len(new))
        return whole.replace("", new)
    raw, before, after = encoded(text), encoded(old), encoded(new)
    run.check_text(len(raw) + raw.count(before) * (len(after) - len(before)))
    return decoded(raw.replace(before, after))


def indent(run: Run, spaces: int, text: str) -> str:
    """Return a text with spaces before each line."""
    _refuse_negative(spaces)
    run.check_text(len(text) + (text.count("\n") + 1) * spaces)
    pad = " " * spaces
    return pad + text.replace("\n", "\n" + pad)


def _refuse_negative(count: int) -> None:
    if count < 0:
        raise FunctionError("strings: negative Repeat count")


def wrap(run: Run, width: int, text: str) -> str:
    """Return a text with line breaks for spaces where a line would be longer; long words stay whole."""
    return _wrapped(run, text, width, "\n", cut=False)


def wrap_with(run: Run, width: int, separator: str, text: str) -> str:
    """Return a text with a separator for spaces where a line would be longer, and within long words."""
    return _wrapped(run, text, width, separator or "\n", cut=True)


def _wrapped(run: Run, text: str, width: int, separator: str, *, cut: bool) -> str:
    width, raw = max(width, 1), encoded(text)
    run.spend(len(raw) // width)
    run.check_text(len(raw) + len(raw) // width * len(separator))
    lines: list[bytes] = []
    begin = 0
    while len(raw) - begin > width:
        if raw[begin] == _SPACE:
            begin += 1
            continue
        end = raw.rfind(b" ", begin, begin + width + 1)
        if end < 0 and not cut:
            end = raw.find(b" ", begin + width)
        if end >= 0:
            lines.append(raw[begin:end])
            begin = end + 1
        else:
            end = begin + width if cut else len(raw)
            lines.append(raw[begin:end])
            begin = end
            if not cut:
                return decoded(encoded(separator).join(lines))
    return decoded(encoded(separator).join([*lines, raw[begin:]]))


_SPACE: Final = ord(" ")


def quoted(*values: object) -> str:
    """Return the values as literals in double quotes; what is nil is left out."""
    if len(values) == 1 and isinstance(values[0], str):
        return quote(values[0])
    return " ".join(quote(text_of(value)) for value in values if value is not None)


def in_single_quotes(*values: object) -> str:
    return " ".join(f"'{plain(value)}'" for value in values if value is not None)


def cat(*values: object) -> str:
    return " ".join(plain(value) for value in values if value is not None)


def shuffle(run: Run, text: str) -> str:
    """Return the characters of a text in any order, each as likely as any other."""
    chars = list(runes(text))
    run.spend(len(chars))
    for at in range(len(chars) - 1, 0, -1):
        other = run.sources.below(at + 1)
        chars[at], chars[other] = chars[other], chars[at]
    return "".join(chars)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "abbrev": Function(abbreviate, ("int", "string"), gives="string"),
    "abbrevboth": Function(abbreviate_both, ("int", "int", "string"), gives="string"),
    "camelcase": Function(camel, ("string",), gives="string"),
    "cat": Function(cat, rest=ANY, gives="string"),
    "contains": Function(contains, ("string", "string"), gives="bool"),
    "hasPrefix": Function(has_prefix, ("string", "string"), gives="bool"),
    "hasSuffix": Function(has_suffix, ("string", "string"), gives="bool"),
    "hello": Function(lambda: "Hello!", gives="string"),
    "indent": Function(indent, ("int", "string"), gives="string", needs_run=True),
    "initials": Function(initials, ("string",), gives="string"),
    "kebabcase": Function(lambda run, text: joined_by(run, "-", text), ("string",), gives="string", needs_run=True),
    "lower": Function(lower, ("string",), gives="string"),
    "nindent": Function(
        lambda run, spaces, text: "\n" + indent(run, spaces, text), ("int", "string"), gives="string", needs_run=True
    ),
    "nospace": Function(without_spaces, ("string",), gives="string"),
    "plural": Function(
        lambda one, many, count: one if count == 1 else many, ("string", "string", "int"), gives="string"
    ),
    "quote": Function(quoted, rest=ANY, gives="string"),
    "repeat": Function(repeat, ("int", "string"), gives="string", needs_run=True),
    "replace": Function(replace, ("string", "string", "string"), gives="string", needs_run=True),
    "shuffle": Function(shuffle, ("string",), gives="string", needs_run=True),
    "snakecase": Function(lambda run, text: joined_by(run, "_", text), ("string",), gives="string", needs_run=True),
    "squote": Function(in_single_quotes, rest=ANY, gives="string"),
    "substr": Function(substring, ("int", "int", "string"), gives="string"),
    "swapcase": Function(swap_case, ("string",), gives="string"),
    "title": Function(title, ("string",), gives="string"),
    "trim": Function(trim, ("string",), gives="string"),
    "trimAll": Function(trim_all, ("string", "string"), gives="string"),
    "trimPrefix": Function(trim_prefix, ("string", "string"), gives="string"),
    "trimSuffix": Function(trim_suffix, ("string", "string"), gives="string"),
    "trimall": Function(trim_all, ("string", "string"), gives="string"),
    "trunc": Function(truncate, ("int", "string"), gives="string"),
    "untitle": Function(untitle, ("string",), gives="string"),
    "upper": Function(upper, ("string",), gives="string"),
    "wrap": Function(wrap, ("int", "string"), gives="string", needs_run=True),
    "wrapWith": Function(wrap_with, ("int", "string", "string"), gives="string", needs_run=True),
}
