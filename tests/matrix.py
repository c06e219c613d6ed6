"""Prints which rows of the specifications' test matrices the tests cover.

    python tests/matrix.py

A test says what it covers: `@pytest.mark.row("kmssecret-12")`. Markers are read from the source, so nothing is
imported or run. Exit code 1: a marker names a row that no matrix has.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROWS: Mapping[str, int] = {
    "kmssecret": 66,
    "secretdefinition": 66,
    "syncedsecret": 61,
    "syncedsecret-golden": 12,
    "csi": 61,
    "agent": 74,
    "agent-golden": 13,
    "kms-api": 13,
}
"""How many rows each matrix has, and each table of templates with their results; they are numbered from 1."""

UNTESTABLE: Mapping[str, str] = {}
"""Why a row cannot be tested, by its id."""

NOT_BUILT = "not built yet"


class Marker(NamedTuple):
    """One row that a test says it covers."""

    row: str
    tier: str
    place: str


def markers(tests: Path) -> Iterator[Marker]:
    """Yield every marker below a folder of tests; the tier is the first folder."""
    for file in sorted(tests.rglob("test_*.py")):
        where = file.relative_to(tests)
        source = file.read_text("utf-8")
        if ".row(" in source:  # parsing every file would take most of the time
            for row, line in _marked(ast.parse(source)):
                yield Marker(row, where.parts[0], f"{where}:{line}")


def _marked(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="mark"), attr="row")):
                for arg in node.args:
                    yield (str(arg.value) if isinstance(arg, ast.Constant) else ast.unparse(arg)), arg.lineno


def unknown(found: Iterable[Marker]) -> list[str]:
    """Return a line for each marker whose row no matrix has."""
    known = {f"{spec}-{n}" for spec, rows in ROWS.items() for n in range(1, rows + 1)}
    return [f"{marker.place}: no matrix has a row {marker.row}" for marker in found if marker.row not in known]


def report(found: Iterable[Marker]) -> Iterator[str]:
    """Yield the lines of each spec: how much is covered, where, and what is missing and why."""
    tiers: dict[str, set[str]] = {}
    for marker in found:
        tiers.setdefault(marker.row, set()).add(marker.tier)
    for spec, rows in ROWS.items():
        ids = {n: f"{spec}-{n}" for n in range(1, rows + 1)}
        groups: dict[str, list[int]] = {}
        for n, row in ids.items():
            groups.setdefault(_standing(row, tiers), []).append(n)
        yield f"{spec} {sum(row in tiers for row in ids.values())}/{rows}"
        yield from (f"  {standing}: {ranges(numbers)}" for standing, numbers in groups.items())


def _standing(row: str, tiers: Mapping[str, set[str]]) -> str:
    if row in tiers:
        return " + ".join(sorted(tiers[row]))
    return f"missing, {UNTESTABLE.get(row, NOT_BUILT)}"


def ranges(numbers: Iterable[int]) -> str:
    """Return ascending numbers as text, neighbours joined: `1-3, 5`."""
    runs: list[list[int]] = []
    for n in numbers:
        if runs and runs[-1][-1] == n - 1:
            runs[-1][1:] = [n]
        else:
            runs.append([n])
    return ", ".join("-".join(map(str, run)) for run in runs)


def main() -> int:
    found = list(markers(Path(__file__).parent))
    wrong = unknown(found)
    print(*report(found), sep="\n")
    print(*wrong, sep="\n", end="\n" if wrong else "", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
