"""A dry run: what would be written is said by its path, and never written; nothing is lent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, final

from attrs import evolve, field

from secretsync.backends.kms.queries import DynamicSecret
from secretsync.classes import frozen
from secretsync.clock import Deadline
from secretsync.files import CONTENT, KIND, MARK
from secretsync.ports import AnyQuery, AnyWire
from secretsync.queries import Absent, Found
from secretsync.targets import Action, Create, Observed, Ref, Update
from secretsync.values import SecretValue, Version

from .functions import NOT_LENT

_WRITTEN: Final = Version("as if written")


@final
@frozen
class DryFiles:
    """A `Place` of files that only notes what would be done. Thread-safe.

    Attributes:
        digest: Of values, as who reads the files has it.
    """

    digest: Callable[[SecretValue], bytes]
    _noted: dict[Ref, str] = field(factory=dict, init=False)

    kinds = frozenset({KIND})

    def perform(self, ref: Ref, action: Action, *, subject: str) -> Found[Observed] | Absent:  # noqa: ARG002
        """Note what would be done; the file looks afterwards as if it had been."""
        match action:
            case Create():
                self._noted[ref] = f"would create {ref.name}"
                seen = Observed({CONTENT: self.digest(action.content[CONTENT])}, version=_WRITTEN, mark=MARK)
                return Found(evolve(seen, attributes=dict(action.attributes)), _WRITTEN)
            case Update():
                what = "change" if action.put else f"set {' and '.join(sorted(action.attributes))} of"
                self._noted[ref] = f"would {what} {ref.name}"
        return Absent()

    def take(self, refs: Iterable[Ref]) -> list[str]:
        """Return a line for each of these files that would change, and in their order: several are looked at at once."""
        return [self._noted.pop(ref) for ref in refs if ref in self._noted]


@final
@frozen
class DryLending:
    """A `Backend` of leases that makes none: nobody knows what would be lent. Thread-safe."""

    _noted: list[str] = field(factory=list, init=False)

    answers = frozenset({DynamicSecret})

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, Version],  # noqa: ARG002 - what is lent has no version
        credential: Found[Any] | None,  # noqa: ARG002 - nothing is asked of the KMS
        deadline: Deadline,  # noqa: ARG002 - takes no time
    ) -> Mapping[AnyQuery, AnyWire]:
        """See `ports.Backend`."""
        for query in queries:
            if isinstance(query, DynamicSecret):
                self._noted.append(f"would lease {query.name} of {query.place}")
        return dict.fromkeys(queries, Found(NOT_LENT))

    def take(self) -> list[str]:
        """Return a line for each lease that would be made, sorted: nobody knows who would be first."""
        taken, self._noted[:] = sorted(self._noted), []
        return taken


@final
@frozen
class Dry:
    """What stands in for all that does something.

    Attributes:
        tell: Called with a line for each thing that would be done, when all is over.
        files: In place of those of the machine.
        lending: In place of the KMS's.
    """

    tell: Callable[[str], None]
    files: DryFiles
    lending: DryLending = field(factory=DryLending)

    def close(self, refs: Iterable[Ref]) -> None:
        """Tell of leases, then of these files."""
        for line in (*self.lending.take(), *self.files.take(refs)):
            self.tell(line)
