"""Words joined in one way or another: `snakecase`, `kebabcase` and `camelcase`, as the library xstrings joins them.

A text falls into words of six kinds. Whether a connector goes between two depends on both, and on where numbers stand:
`http2xx` is `http_2xx`, but `Bld4Floor` is `bld4_floor`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Final, NamedTuple

from ..values import well_formed
from .runes import INVALID, SPACES, is_letter, is_number, is_punctuation, is_raw, is_upper, runes, to_lower, to_upper

_NUMBER, _UPPER, _LETTERS, _CONNECTOR, _PUNCTUATION, _OTHER, _END = range(7)
_APART: Final = frozenset({_CONNECTOR, _PUNCTUATION})
"""Kinds of words that need no connector before them."""
_RUN_ON: Final = frozenset({_NUMBER, _LETTERS})


class _Word(NamedTuple):
    kind: int
    text: str


class _Unit(NamedTuple):
    """A character, with what is no UTF-8 before it, or behind the last one: that is taken for more of the same."""

    char: str
    text: str


def camel(text: str) -> str:
    """Return the words with a large first letter each and nothing between them; connectors at the begin stay."""
    chars = runes(text)
    lead = next((at for at, char in enumerate(chars) if not _connects(char)), len(chars))
    if lead == len(chars):
        return chars + chars[-1:]  # the last one counts twice where there is nothing but connectors
    shouting = is_upper(chars[lead])
    made, last = [chars[:lead]], to_upper(chars[lead])
    for char in chars[lead + 1 :]:
        before, last = last, char
        if not _connects(before):
            shouting = shouting and is_upper(char)
            last = to_lower(char) if shouting else char
            made.append(before)
        elif _connects(char):
            made.append(before)
        else:
            shouting = is_upper(char)
            last = to_upper(char)
    return "".join(made) + last


def joined_by(connector: str, text: str) -> str:
    """Return the words in lower case with a connector between them."""
    return "".join(_lowered(word, connector) if word else connector for word in _arranged(list(_words(text))))


def _arranged(words: list[_Word]) -> Iterator[_Word | None]:
    """Yield the words, and None for each connector that goes between two."""
    ahead = [*words, _Word(_END, "")]
    at = 0
    while at < len(words) - 1:
        at = yield from _step(ahead, at)
    yield from words[at:]


def _step(words: list[_Word], at: int) -> Generator[_Word | None, None, int]:
    """Yield a word, which is not the last one, and what goes with it; return where the next step begins."""
    yield words[at]
    if words[at].kind in _APART:
        return at + 1
    if words[at].kind == _NUMBER:
        return (yield from _run_on(words, at + 1))
    if words[at + 1].kind == _NUMBER:
        return (yield from _number(words, at + 1))
    if words[at + 1].kind not in _APART:
        yield None
    return at + 1


def _number(words: list[_Word], at: int) -> Generator[_Word | None, None, int]:
    """Yield a number behind a word: small letters that follow take it over, anything else leaves it to the word."""
    following = words[at + 1].kind
    if following == _END:
        return at
    if following == _LETTERS:
        yield None
        yield words[at]
        return (yield from _run_on(words, at + 1))
    yield words[at]
    if following not in _APART:
        yield None
    return at + 1


def _run_on(words: list[_Word], at: int) -> Generator[_Word | None, None, int]:
    """Yield small letters and numbers, between which there is no connector."""
    while words[at].kind in _RUN_ON:
        yield words[at]
        at += 1
    if words[at].kind not in _APART and words[at].kind != _END:
        yield None
    return at


def _lowered(word: _Word, connector: str) -> str:
    if word.kind == _CONNECTOR:
        return "".join(connector if _connects(char) else char for char in runes(word.text))
    return "".join(map(_small, runes(word.text))) if word.kind == _UPPER else word.text


def _small(char: str) -> str:
    return to_lower(char) if is_upper(char) else char


def _connects(char: str) -> bool:
    return char in "-_" or char in SPACES


def _is_alphabetic(char: str) -> bool:
    """Return whether a character is a letter, but no Chinese one."""
    chinese = "\u4e00" <= char <= "\u9fcc" or "\u3400" <= char <= "\u4d85" or "\U00020000" <= char <= "\U0002b81d"
    return is_letter(char) and not chinese


def _is_small(char: str) -> bool:
    return _is_alphabetic(char) and not is_upper(char)


def _is_other(char: str) -> bool:
    return not (_connects(char) or _is_alphabetic(char) or is_number(char) or is_punctuation(char))


_KINDS: Final[tuple[tuple[int, Callable[[str], bool]], ...]] = (
    (_CONNECTOR, _connects),
    (_PUNCTUATION, is_punctuation),
    (_LETTERS, _is_small),
    (_NUMBER, is_number),
    (_OTHER, _is_other),
)


def _words(text: str) -> Iterator[_Word]:
    units = _units(text)
    at = 0
    while at < len(units):
        begin, first = at, units[at].char
        if is_upper(first):
            kind, at = _UPPER, _after_upper(units, at + 1)
        else:
            kind, belongs = next(found for found in _KINDS if found[1](first))
            at = _after(units, at, belongs)
        yield _Word(kind, "".join(unit.text for unit in units[begin:at]))


def _after(units: list[_Unit], at: int, belongs: Callable[[str], bool]) -> int:
    while at < len(units) and belongs(units[at].char):
        at += 1
    return at


def _after_upper(units: list[_Unit], at: int) -> int:
    """Return the end of a word that begins with a large letter: of `HTTPStatus` it is `HTTP`."""
    end = _after(units, at, is_upper)
    if end == at:
        return _after(units, at, _is_small)
    return end - 1 if end < len(units) and _is_alphabetic(units[end].char) else end


def _units(text: str) -> list[_Unit]:
    units: list[_Unit] = []
    odd = ""
    for char in well_formed(text):
        odd += char
        if char != INVALID and not is_raw(char):
            units.append(_Unit(char, odd))
            odd = ""
    if odd:
        units.append(_Unit(units[-1].char if units else INVALID, odd))
    return units
