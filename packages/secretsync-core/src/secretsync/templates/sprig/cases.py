"""Words joined in one way or another: `snakecase`, `kebabcase` and `camelcase`, as the library xstrings joins them.

A text falls into words of six kinds. Whether a connector goes between two depends on both, and on where numbers stand:
`http2xx` is `http_2xx`, but `Bld4Floor` is `bld4_floor`.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from typing import Final, NamedTuple

from ..runtime import Run
from ..values import well_formed
from .runes import INVALID, SPACES, is_letter, is_number, is_punctuation, is_raw, is_upper, runes, to_lower, to_upper

_NUMBER, _UPPER, _LETTERS, _CONNECTOR, _PUNCTUATION, _OTHER, _END = "nulcpo."
_DASH: Final = "d"
"""A connector that goes on a word of punctuation, too."""
_WORDS: Final = re.compile("u+(?=ul)|ul+|u+|l+|[cd]+|p[pd]*|n+|o+")
"""The words of a text, each character of which is given by its kind: of `HTTPStatus` the first one is `HTTP`."""
_APART: Final = frozenset({_CONNECTOR, _PUNCTUATION})
"""Kinds of words that need no connector before them."""
_RUN_ON: Final = frozenset({_NUMBER, _LETTERS})


class _Word(NamedTuple):
    kind: str
    text: str


def camel(text: str) -> str:
    """Return the words with a large first letter each and nothing between them; connectors at the begin stay."""
    chars = runes(text)
    lead = next((at for at, char in enumerate(chars) if not _connects(char)), len(chars))
    if lead == len(chars):
        return chars + chars[-1:]  # the last one counts twice where there is nothing but connectors
    large = frozenset(filter(is_upper, set(chars)))
    shouting = chars[lead] in large
    made, last = [chars[:lead]], to_upper(chars[lead])
    for char in chars[lead + 1 :]:
        before, last = last, char
        if not _connects(before):
            shouting = shouting and char in large
            last = to_lower(char) if shouting else char
            made.append(before)
        elif _connects(char):
            made.append(before)
        else:
            shouting = char in large
            last = to_upper(char)
    return "".join(made) + last


def joined_by(run: Run, connector: str, text: str) -> str:
    """Return the words in lower case with a connector between them."""
    run.spend(2 * len(text))  # a word may be a single character, and takes longer than a turn of a loop
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


def _words(text: str) -> Iterator[_Word]:
    chars, texts = _units(text)
    kinds = chars.translate({ord(char): _kind(char) for char in set(chars)})
    for found in _WORDS.finditer(kinds):
        kind = found[0][0]
        yield _Word(_CONNECTOR if kind == _DASH else kind, "".join(texts[found.start() : found.end()]))


def _kind(char: str) -> str:
    if _connects(char):
        return _DASH if is_punctuation(char) else _CONNECTOR
    if is_punctuation(char):
        return _PUNCTUATION
    if _is_alphabetic(char):
        return _UPPER if is_upper(char) else _LETTERS
    return _NUMBER if is_number(char) else _OTHER


def _units(text: str) -> tuple[str, Sequence[str]]:
    """Return the characters of a text that are UTF-8, and each with what is none before it.

    What is none behind the last one is taken for more of that.
    """
    text = well_formed(text)
    if INVALID not in text and not any(map(is_raw, set(text))):
        return text, text
    chars, texts, odd = "", [], ""
    for char in text:
        odd += char
        if char != INVALID and not is_raw(char):
            chars += char
            texts.append(odd)
            odd = ""
    if odd:
        chars += chars[-1:] or INVALID
        texts.append(odd)
    return chars, texts
