"""What most processes never need: loaded, and made, when something first asks for it.

To load everything at the start would take a tenth of the time to the first file of an agent.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from threading import Lock
from typing import Any, Generic, TypeVar, final

from ..clock import Deadline
from ..ports import AnyQuery, AnyWire, Backend
from ..queries import Found
from ..values import Version

T = TypeVar("T")


@final
class Late(Generic[T]):
    """Something that is made once, when it is first needed. Safe to call from several threads.

    Args:
        make: Loads and makes it.

    Attributes:
        made: None until then.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = Lock()
        self.made: T | None = None

    def get(self) -> T:
        """Return it."""
        with self._lock:
            if self.made is None:
                self.made = self._make()
            return self.made


@final
class LateBackend:
    """A `Backend` that stands in for one which there may never be a question to. Safe to call from several threads.

    Args:
        answers: What that one answers.
        backend: Returns it.
    """

    def __init__(self, answers: Collection[type[AnyQuery]], backend: Callable[[], Backend]) -> None:
        self.answers: Collection[type[AnyQuery]] = answers
        self._backend = backend

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, Version],
        credential: Found[Any] | None,
        deadline: Deadline,
    ) -> Mapping[AnyQuery, AnyWire]:
        """See `ports.Backend`."""
        return self._backend().read(queries, known=known, credential=credential, deadline=deadline)
