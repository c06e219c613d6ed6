"""What a mutant is: a small wrong edit of our code, with the test that must notice it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

ROOT: Final = Path(__file__).resolve().parents[2]
_SOURCES: Final = {
    "secretsync": ROOT / "packages" / "secretsync-core" / "src",
    "secretsync_k8s": ROOT / "packages" / "secretsync-k8s" / "src",
    "secretsync_agent": ROOT / "packages" / "secretsync-agent" / "src",
}
LIFE: Final = "simulation:"
"""Begins a killer that is a whole simulated life; its seed follows."""


@frozen
class Mutant:
    """One bug that our code does not have, and must not get.

    Attributes:
        name: Unique, lower case with dashes.
        file: Of which package, as `secretsync/reconcile/plan.py`.
        before: The text that is replaced; must stand in the file exactly once.
        after: What takes its place.
        bug: In one sentence what goes wrong then, and which row, rule or invariant it breaks.
        killer: Must fail: a pytest node below `tests/`, as `unit/test_plan.py::test_what_is_done`, or a life, as
            `simulation:7`.
    """

    name: str
    file: str
    before: str
    after: str
    bug: str
    killer: str

    @property
    def path(self) -> Path:
        return source_of(self.file.partition("/")[0]) / self.file

    def applied(self, text: str) -> str:
        """Return the file with the bug in it."""
        return text.replace(self.before, self.after)


def source_of(package: str) -> Path:
    """Return the directory that holds a package."""
    return _SOURCES[package]


def packages() -> Iterator[Path]:
    """Yield every package's directory."""
    for name, source in _SOURCES.items():
        yield source / name


def complaints(mutants: Sequence[Mutant]) -> Iterator[str]:
    """Yield what keeps mutants from being tried: the code or the tests have moved on."""
    names = [mutant.name for mutant in mutants]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{name}: two mutants have this name"
    for mutant in mutants:
        yield from (f"{mutant.name}: {complaint}" for complaint in _complaints(mutant))


def _complaints(mutant: Mutant) -> Iterator[str]:
    text = mutant.path.read_text()
    times = text.count(mutant.before)
    if times != 1:
        yield f"its text stands {times} times in {mutant.file}, not once"
    elif mutant.before == mutant.after:
        yield "it changes nothing"
    elif not _is_python(mutant.applied(text)):
        yield f"{mutant.file} is no Python any more"
    if not _is_there(mutant.killer):
        yield f"there is no {mutant.killer}"


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def _is_there(killer: str) -> bool:
    if killer.startswith(LIFE):
        return killer.removeprefix(LIFE).isdecimal()
    file, _, test = killer.partition("::")
    path = ROOT / "tests" / file
    return path.exists() and f"\ndef {test.partition('[')[0]}(" in path.read_text()
