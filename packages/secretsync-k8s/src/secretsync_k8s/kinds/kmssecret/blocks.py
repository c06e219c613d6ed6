"""A manifest's blocks as they are read: with their place, and every problem noted instead of the first one raised.

Empty text, empty object and null mean "absent" everywhere: typed Go clients of the original write every block with
empty strings (kmssecret §2.1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from secretsync.classes import frozen

from ..base import Json


def pruned(value: Any) -> Any:
    """Return the value without anything that means "absent", None if nothing is left."""
    if isinstance(value, dict):
        kept = {key: left for key, item in value.items() if (left := pruned(item)) is not None}
        return kept or None
    if isinstance(value, list):
        return [left for item in value if (left := pruned(item)) is not None] or None
    return None if value == "" else value


@frozen
class Block:
    """One block of a pruned manifest; `problems` are those of the whole manifest."""

    raw: Json
    place: str
    problems: list[str]

    def __contains__(self, name: str) -> bool:
        return name in self.raw

    @property
    def says_nothing(self) -> bool:
        """Whether it holds no more than switches that are off, which typed clients write too."""
        return not _says(self.raw)

    def block(self, name: str) -> Block:
        """Return the block under a name, an empty one if there is none."""
        return Block(self.raw.get(name) or {}, f"{self.place}.{name}", self.problems)

    def blocks(self, name: str) -> Iterator[Block]:
        """Yield the blocks of a list."""
        for n, raw in enumerate(self.raw.get(name) or ()):
            yield Block(raw, f"{self.place}.{name}[{n}]", self.problems)

    def text(self, name: str, hint: str) -> str:
        """Return a text that must be there; `hint` says what to write."""
        value = self.raw.get(name)
        if value is None:
            self.problem(f"is missing; {hint}", name)
            return ""
        return str(value)

    def optional(self, name: str) -> str:
        return str(self.raw.get(name) or "")

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(map(str, self.raw.get(name) or ()))

    def strings(self, name: str) -> Mapping[str, str]:
        """Return the texts under a name, by their keys."""
        return {key: str(value) for key, value in (self.raw.get(name) or {}).items()}

    def is_on(self, name: str) -> bool:
        return bool(self.raw.get(name))

    def problem(self, text: str, name: str = "") -> None:
        """Note what is wrong with the block, or with what stands in it under a name."""
        self.problems.append(f"{self.place}.{name} {text}" if name else f"{self.place} {text}")


def _says(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_says, value.values()))
    if isinstance(value, list):
        return any(map(_says, value))
    return bool(value)
