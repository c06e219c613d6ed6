"""How `printf` reads a format: flags, argument indexes, width, precision and verb of each directive.

What a directive means depends on the format and on how many arguments there are, on their values only where `*` takes
a width or a precision from one. So a format is read once for a number of arguments, into a plan of pieces.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ..values import well_formed

_LARGEST: Final = 1_000_000
"""What Go takes for a width or a precision at most; of digits in a format it sees that one digit late."""

_BAD_WIDTH: Final = "%!(BADWIDTH)"
_BAD_PRECISION: Final = "%!(BADPREC)"
_NO_VERB: Final = "%!(NOVERB)"
_FLAGS: Final = {"#": "sharp", "0": "zero", "+": "plus", "-": "minus", " ": "space"}


class Directive(NamedTuple):
    """How one value is written. `precision` is None where there is none; a width of 0 is none."""

    verb: str
    width: int = 0
    precision: int | None = None
    minus: bool = False
    plus: bool = False
    sharp: bool = False
    space: bool = False
    zero: bool = False
    plus_v: bool = False
    """`%+v`: the names of fields, too."""
    sharp_v: bool = False
    """`%#v`: the syntax of Go."""
    erroring: bool = False
    """Within the text of an error no method says how a value is written."""


PLAIN: Final = Directive("v")
"""One object, by which those who write values know that nothing is asked for."""

_USUAL: Final = {"v": PLAIN} | {verb: Directive(verb) for verb in "sdqxtfg"}


class Slot(NamedTuple):
    """A place for the argument `arg`, with the arguments that say its width and precision."""

    directive: Directive
    arg: int
    width_from: int | None
    precision_from: int | None


class Check(NamedTuple):
    """A place for a complaint about the argument `arg`, if it is no integer, or less than `least`."""

    arg: int
    complaint: str
    least: int


Piece = str | Slot | Check


class Plan(NamedTuple):
    """What a format comes to: its pieces in order, and the first of the arguments it has no place for, or None."""

    pieces: tuple[Piece, ...]
    extra: int | None


def parse(form: str, count: int) -> Plan:
    """Return the plan of a format for `count` arguments; whatever is wrong with it becomes text, as in Go."""
    return _Parser(well_formed(form), count).plan()


def star(value: object, least: int = -_LARGEST) -> int | None:
    """Return an argument as a width or precision, or None if it cannot be one."""
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= _LARGEST:
        return value
    return None


class _Parser:
    """Reads one format from left to right; every method moves `at` beyond what it has read."""

    def __init__(self, form: str, count: int) -> None:
        self.form = form
        self.count = count
        self.at = 0
        self.argument = 0
        self.pieces: list[Piece] = []
        self.reordered = False
        self.after_index = False
        self.good_index = True

    def plan(self) -> Plan:
        while self.at < len(self.form):
            self.literal()
            if self.at < len(self.form):
                self.at += 1
                self.directive()
        left = not self.reordered and self.argument < self.count
        return Plan(tuple(self.pieces), self.argument if left else None)

    def literal(self) -> None:
        end = self.form.find("%", self.at)
        end = len(self.form) if end < 0 else end
        if end > self.at:
            self.pieces.append(self.form[self.at : end])
        self.at = end

    def directive(self) -> None:
        usual = _USUAL.get(self.peek())
        if usual is not None and self.argument < self.count:
            self.pieces.append(Slot(usual, self.argument, None, None))
            self.argument += 1
            self.at += 1
        else:
            self.unusual()

    def unusual(self) -> None:
        self.good_index = True
        flags = self.flags()
        self.index()
        width, width_from = self.width()
        precision, precision_from = self.precision()
        if not self.after_index:
            self.index()
        if self.at >= len(self.form):
            self.pieces.append(_NO_VERB)
            return
        verb = self.form[self.at]
        self.at += 1
        directive = Directive(_rune(verb), width, precision, **flags)
        self.place(directive, width_from, precision_from)

    def place(self, directive: Directive, width_from: int | None, precision_from: int | None) -> None:
        if directive.verb == "%":
            self.pieces.append("%")
        elif not self.good_index:
            self.pieces.append(f"%!{directive.verb}(BADINDEX)")
        elif self.argument >= self.count:
            self.pieces.append(f"%!{directive.verb}(MISSING)")
        else:
            self.pieces.append(Slot(_for_verb(directive), self.argument, width_from, precision_from))
            self.argument += 1

    def flags(self) -> dict[str, bool]:
        found: dict[str, bool] = {}
        while (flag := _FLAGS.get(self.peek())) is not None:
            found[flag] = True
            self.at += 1
        return found

    def width(self) -> tuple[int, int | None]:
        if self.peek() == "*":
            return 0, self.star(_BAD_WIDTH, -_LARGEST)
        width = self.number(len(self.form))
        if self.after_index and width is not None:  # `%[3]2d`
            self.good_index = False
        return width or 0, None

    def precision(self) -> tuple[int | None, int | None]:
        if self.peek() != "." or self.at + 1 >= len(self.form):
            return None, None
        self.at += 1
        if self.after_index:  # `%[3].2d`
            self.good_index = False
        self.index()
        if self.peek() == "*":
            return None, self.star(_BAD_PRECISION, 0)
        return self.number(len(self.form)) or 0, None

    def star(self, complaint: str, least: int) -> int | None:
        """Read a `*`; return the argument it takes, or None if there is none left."""
        self.at += 1
        self.after_index = False
        if self.argument >= self.count:
            self.pieces.append(complaint)
            return None
        self.pieces.append(Check(self.argument, complaint, least))
        self.argument += 1
        return self.argument - 1

    def index(self) -> None:
        """Read `[n]`, if it is there: the next argument is the nth."""
        self.after_index = False
        if self.peek() != "[":
            return
        self.reordered = True
        number, self.after_index = self.bracketed()
        if self.after_index and 1 <= number <= self.count:
            self.argument = number - 1
        else:
            self.good_index = False

    def bracketed(self) -> tuple[int, bool]:
        """Return the number in brackets, and whether it is one; of brackets that do not close the first is read."""
        close = self.form.find("]", self.at)
        if close < 0 or self.at + 2 >= len(self.form):
            self.at += 1
            return 0, False
        self.at += 1
        number = self.number(close)
        is_good = number is not None and self.at == close
        self.at = close + 1
        return number or 0, is_good

    def number(self, end: int) -> int | None:
        """Read decimal digits; return None if there are none. Of too many, all up to `end` is lost."""
        start = self.at
        number = 0
        while self.at < end and "0" <= self.form[self.at] <= "9":
            if number > _LARGEST:
                self.at = end
                return None
            number = number * 10 + int(self.form[self.at])
            self.at += 1
        return number if self.at > start else None

    def peek(self) -> str:
        return self.form[self.at : self.at + 1]


def _for_verb(directive: Directive) -> Directive:
    """Give the flags `+` and `#` the meaning that they have with `v`."""
    if directive.verb not in {"v", "w"}:
        return directive
    return directive._replace(plus=False, sharp=False, plus_v=directive.plus, sharp_v=directive.sharp)


def _rune(char: str) -> str:
    return "\ufffd" if "\ud800" <= char <= "\udfff" else char
