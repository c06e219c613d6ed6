"""The table of README.md: every mutant, what bug it is, and what kills it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from .mutant import Mutant

README: Final = Path(__file__).with_name("README.md")
_HEAD: Final = "| Mutant | The bug | Killed by |\n| --- | --- | --- |\n"


def write(mutants: Iterable[Mutant]) -> None:
    """Put the table in place of the one in the file."""
    README.write_text(_text() + _table(mutants))


def is_current(mutants: Iterable[Mutant]) -> bool:
    """Return whether the file shows these mutants as they are."""
    return README.read_text() == _text() + _table(mutants)


def _text() -> str:
    return README.read_text().partition(_HEAD)[0]


def _table(mutants: Iterable[Mutant]) -> str:
    return _HEAD + "".join(f"| {one.name} | {one.bug} | `{one.killer}` |\n" for one in mutants)
