"""What a `desired` function is given: it may ask, and what is not known yet is noted.

`NotYet` and `AskFailed` are no `Exception`s, so that no careless `except Exception` in a `desired` function hides them;
and because a careless `except BaseException` could, who runs one looks at what the `Ask` noted (`verify`), not only at
what came out: a run that missed or met a failure never has a result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from ..cache.entry import NEVER
from ..cache.store import INPUTS, Store
from ..errors import CredentialsNotFound, SecretSyncError
from ..ports import AnyQuery
from ..queries import Absent, Answer, Failed, Found, Purpose, Query

T = TypeVar("T")


class NotYet(BaseException):
    """A run met something that is not known yet."""


class AskFailed(BaseException):
    """A run met an answer that could not be had."""

    def __init__(self, query: AnyQuery, failed: Failed) -> None:
        super().__init__(query, failed)
        self.query = query
        self.failed = failed


class Ask:
    """The only thing a `desired` function (or a guard) may do: look answers up in memory.

    Made for one run; not thread-safe.
    """

    def __init__(
        self,
        store: Store,
        *,
        now: float,
        since: float,
        max_age: float,
        permit: Callable[[AnyQuery, Ask], None],
        anew: bool = False,
    ) -> None:
        self._store = store
        self._now = now
        self._since = since
        self._max_age = max_age
        self._permit = permit
        self._oldest = since if anew else NEVER
        self.asked: dict[AnyQuery, float] = {}
        """Every query, with the age that is accepted in seconds."""
        self.missed: dict[AnyQuery, bool] = {}
        """What is not known yet; True: its value is needed."""
        self.effects: dict[AnyQuery, float] = {}
        """What is not there yet and is made by being asked for, each with the age that is accepted in seconds.

        It does not count as asked, or it would be made some day though the run came to nothing.
        """
        self.unmade: dict[AnyQuery, tuple[float, AskFailed]] = {}
        """What could not be made, with the age that is accepted and why. It fails a run that nothing else fails, and
        counts as asked only then: who fails anyway has it tried no more."""
        self.failed: AskFailed | SecretSyncError | None = None
        """Why nothing can come of this run, whatever its function makes of it."""

    def __call__(self, query: Query[T], *, max_age: float | None = None) -> Found[T] | Absent:
        """Return what is known. `max_age` in seconds; None: the subject's; 0: a read that ends after this run began."""
        return self.all((query,), max_age=max_age)[0]

    def all(self, queries: Iterable[Query[T]], *, max_age: float | None = None) -> tuple[Found[T] | Absent, ...]:
        """Return several answers, noting all that is missed before the run ends."""
        answers = [self._look(query, max_age, value=True) for query in queries]
        return tuple(answer if answer is not None else _not_yet() for answer in answers)

    def digest(self, query: AnyQuery, *, max_age: float | None = None) -> bytes:
        """Return the keyed digest of an answer; brings no value into memory that is not there."""
        if self._look(query, max_age, value=False) is None:
            raise NotYet
        return self._store.entry(query).digest

    def expect(self, query: AnyQuery) -> None:
        """Have what this run will ask in the end fetched together with all that it misses before.

        So the run is not made once more for it alone. No guard is asked: it is for targets that none could refuse. A
        failure is not met here, but where the answer is asked for.
        """
        query = self._store.own(query)
        if self._known(query, self._max_age, value=True) is None:
            self.asked[query], self.missed[query] = self._max_age, True

    def confirm(self, asked: Mapping[AnyQuery, float]) -> None:
        """Make sure that all of these are known and young enough, values or not."""
        for query, max_age in asked.items():
            self._look(query, max_age, value=False)
        self.verify()

    def verify(self) -> None:
        """Raise what this run met, if it met anything that leaves it without a result, caught or not."""
        self.verify_reads()
        if self.effects or self.unmade:
            raise NotYet

    def verify_reads(self) -> None:
        """Do so, but for what is only made when nothing else is missing."""
        if self.failed:
            raise self.failed
        if self.missed:
            raise NotYet

    def wanted(self) -> Mapping[AnyQuery, bool]:
        """Return what is to be fetched now: what makes something by being asked for comes last, alone.

        Raises:
            AskFailed: Nothing but that is missing, and some of it could not be made.
        """
        if self.missed:
            return self.missed
        for query, (age, failed) in self.unmade.items():
            self.asked[query], self.failed = age, self.failed or failed
        if self.failed:
            raise self.failed
        self.asked |= self.effects
        return dict.fromkeys(self.effects, True)

    def _look(self, query: Query[T], max_age: float | None, *, value: bool) -> Found[T] | Absent | None:
        if query.purpose in INPUTS:
            try:
                self._permit(query, self)
            except NotYet:
                return None  # what is not yet allowed is not noted, its siblings still are
            except SecretSyncError as exc:
                self.failed = exc
                raise
        query = self._store.own(query)
        age = self._max_age if max_age is None else max_age
        self.asked[query] = min(age, self.asked.get(query, age))
        answer = self._known(query, age, value=value)
        if isinstance(answer, Failed):
            self.asked[query] = min(age, self._max_age)  # it may come back any time
            failed = AskFailed(query, answer)
            if query.creates:
                self.unmade[query] = self.asked.pop(query), failed
                return None
            self.failed = failed
            raise failed
        if isinstance(answer, Absent) and age > self._max_age:
            return self._look(query, self._max_age, value=value)  # what is not there yet may come any time
        if answer is None and query.creates:
            self.effects[query] = self.asked.pop(query)
        elif answer is None:
            self.missed[query] = self.missed.get(query, False) or value
        elif isinstance(answer, Absent) and query.purpose is Purpose.CREDENTIAL:
            self.failed = CredentialsNotFound(f"{query} does not exist; create it, or correct the reference to it")
            raise self.failed
        return answer  # type: ignore[return-value]  # the store holds answers of every type, this one by its query

    def _known(self, query: AnyQuery, age: float, *, value: bool) -> Answer[object] | None:
        return self._store.look(query, now=self._now, not_before=max(self._since - age, self._oldest), value=value)


def _not_yet() -> Found[T]:
    raise NotYet
