"""Which fault hit in which phase, how often, and which pairs of them can be at all.

A fault that never struck while something was being written proves nothing about writes: so hits are counted, and a pair
that is possible and was never hit is a hole in the simulation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from ...classes import frozen

Hits = Counter[tuple[str, str]]
"""By fault and phase."""


def merge(lives: Iterable[Hits]) -> Hits:
    """Return the hits of several lives."""
    added: Hits = Counter()
    for hits in lives:
        added.update(hits)
    return added


@frozen
class Chart:
    """What there is to hit. In what follows, `kinds` names the area of each kind of deed.

    Attributes:
        phases: By area.
        impossible: Why a fault cannot hit in a phase.
    """

    phases: Mapping[str, tuple[str, ...]]
    impossible: Mapping[tuple[str, str], str]

    def phases_of(self, kind: str, area: str) -> list[str]:
        """Return the phases in which a kind of deed can hit."""
        return [phase for phase in self.phases[area] if (kind, phase) not in self.impossible]

    def pairs(self, kinds: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return every pair that can be."""
        return [(kind, phase) for kind in sorted(kinds) for phase in self.phases_of(kind, kinds[kind])]

    def missing(self, hits: Hits, kinds: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return the possible pairs without a hit."""
        return [pair for pair in self.pairs(kinds) if not hits[pair]]

    def table(self, hits: Hits, kinds: Mapping[str, str]) -> str:
        """Return a table for each area, a fault a line; `-` stands where none can be."""
        return "\n\n".join("\n".join(self._rows(hits, area, kinds)) for area in self.phases)

    def _rows(self, hits: Hits, area: str, kinds: Mapping[str, str]) -> Iterator[str]:
        names = sorted(kind for kind in kinds if kinds[kind] == area)
        first = max(map(len, (area, *names)))
        for n, phase in enumerate(self.phases[area], 1):
            yield f"{area} phase {n}: {phase}"
        yield " ".join((" " * first, *(f"{n:>6}" for n in range(1, 1 + len(self.phases[area])))))
        for kind in names:
            cells = ("-" if (kind, phase) in self.impossible else str(hits[kind, phase]) for phase in self.phases[area])
            yield " ".join((f"{kind:<{first}}", *(f"{cell:>6}" for cell in cells)))
