"""A dry run: what would be written is said by its path, and never written; nothing is lent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, final

from attrs import evolve, frozen

from secretsync.backends.kms.queries import DynamicSecret
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


@final
@frozen
class DryLending:
    """A `Backend` of leases that makes none: nobody knows what would be lent. As thread-safe as `tell`.

    Attributes:
        tell: Called with a line for each lease that would be made.
    """

    tell: Callable[[str], None]

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
                self.tell(f"would lease {query.name} of {query.place}")
        return dict.fromkeys(queries, Found(NOT_LENT))
