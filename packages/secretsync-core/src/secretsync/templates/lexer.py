"""The lexer: from the text of a template to tokens.

Trim markers and comments end here; the parser never sees them. Positions are offsets into the text. As the parser
never tells the lexer anything, all tokens are made at once; the first error is the last token.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from .literals import is_letter_or_digit, rune_name
from .quoting import quote
from .values import encoded

SPACES: Final = " \t\r\n"
LEFT, RIGHT = "{{", "}}"
KEYWORDS: Final = frozenset(
    ["block", "break", "continue", "define", "else", "end", "if", "range", "nil", "template", "with"]
)

_SHOWN: Final = 10
"""Characters of a token that an error quotes."""
_SPACE: Final = re.compile(r"[ \t\r\n]+")
_WORD: Final = re.compile(r"\w*")
_STRING: Final = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"', re.DOTALL)
_CHARACTER: Final = re.compile(r"'(?:[^'\\\n]|\\[^\n])*'", re.DOTALL)
_NUMBER: Final = re.compile(
    r"[+-]?(?:"
    r"0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?"
    r"|0[oO][0-7_]*(?:\.[0-7_]*)?"
    r"|0[bB][01_]*(?:\.[01_]*)?"
    r"|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?"
    r")i?"
)
_ENDS_WORD: Final = frozenset([*SPACES, ".", ",", "|", ":", ")", "("])
_AFTER_POINT: Final = frozenset(["", *"0123456789"])


class Token(NamedTuple):
    """A piece of a template; its kind is the keyword, the sign, or the name of what it is."""

    kind: str
    pos: int
    text: str
    line: int

    def __str__(self) -> str:
        if self.kind == "EOF":
            return "EOF"
        if self.kind == "error":
            return self.text
        if self.kind == "." or self.kind in KEYWORDS:
            return f"<{self.text}>"
        is_long = len(encoded(self.text)) > _SHOWN
        return f"{quote(self.text[:_SHOWN])}..." if is_long else quote(self.text)


class _LexicalError(Exception):
    def __init__(self, text: str, pos: int) -> None:
        super().__init__(text)
        self.text = text
        self.pos = pos


def tokens(
    text: str, *, delimiters: tuple[str, str] = (LEFT, RIGHT), words: frozenset[str] = frozenset()
) -> list[Token]:
    """Return the tokens of a text, the last of which is `EOF` or `error`.

    Args:
        text: The template.
        delimiters: What begins and ends an action; an empty one means Go's own.
        words: Keywords that are names here, because functions have them: `break` and `continue`.
    """
    lexer = _Lexer(text, left=delimiters[0] or LEFT, right=delimiters[1] or RIGHT, words=words)
    made: list[Token] = []
    line, counted = 1, 0
    for kind, start, end in lexer.all():
        line += text.count("\n", counted, start)
        counted = start
        made.append(Token(kind, start, text[start:end], line))
    if lexer.error is not None:
        pos = lexer.error.pos
        made.append(Token("error", pos, lexer.error.text, line + text.count("\n", counted, pos)))
    return made


class _Lexer:
    """The state of one scan: where it is, and how deep in parentheses."""

    def __init__(self, text: str, *, left: str, right: str, words: frozenset[str]) -> None:
        self.text = text
        self.left = left
        self.right = right
        self.words = words
        self.pos = 0
        self.depth = 0
        self.error: _LexicalError | None = None

    def all(self) -> Iterator[tuple[str, int, int]]:
        """Yield kind, start and end of every token; stop at the first error and keep that."""
        try:
            yield from self._outside()
        except _LexicalError as error:
            self.error = error

    def _outside(self) -> Iterator[tuple[str, int, int]]:
        while True:
            found = self.text.find(self.left, self.pos)
            end = len(self.text) if found < 0 else self._trimmed_end(found)
            if end > self.pos:
                yield "text", self.pos, end
            if found < 0:
                yield "EOF", len(self.text), len(self.text)
                return
            self.pos = found + len(self.left)
            inner = self.pos + 2 if self._trims_left(self.pos) else self.pos
            if self.text.startswith("/*", inner):
                self._comment(inner)
            else:
                yield "{{", found, self.pos
                self.pos = inner
                yield from self._inside()

    def _trimmed_end(self, found: int) -> int:
        """Return where the text before an action ends."""
        if not self._trims_left(found + len(self.left)):
            return found
        return self.pos + len(self.text[self.pos : found].rstrip(SPACES))

    def _trims_left(self, at: int) -> bool:
        return self.text.startswith("-", at) and self.text[at + 1 : at + 2] in tuple(SPACES)

    def _right(self, at: int) -> int:
        """Return the length of the right delimiter here, a trim marker included; 0 if there is none."""
        if self.text[at : at + 1] in tuple(SPACES) and self.text.startswith("-" + self.right, at + 1):
            return 2 + len(self.right)
        return len(self.right) if self.text.startswith(self.right, at) else 0

    def _leave(self, length: int) -> None:
        """Step over a right delimiter, and over the spaces that it trims."""
        self.pos += length
        if length > len(self.right):
            spaces = _SPACE.match(self.text, self.pos)
            self.pos = spaces.end() if spaces else self.pos

    def _comment(self, start: int) -> None:
        end = self.text.find("*/", start + 2)
        if end < 0:
            raise _LexicalError("unclosed comment", start)
        self.pos = end + 2
        length = self._right(self.pos)
        if not length:
            raise _LexicalError("comment ends before closing delimiter", start)
        self._leave(length)

    def _inside(self) -> Iterator[tuple[str, int, int]]:
        self.depth = 0
        while True:
            length = self._right(self.pos)
            if length and self.depth:
                raise _LexicalError("unclosed left paren", self.pos)
            if length:
                end = self.pos + length
                yield "}}", end - len(self.right), end
                self._leave(length)
                return
            start = self.pos
            kind = self._token()
            yield kind, start, self.pos

    def _token(self) -> str:  # noqa: PLR0911  # one for each way a token can begin
        """Step over one token within an action and return its kind."""
        char = self.text[self.pos : self.pos + 1]
        if not char:
            raise _LexicalError("unclosed action", self.pos)
        if char in SPACES:
            return self._space()
        if char in "\"`'":
            return self._literal(char)
        if char == "$":
            return self._name("variable", 1)
        if char == "." and self.text[self.pos + 1 : self.pos + 2] not in _AFTER_POINT:
            return self._name("field", 1)
        if char in ".+-" or char in "0123456789":
            return self._number()
        if is_letter_or_digit(char):
            return self._identifier()
        return self._sign(char)

    def _space(self) -> str:
        spaces = _SPACE.match(self.text, self.pos)
        assert spaces is not None  # noqa: S101  # the caller saw one
        end = spaces.end()
        trims = self.text.startswith("-" + self.right, end)
        self.pos = end - 1 if trims else end
        return "space"

    def _literal(self, quote: str) -> str:
        start = self.pos
        if quote == "`":
            end = self.text.find("`", start + 1) + 1
            what, kind = "raw quoted string", "string"
        else:
            found = (_STRING if quote == '"' else _CHARACTER).match(self.text, start)
            end = found.end() if found else 0
            what, kind = ("quoted string", "string") if quote == '"' else ("character constant", "character")
        if not end:
            raise _LexicalError(f"unterminated {what}", start)
        self.pos = end
        return kind

    def _name(self, kind: str, skip: int) -> str:
        """Step over a field or a variable, whose first character is known."""
        start = self.pos
        self.pos += skip
        self._word()
        if not self._at_end_of_word():
            raise _LexicalError(f"bad character {rune_name(self.text[self.pos])}", start)
        return "." if kind == "field" and self.pos == start + 1 else kind

    def _word(self) -> None:
        found = _WORD.match(self.text, self.pos)
        word = found.group() if found else ""
        # Python's \w has a few more than Go's letters and digits, such as superscripts.
        length = (
            len(word)
            if word.isascii()
            else next((at for at, char in enumerate(word) if not is_letter_or_digit(char)), len(word))
        )
        self.pos += length

    def _at_end_of_word(self) -> bool:
        char = self.text[self.pos : self.pos + 1]
        return not char or char in _ENDS_WORD or self.text.startswith(self.right, self.pos)

    def _identifier(self) -> str:
        start = self.pos
        self._word()
        word = self.text[start : self.pos]
        if not self._at_end_of_word():
            raise _LexicalError(f"bad character {rune_name(self.text[self.pos])}", start)
        if word in KEYWORDS and word not in self.words:
            return word
        return "bool" if word in ("true", "false") else "identifier"

    def _number(self) -> str:
        start = self.pos
        self._plain_number(start)
        if self.text[self.pos : self.pos + 1] not in ("+", "-"):
            return "number"
        self._plain_number(start)
        if self.text[self.pos - 1] != "i":
            raise _LexicalError(f"bad number syntax: {quote(self.text[start : self.pos])}", start)
        return "complex"

    def _plain_number(self, start: int) -> None:
        found = _NUMBER.match(self.text, self.pos)
        self.pos = found.end() if found else self.pos
        following = self.text[self.pos : self.pos + 1]
        if following and is_letter_or_digit(following):
            raise _LexicalError(f"bad number syntax: {quote(self.text[start : self.pos + 1])}", start)

    def _sign(self, char: str) -> str:
        start = self.pos
        self.pos += 1
        if char == ":":
            if not self.text.startswith("=", self.pos):
                raise _LexicalError("expected :=", start)
            self.pos += 1
            return ":="
        if char == "(":
            self.depth += 1
        elif char == ")":
            self.depth -= 1
            if self.depth < 0:
                raise _LexicalError("unexpected right paren", start)
        elif not " " <= char <= "~":
            raise _LexicalError(f"unrecognized character in action: {rune_name(char)}", start)
        return char if char in "=|()" else "char"
