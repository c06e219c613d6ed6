"""What tells the operator of changes between two polls: which folder is whose, and whose answers are doubtful now.

Nothing depends on it. What is heard makes answers be read again, conditionally, and polling goes on all the while.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from attrs import field, frozen

from secretsync.backends.kms.events import Watched, imported
from secretsync.backends.kms.queries import Folder
from secretsync.backends.kms.webhook import Changed
from secretsync.queries import Found
from secretsync.reconcile.messages import Applied, Event, Moved, Withdrawn
from secretsync.reconcile.settle import Ask
from secretsync.runtime.interests import Interests
from secretsync.values import Version

ANOTHER: Final = Version("another")
"""No server calls a version so: what is shown of it is always news."""


@frozen
class Hearing:
    """Thread-safe.

    Attributes:
        send: How the engine is told.
    """

    send: Callable[[Moved], None]
    _interests: Interests = field(factory=Interests, init=False)

    def follow(self, event: Event) -> None:
        """Take in that an object is wanted or no longer is, before the engine does."""
        match event:
            case Applied(subject) if not subject.deleted:
                self._interests.add(subject.key)
            case Applied(subject):
                self._interests.drop(subject.key)
            case Withdrawn(key):
                self._interests.drop(key)

    def saw(self, key: str, ask: Ask) -> None:
        """Learn what an object is made of, from a run that has all its answers."""
        self._interests.keep(key, _watched(ask))

    def changed(self, changed: Changed) -> None:
        """Have everything looked at that may have changed."""
        for query in self._interests.touched(changed.project, changed.place):
            self.send(Moved(query, ANOTHER))


def _watched(ask: Ask) -> Iterator[Watched]:
    for query in tuple(ask.asked):
        if isinstance(query, Folder):
            answer = ask(query)
            yield Watched(query, imported=imported(answer.value) if isinstance(answer, Found) else frozenset())
