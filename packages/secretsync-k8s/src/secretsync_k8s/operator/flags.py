"""Command lines as Go's `flag` package reads them, for programs whose flags must keep working.

One dash or two, `-x value` or `-x=value`, a boolean without a value, and the first word that is no flag ends them.
argparse differs in each of these points. Where we go further: every wrong value is told at once, an unknown name comes
with the nearest known one, and a flag may have an environment variable in its stead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from attrs import field

from secretsync.classes import define, frozen
from secretsync.errors import InvalidInput

FlagValue = str | bool | int | float | tuple[str, ...]

_TRUE: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_INT64: Final = range(-(2**63), 2**63)
_LONGEST: Final = 2**63 * 1e-9
"""Seconds: Go counts nanoseconds in 64 bits."""
_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART: Final = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")


def text(value: str) -> str:
    """Return the text itself."""
    return value


def boolean(value: str) -> bool:
    """Return the truth value of one of Go's words for it, or raise ValueError."""
    if value in _TRUE or value in _FALSE:
        return value in _TRUE
    raise ValueError


def integer(value: str) -> int:
    """Return a 64-bit number written in base 10, 8 (`017`), 16 or 2, or raise ValueError."""
    if not value.isascii() or value != value.strip():
        raise ValueError
    number = int(re.sub(r"^([+-]?)0(?=[0-7_])", r"\g<1>0o", value), 0)
    if number not in _INT64:
        raise ValueError
    return number


def duration(value: str) -> float:
    """Return the seconds of a Go duration such as `1m30s`, `500ms` or `0`, or raise ValueError."""
    digits = value.removeprefix("-") if value.startswith("-") else value.removeprefix("+")
    parts = _PART.findall(digits)
    if digits != "0" and (not parts or "".join(number + unit for number, unit in parts) != digits):
        raise ValueError
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if seconds > _LONGEST:
        raise ValueError
    return -seconds if value.startswith("-") else seconds


@frozen
class Kind:
    """What a flag takes.

    Attributes:
        word: For the help; "" for a flag that needs no value.
        read: Makes the value from text, or raises ValueError.
        remedy: What to write instead of a wrong value.
        repeated: Each use adds one value; in an environment variable they are separated by commas.
    """

    word: str
    read: Callable[[str], FlagValue]
    remedy: str = ""
    repeated: bool = False


TEXT: Final = Kind("string", text)
TEXTS: Final = Kind("string", text, repeated=True)
BOOL: Final = Kind("", boolean, "write true or false")
INT: Final = Kind("int", integer, "write a whole number")
DURATION: Final = Kind("duration", duration, "write a duration such as 500ms, 2s or 1m30s")


@frozen
class Flag:
    """One flag of a program.

    Attributes:
        env: The variable that stands in for it when it is not given.
        shown: The default in the help's words, where its value says little.
    """

    name: str
    kind: Kind
    default: FlagValue
    help: str
    env: str | None = None
    shown: str = ""


def parse(flags: Sequence[Flag], argv: Sequence[str], environ: Mapping[str, str]) -> Mapping[str, FlagValue] | None:
    """Return what a command line (without the program's name) and the environment say of every flag.

    None: somebody asked for the `usage`.

    Raises:
        InvalidInput: Every wrong value, and what ends the reading: an unknown flag, bad syntax, a missing value, or
            words that are no flags. A program ends with code 2 then.
    """
    line = _Line({flag.name: flag for flag in flags}, list(argv))
    line.read()
    for flag in flags:
        if flag.env and flag.name not in line.given and (held := environ.get(flag.env)):
            line.take(flag, held.split(",") if flag.kind.repeated else [held], f"environment variable {flag.env}")
    if line.help:
        return None
    if line.problems:
        raise InvalidInput(line.problems)
    return {flag.name: line.given.get(flag.name, flag.default) for flag in flags}


@define
class _Line:
    """A command line while it is read: `words` are those still to come."""

    flags: Mapping[str, Flag]
    words: list[str]
    given: dict[str, FlagValue] = field(factory=dict)
    problems: list[str] = field(factory=list)
    help: bool = False

    def read(self) -> None:
        while self.words and len(self.words[0]) > 1 and self.words[0].startswith("-"):
            word = self.words.pop(0)
            if word == "--":
                break
            if not self._one(word):
                return
        self.problems += (f'unexpected argument "{word}"; every setting is a flag' for word in self.words)

    def _one(self, word: str) -> bool:
        """Read one flag and its value; return whether the words behind it can still be understood."""
        name, equals, value = word.removeprefix("-").removeprefix("-").partition("=")
        if not name or name.startswith("-"):
            return self._stop(f"bad flag syntax: {word}")
        flag = self.flags.get(name)
        if flag is None:
            return self._unknown(name)
        if not equals and flag.kind == BOOL:
            value = "true"
        elif not equals:
            if not self.words:
                return self._stop(f"flag needs an argument: -{name}")
            value = self.words.pop(0)
        self.take(flag, [value], f"-{name}" if flag.kind == BOOL else f"flag -{name}")
        return True

    def _unknown(self, name: str) -> bool:
        if name in {"h", "help"}:
            self.help = True
            return False
        near = get_close_matches(name, self.flags, n=1)
        hint = f"; did you mean -{near[0]}?" if near else "; -help lists the flags"
        return self._stop(f"flag provided but not defined: -{name}{hint}")

    def _stop(self, problem: str) -> bool:
        self.problems.append(problem)
        return False

    def take(self, flag: Flag, values: Sequence[str], place: str) -> None:
        noun = "boolean value" if flag.kind == BOOL else "value"
        for value in values:
            try:
                read = flag.kind.read(value)
            except ValueError:
                self.problems.append(f'invalid {noun} "{value}" for {place}: parse error; {flag.kind.remedy}')
                continue
            earlier = self.given.get(flag.name, ())
            self.given[flag.name] = (*earlier, str(read)) if flag.kind.repeated and isinstance(earlier, tuple) else read


def usage(program: str, flags: Sequence[Flag]) -> str:
    """Return the help, flags by name, in the form that Go prints."""
    lines = [f"Usage of {program}:"]
    for flag in sorted(flags, key=lambda flag: flag.name):
        lines += [f"  -{flag.name} {flag.kind.word}".rstrip(), f"    \t{flag.help}{_shown(flag)}"]
    return "\n".join(lines) + "\n"


def _shown(flag: Flag) -> str:
    default = f" (default {_default(flag)})" if flag.default else ""
    return default + (f" (environment variable {flag.env})" if flag.env else "")


def _default(flag: Flag) -> str:
    match flag.default:
        case _ if flag.shown:
            return flag.shown
        case bool():
            return str(flag.default).lower()
        case tuple():
            return ",".join(flag.default)
        case float():
            return f"{flag.default:g}s"
    return f'"{flag.default}"' if isinstance(flag.default, str) else str(flag.default)
