"""What is wrong with a text that is no JSON: the words of Go's scanner, which goes through it byte by byte."""

from __future__ import annotations

import re
from typing import Final

_SPACE: Final = " \t\n\r"
_DEEPEST: Final = 10_000
_LITERALS: Final = {"t": "true", "f": "false", "n": "null"}
_END: Final = "unexpected end of JSON input"


class _Fault(Exception):
    """What is wrong; the text is Go's."""


def fault(text: str) -> str | None:
    """Return Go's words for the first thing that is wrong with a text, without what stands there; None if nothing is."""
    try:
        _Scanner(text).document()
    except _Fault as found:
        return str(found)
    return None


def _bad(where: str) -> _Fault:
    return _Fault(f"invalid character [redacted] {where}")


class _Scanner:
    """Goes through a text; nested values are kept track of here and not on Python's stack."""

    __slots__ = ("_at", "_closing", "_is_first", "_text")

    def __init__(self, text: str) -> None:
        self._text: str = text + " "  # with which Go, too, sees what the end cuts off
        self._at: int = 0
        self._closing: list[str] = []
        self._is_first: bool = False  # whether an element must follow, as nothing has been read of its list or object

    def document(self) -> None:
        """Go through all of the text."""
        self._value()
        while self._closing:
            if not self._is_first:
                self._after_value()
            elif self._closing[-1] == "]":
                self._value()
            else:
                self._member()
        self._space()
        if self._at < len(self._text):
            raise _bad("after top-level value")

    def _space(self) -> None:
        while self._at < len(self._text) and self._text[self._at] in _SPACE:
            self._at += 1

    def _next(self) -> str:
        """Take the next character that is no space."""
        self._space()
        return self._char()

    def _char(self) -> str:
        if self._at == len(self._text):
            raise _Fault(_END)
        self._at += 1
        return self._text[self._at - 1]

    def _value(self) -> None:
        self._is_first = False
        char = self._next()
        if char == '"':
            self._string()
        elif char in _LITERALS:
            self._literal(_LITERALS[char])
        elif char == "-" or char in "0123456789":
            self._number(char)
        elif char in "[{":
            self._open(char)
        else:
            raise _bad("looking for beginning of value")

    def _open(self, char: str) -> None:
        self._closing.append("]" if char == "[" else "}")
        if len(self._closing) > _DEEPEST:
            raise _Fault("exceeded max depth")
        self._space()
        if self._text[self._at : self._at + 1] == self._closing[-1]:
            self._at += 1
            self._closing.pop()
        else:
            self._is_first = True

    def _member(self) -> None:
        if self._next() != '"':
            raise _bad("looking for beginning of object key string")
        self._string()
        if self._next() != ":":
            raise _bad("after object key")
        self._value()

    def _after_value(self) -> None:
        char = self._next()
        if char == self._closing[-1]:
            self._closing.pop()
        elif char != ",":
            raise _bad("after array element" if self._closing[-1] == "]" else "after object key:value pair")
        elif self._closing[-1] == "]":
            self._value()
        else:
            self._member()

    def _string(self) -> None:
        while (char := self._char()) != '"':
            if char < " ":
                raise _bad("in string literal")
            if char == "\\":
                self._escape()

    def _escape(self) -> None:
        char = self._char()
        if char == "u":
            for _ in range(4):
                if self._char() not in "0123456789abcdefABCDEF":
                    raise _bad("in \\u hexadecimal character escape")
        elif char not in '"\\/bfnrt':
            raise _bad("in string escape code")

    def _literal(self, word: str) -> None:
        for expected in word[1:]:
            if self._char() != expected:
                raise _bad(f"in literal {word} (expecting '{expected}')")

    def _number(self, first: str) -> None:
        if first == "-":
            first = self._digit("in numeric literal")
        if first != "0":
            self._digits()
        if self._text[self._at : self._at + 1] == ".":
            self._at += 1
            self._digit("after decimal point in numeric literal")
            self._digits()
        if self._text[self._at : self._at + 1] in {"e", "E"}:
            self._at += 1
            self._at += self._text[self._at : self._at + 1] in {"+", "-"}
            self._digit("in exponent of numeric literal")
            self._digits()

    def _digit(self, where: str) -> str:
        char = self._char()
        if char not in "0123456789":
            raise _bad(where)
        return char

    def _digits(self) -> None:
        found = re.compile("[0-9]*").match(self._text, self._at)
        self._at = found.end() if found else self._at
