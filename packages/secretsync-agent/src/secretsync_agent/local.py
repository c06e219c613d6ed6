"""What the agent asks of the machine it runs on: the texts of templates, the time, and what targets look like.

Time is an answer like any other, and one that renews itself: whoever must see something twice, or wait for calm, asks
for the moment and is run again when the next one comes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final, final

from secretsync.classes import frozen
from secretsync.clock import Clock, Deadline
from secretsync.files import HOST
from secretsync.ports import AnyQuery, AnyWire, Backend
from secretsync.queries import UNCHANGED, Failed, Found, Query, query
from secretsync.reconcile.ask import Ask
from secretsync.targets import Observe
from secretsync.templates import TemplateError
from secretsync.values import Version

HERE: Final = "agent"
"""The host of what takes no time."""
_LARGEST: Final = 4 << 20


@query
class TemplateText(Query[str]):
    """Asks for the text of a template in a file."""

    path: str
    private = False

    @property
    def host(self) -> str:
        return HOST


@query
class Moment(Query[float]):
    """Asks for the monotonic time, and for the next one so many seconds later.

    Attributes:
        of: What is new at that time: something else has a time of its own.
    """

    every: float
    of: bytes
    private = False

    @property
    def host(self) -> str:
        return HERE


def template_text(ask: Ask, path: str) -> str:
    """Return the text of a template as it stands in its file."""
    found = ask(TemplateText(path))
    assert isinstance(found, Found)  # noqa: S101 - `Local` answers or fails
    return found.value


def moment(ask: Ask, every: float, *, of: bytes) -> float:
    """Return the monotonic time: when this was asked of something first or so many seconds later, when it is run again."""
    found = ask(Moment(every, of))
    assert isinstance(found, Found)  # noqa: S101 - as above
    return found.value


@final
@frozen
class Local:
    """Answers both. Safe to call from several threads."""

    clock: Clock

    answers = frozenset({TemplateText, Moment})

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, Version],
        credential: Found[Any] | None,  # noqa: ARG002 - none is needed
        deadline: Deadline,  # noqa: ARG002 - takes no time
    ) -> Mapping[AnyQuery, AnyWire]:
        """See `ports.Backend`; a template that did not change is not read."""
        return {query: self._answer(query, known.get(query)) for query in queries}

    def _answer(self, query: AnyQuery, known: Version | None) -> AnyWire:
        match query:
            case Moment():
                return Found(self.clock.monotonic(), renew_in=query.every, expires_in=2 * query.every)
            case TemplateText():
                return _text(query.path, known)
        raise TypeError(type(query).__name__)


@final
@frozen
class Looks:
    """Answers what targets look like, each by its place. As thread-safe as these.

    Attributes:
        places: By their hosts.
    """

    places: Mapping[str, Backend]

    answers = frozenset({Observe})

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, Version],
        credential: Found[Any] | None,
        deadline: Deadline,
    ) -> Mapping[AnyQuery, AnyWire]:
        """See `ports.Backend`; what is fetched together is of one host, and so of one place."""
        return self.places[queries[0].host].read(queries, known=known, credential=credential, deadline=deadline)


def _text(path: str, known: Version | None) -> AnyWire:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - to read what was looked at
            facts = os.fstat(file.fileno())
            version = Version(f"{facts.st_ino}-{facts.st_size}-{facts.st_mtime_ns}")
            if version == known:
                return UNCHANGED
            raw = file.read(_LARGEST + 1)
    except OSError as error:
        return Failed(TemplateError(f"the template {path} cannot be read: {error.strerror}"))
    if len(raw) > _LARGEST:
        return Failed(TemplateError(f"the template {path} is larger than {_LARGEST} bytes"))
    try:
        return Found(raw.decode(), version)
    except UnicodeDecodeError as error:
        return Failed(TemplateError(f"the template {path} is not UTF-8 text, from its byte {error.start} on"))
