"""Sprig's functions of regular expressions, through RE2, whose syntax and matches are Go's, in linear time.

Go takes a byte that is no UTF-8 for U+FFFD when it matches, and so does what is matched here.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final

import re2

from ..errors import FunctionError
from ..functions import Function
from ..runtime import Run
from ..values import TypedList, encoded, well_formed

_MEMORY: Final = 2 * 2**20
"""Bytes that one expression may take, which RE2 keeps some of."""
_SURROGATE: Final = "[\ud800-\udfff]"
_META: Final = str.maketrans({char: f"\\{char}" for char in r"\.+*?()|[]{}^$"})
_ESCAPE: Final = rb"\\Q(?s:.*?)(?:\\E|\Z)|\\(?s:(.))"
_GROUP_LIMIT: Final = 10**8
_WORDS: Final = {
    "bad repetition operator": "invalid nested repetition operator",
    "invalid character class range": "invalid character class range",
    "invalid character class": "invalid character class",
    "invalid escape sequence": "invalid escape sequence",
    "invalid named capture group": "invalid named capture",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid repetition size": "invalid repeat count",
    "invalid UTF-8": "invalid UTF-8",
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "no argument for repetition operator": "missing argument to repetition operator",
    "pattern too large": "expression too large",
    "trailing \\": "trailing backslash at end of expression",
    "unexpected )": "unexpected )",
}
"""RE2's words for what is wrong with an expression, and Go's."""


class _BadExpression(Exception):
    """A text is no regular expression; the text of the error is Go's, with the input redacted."""


@lru_cache(maxsize=32)
def _compiled(pattern: str) -> Any:
    raw = encoded(pattern)
    if any(escape[1] == b"C" for escape in re.finditer(_ESCAPE, raw)):
        raise _bad("invalid escape sequence")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    re2.purge()  # it would keep a hundred more
    try:
        return re2.compile(raw, options)
    except re2.error as error:
        said = error.args[0].decode("utf-8", "replace")
    raise _bad(next((go for words, go in _WORDS.items() if said.startswith(words)), "internal error"))


def _bad(words: str) -> _BadExpression:
    return _BadExpression(f"error parsing regexp: {words}: [redacted]")


def _lenient(pattern: str) -> Any:
    try:
        return _compiled(pattern)
    except _BadExpression as error:
        raise FunctionError(f"regexp: Compile([redacted]): {error}") from None


def _must(pattern: str) -> Any:
    try:
        return _compiled(pattern)
    except _BadExpression as error:
        raise FunctionError(str(error)) from None


class _Subject:
    """A text to be matched, as bytes: one that is no UTF-8 as U+FFFD, and so with other positions than in the text."""

    __slots__ = ("_ends", "_text", "end", "raw")

    def __init__(self, text: str) -> None:
        self._text: str = well_formed(text)
        self._ends: list[int] | None = None
        matched = self._text if self._text.isascii() else re.sub(_SURROGATE, "\ufffd", self._text)
        self.raw: bytes = matched.encode()
        self.end: int = len(self.raw)
        if matched != self._text:
            self._ends = [0, *accumulate(len(char.encode()) for char in matched)]

    def part(self, begin: int, end: int) -> str:
        """Return the text from one position to another."""
        if self._ends is None:
            return self.raw[begin:end].decode()
        return self._text[bisect_left(self._ends, begin) : bisect_left(self._ends, end)]

    def is_within_rune(self, at: int) -> bool:
        """Return whether a position is no boundary of characters."""
        return at < self.end and self.raw[at] & 0xC0 == 0x80  # noqa: PLR2004  # how the bytes after a first one look


def _matches(expression: Any, subject: _Subject) -> Iterator[Any]:
    r"""Yield the matches from left to right; an empty one right behind another is none.

    RE2 sees `\B` within characters, too, where Go never looks.
    """
    last = -1
    for found in expression.finditer(subject.raw):
        begin, end = found.span()
        if begin == end and (begin == last or subject.is_within_rune(begin)):
            continue
        yield found
        last = end


def _spans(run: Run, expression: Any, subject: _Subject, count: int) -> list[tuple[int, int]]:
    """Return where the first matches are, all if the number of them is negative."""
    spans: list[tuple[int, int]] = []
    if count:
        for found in _matches(expression, subject):
            spans.append(found.span())
            run.check_items(len(spans))
            if len(spans) == count:
                break
    return spans


def lenient_match(pattern: str, text: str) -> bool:
    """Return whether an expression matches within a text; not, if it is none."""
    try:
        return _matched(_compiled(pattern), text)
    except _BadExpression:
        return False


def must_match(pattern: str, text: str) -> bool:
    """Return whether an expression matches within a text.

    Raises:
        FunctionError: It is no expression. So it is for the functions below.
    """
    return _matched(_must(pattern), text)


def _matched(expression: Any, text: str) -> bool:
    return any(True for _ in _matches(expression, _Subject(text)))


def _find(expression: Any, text: str) -> str:
    subject = _Subject(text)
    return next((subject.part(*found.span()) for found in _matches(expression, subject)), "")


def _find_all(run: Run, expression: Any, text: str, count: int) -> TypedList:
    subject = _Subject(text)
    found = [subject.part(*span) for span in _spans(run, expression, subject, count)]
    return TypedList("[]string", found, is_nil=not found)


def _split(run: Run, expression: Any, text: str, count: int) -> TypedList:
    """Return what is between matches, in at most so many pieces unless the number is negative."""
    if count == 0:
        return TypedList("[]string", is_nil=True)
    if not text and expression.pattern:
        return TypedList("[]string", [""])
    subject = _Subject(text)
    pieces: list[str] = []
    begin = end = 0
    for start, stop in _spans(run, expression, subject, count):
        if len(pieces) == count - 1:
            break
        end = start
        if stop:
            pieces.append(subject.part(begin, end))
        begin = stop
    if end != subject.end:
        pieces.append(subject.part(begin, subject.end))
    return TypedList("[]string", pieces)


def _replace_literally(run: Run, expression: Any, text: str, replacement: str) -> str:
    return _replaced(run, expression, text, lambda _subject, _found: replacement)


def _replace(run: Run, expression: Any, text: str, replacement: str) -> str:
    """Return a text with matches replaced; `$1` and `${name}` in the replacement stand for what groups matched."""
    parts = list(_parts(well_formed(replacement), expression))

    def expand(subject: _Subject, found: Any) -> str:
        return "".join(part if isinstance(part, str) else _group(subject, found, part) for part in parts)

    return _replaced(run, expression, text, expand)


def _group(subject: _Subject, found: Any, number: int) -> str:
    begin, end = found.span(number)
    return subject.part(begin, end) if begin >= 0 else ""


def _replaced(run: Run, expression: Any, text: str, replacement: Callable[[_Subject, Any], str]) -> str:
    subject = _Subject(text)
    pieces: list[str] = []
    at = size = 0
    for number, found in enumerate(_matches(expression, subject)):
        begin, end = found.span()
        pieces += (subject.part(at, begin), replacement(subject, found))
        at = end
        size += len(pieces[-1]) + len(pieces[-2])
        run.check_items(number)
        run.check_text(size)
    return "".join([*pieces, subject.part(at, subject.end)])


def _parts(replacement: str, expression: Any) -> Iterator[str | int]:
    """Cut a replacement into texts and numbers of groups; a group that is not there is nothing."""
    names = {name.decode(): number for name, number in expression.groupindex.items()}
    at = 0
    while (dollar := replacement.find("$", at)) >= 0:
        yield replacement[at:dollar]
        at = dollar + 1
        name, end = _name(replacement, at)
        if not name:
            yield "$"  # two in a row are one, and one without a name is itself
            at += replacement.startswith("$", at)
            continue
        at = end
        number = names.get(name) if (digits := _number(name)) is None else digits
        if number is not None and number <= expression.groups:
            yield number
    yield replacement[at:]


def _number(name: str) -> int | None:
    is_number = name.isascii() and name.isdigit() and (name == "0" or name[0] != "0")
    return int(name) if is_number and len(name) < len(str(_GROUP_LIMIT)) else None


def _name(replacement: str, at: int) -> tuple[str, int]:
    """Return the name that stands at a place, and the place behind it; an empty one, if there is none."""
    braced = replacement.startswith("{", at)
    begin = end = at + braced
    while end < len(replacement) and _is_of_name(replacement[end]):
        end += 1
    if braced and not replacement.startswith("}", end):
        return "", at
    return replacement[begin:end], end + braced


def _is_of_name(char: str) -> bool:
    return char == "_" or char.isalpha() or char.isdecimal()


def quote_meta(text: str) -> str:
    """Return an expression that matches the text and nothing else."""
    return text.translate(_META)


def _functions(name: str, call: Callable[..., object], takes: tuple[str, ...], gives: str) -> dict[str, Function]:
    """Return a function of an expression and a text in both its forms."""

    def lenient(run: Run, pattern: str, text: str, *args: object) -> object:
        return call(run, _lenient(pattern), text, *args)

    def must(run: Run, pattern: str, text: str, *args: object) -> object:
        return call(run, _must(pattern), text, *args)

    takes = ("string", "string", *takes)
    return {
        name: Function(lenient, takes, gives=gives, needs_run=True),
        f"mustR{name[1:]}": Function(must, takes, gives=gives, needs_run=True),
    }


FUNCTIONS: Final[Mapping[str, Function]] = {
    "mustRegexMatch": Function(must_match, ("string", "string"), gives="bool"),
    "regexMatch": Function(lenient_match, ("string", "string"), gives="bool"),
    "regexQuoteMeta": Function(quote_meta, ("string",), gives="string"),
    **_functions("regexFind", lambda _run, expression, text: _find(expression, text), (), "string"),
    **_functions("regexFindAll", _find_all, ("int",), "[]string"),
    **_functions("regexReplaceAll", _replace, ("string",), "string"),
    **_functions("regexReplaceAllLiteral", _replace_literally, ("string",), "string"),
    **_functions("regexSplit", _split, ("int",), "[]string"),
}
