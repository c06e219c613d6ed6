"""A dry run: what would be written is said by its path, and never written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, final

from attrs import evolve, frozen

from secretsync.files import CONTENT, KIND, MARK
from secretsync.queries import Absent, Found
from secretsync.targets import Action, Create, Observed, Ref, Update
from secretsync.values import SecretValue, Version

_WRITTEN: Final = Version("as if written")


@final
@frozen
class DryFiles:
    """A `Place` of files that only tells. As thread-safe as `tell`.

    Attributes:
        tell: Called with a line for each file that would change.
        digest: Of values, as who reads the files has it.
    """

    tell: Callable[[str], None]
    digest: Callable[[SecretValue], bytes]

    kinds = frozenset({KIND})

    def perform(self, ref: Ref, action: Action, *, subject: str) -> Found[Observed] | Absent:  # noqa: ARG002
        """Say what would be done; the file looks afterwards as if it had been."""
        match action:
            case Create():
                self.tell(f"would create {ref.name}")
                seen = Observed({CONTENT: self.digest(action.content[CONTENT])}, version=_WRITTEN, mark=MARK)
                return Found(evolve(seen, attributes=dict(action.attributes)), _WRITTEN)
            case Update():
                what = "change" if action.put else f"set {' and '.join(sorted(action.attributes))} of"
                self.tell(f"would {what} {ref.name}")
        return Absent()
