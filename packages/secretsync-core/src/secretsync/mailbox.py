"""Where a program is both the source of credentials and the target of secrets: the SDK's two ends of the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from types import MappingProxyType
from typing import Any, Final, final

from .clock import Deadline
from .digest import Digester
from .ports import AnyQuery, AnyWire
from .queries import Absent, Found, Purpose, Query, query
from .targets import Action, Content, Create, Observe, Observed, Ref, Update
from .values import SecretValue, Version

CALLER: Final = "caller"
"""The host of everything that is in this process: nothing there takes time."""

KIND: Final = "Delivery"


@query
class Given(Query[Mapping[str, SecretValue]]):
    """Asks for the credentials that the program handed over."""

    name: str
    purpose = Purpose.CREDENTIAL
    pushed = True

    @property
    def host(self) -> str:
        return CALLER

    def __str__(self) -> str:
        return f"the {self.name} given to secretsync.open"


@final
class Mailbox:
    """A `Backend` of what was given and a `Place` for what is delivered. Thread-safe."""

    answers: Final[frozenset[type[AnyQuery]]] = frozenset({Given, Observe})
    kinds: Final[frozenset[str]] = frozenset({KIND})

    def __init__(self, given: Mapping[Given, Mapping[str, SecretValue]], *, digest: Digester) -> None:
        self._given = given
        self._digest = digest
        self._lock = Lock()
        self._delivered: dict[Ref, tuple[Content, Observed]] = {}
        self._hear: dict[Ref, Callable[[Content], None]] = {}
        self._count = 0

    def expect(self, ref: Ref, hear: Callable[[Content], None]) -> None:
        """Have `hear` called with the whole content whenever it changes; it must not block."""
        with self._lock:
            self._hear[ref] = hear

    def forget(self, ref: Ref) -> None:
        with self._lock:
            self._hear.pop(ref, None)
            self._delivered.pop(ref, None)

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, Version],  # noqa: ARG002 - it is cheaper to answer than to compare
        credential: Found[Any] | None,  # noqa: ARG002 - needs none
        deadline: Deadline,  # noqa: ARG002 - takes no time
    ) -> Mapping[AnyQuery, AnyWire]:
        return {query: self._answer(query) for query in queries}

    def _answer(self, query: AnyQuery) -> AnyWire:
        if isinstance(query, Given):
            return Found(self._given[query], Version("given")) if query in self._given else Absent()
        if not isinstance(query, Observe):
            raise TypeError(type(query).__name__)
        with self._lock:
            held = self._delivered.get(query.ref)
        return Found(held[1], held[1].version) if held else Absent()

    def perform(self, ref: Ref, action: Action, *, subject: str) -> Found[Observed] | Absent:  # noqa: ARG002
        with self._lock:
            before = self._delivered[ref][0] if ref in self._delivered else {}
            if not isinstance(action, Create | Update):
                self._delivered.pop(ref, None)
                return Absent()
            content = _after(before, action)
            self._count += 1
            version = Version(str(self._count))
            keys = {key: self._digest(value) for key, value in content.items()}
            observed = Observed(keys, ref.name, version, action.mark)
            self._delivered[ref] = content, observed
            hear = self._hear.get(ref)
        if hear is not None:
            hear(content)
        return Found(observed, version)


def _after(before: Content, action: Create | Update) -> Content:
    if isinstance(action, Create):
        return MappingProxyType(dict(action.content))
    kept = {key: value for key, value in before.items() if key not in action.drop}
    return MappingProxyType(dict(sorted((kept | dict(action.put)).items())))
