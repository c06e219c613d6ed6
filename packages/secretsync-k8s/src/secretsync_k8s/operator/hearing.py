"""What tells the operator of changes between two polls: which folder is whose, and whose answers are doubtful now.

    webhooks of a KMS      of every folder there is
    its change feed        of the folders of objects that ask for it: a connection for each identity and project

Nothing depends on it. What is heard makes answers be read again, conditionally, and polling goes on all the while.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, Final, final

from secretsync.auth.token import Token
from secretsync.backends.kms.events import Watched, imported
from secretsync.backends.kms.queries import Folder
from secretsync.backends.kms.webhook import Changed
from secretsync.classes import frozen
from secretsync.clock import Deadline
from secretsync.ports import AnyQuery, AnyWire, Backend
from secretsync.queries import Failed, Found, Identity
from secretsync.reconcile.ask import Ask
from secretsync.reconcile.messages import Applied, Event, Moved, Withdrawn
from secretsync.runtime.feeds import Feeds
from secretsync.runtime.interests import Interests
from secretsync.values import ANOTHER_VERSION, Document, SecretValue, Version

_NOTHING: Final = Document()

Making = Callable[[Callable[[Moved], None]], Feeds]
"""Makes the feeds of one identity, which are to tell of what moved."""


@final
class Hearing:
    """Thread-safe.

    Args:
        send: How the engine is told; must not block.
        made: Makes feeds.
        told: Counts the answers that were put in doubt, by `feed` or `webhook`.
        webhooks: Whether changes of any folder are told by `changed`.
    """

    def __init__(
        self, send: Callable[[Moved], None], *, made: Making, told: Callable[[str], None], webhooks: bool
    ) -> None:
        self._send = send
        self._made = made
        self._told = told
        self._webhooks = webhooks
        self._all = Interests()
        self._pushed = Interests()
        self._lock = Lock()
        self._feeds: dict[Identity, Feeds] = {}

    # -- what there is to hear of

    def follow(self, event: Event) -> None:
        """Take in that an object is wanted or no longer is, before the engine does."""
        match event:
            case Applied(subject) if not subject.deleted:
                self._all.add(subject.key)
                self._pushed.add(subject.key)
            case Applied(subject):
                self._drop(subject.key)
            case Withdrawn(key):
                self._drop(key)

    def saw(self, key: str, ask: Ask, *, instant: bool) -> None:
        """Learn what an object is made of, from a run that has all its answers.

        Args:
            instant: It asks for the change feed.
        """
        folders = dict(_folders(ask)) if instant or self._webhooks else {}
        watched = [Watched(query, imported(document)) for query, document in folders.items()]
        if self._webhooks:
            self._all.keep(key, watched)
        self._forget(self._pushed.keep(key, watched if instant else ()))
        if instant:
            self._listen(folders)

    def used(self, identity: Identity, token: SecretValue) -> None:
        """Learn which token an identity reads with now."""
        with self._lock:
            feeds = self._feeds.get(identity)
        if feeds is not None:
            feeds.token(token)

    def close(self) -> None:
        """Listen no more, once no run can begin."""
        with self._lock:
            feeds = tuple(self._feeds.values())
            self._feeds.clear()
        for one in feeds:
            one.close()

    # -- what is heard

    def changed(self, changed: Changed) -> None:
        """Have everything looked at that may have changed."""
        for query in self._all.touched(changed.project, changed.place):
            self._told("webhook")
            self._send(Moved(query, ANOTHER_VERSION))

    def open_feeds(self) -> Mapping[str, int]:
        """Return how many connections are open to each host that there should be any to."""
        with self._lock:
            feeds = tuple(self._feeds.items())
        counts: Counter[str] = Counter()
        for identity, one in feeds:
            counts[identity.host] += one.open
        return counts

    # -- inside

    def _drop(self, key: str) -> None:
        self._all.drop(key)
        self._forget(self._pushed.drop(key))

    def _listen(self, folders: Mapping[Folder, Document]) -> None:
        for query, document in folders.items():
            with self._lock:
                if not self._pushed.keeps(query):
                    continue  # the object went meanwhile
                is_new = query.identity not in self._feeds
                if is_new:
                    self._feeds[query.identity] = self._made(self._heard)
                self._feeds[query.identity].watch(query, document)
            if is_new:
                self._send(Moved(query, ANOTHER_VERSION))  # the next look brings the token

    def _forget(self, queries: Iterable[Folder]) -> None:
        for query in queries:
            with self._lock:
                feeds = self._feeds.get(query.identity)
                is_last = feeds is not None and self._pushed.any_of(query.identity) is None
                if is_last:
                    del self._feeds[query.identity]
            if feeds is not None:
                feeds.close() if is_last else feeds.forget(query)

    def _heard(self, moved: Moved) -> None:
        """Tell what a feed tells. A token that it wants comes with a read, so one is asked for too."""
        self._send(moved)
        if isinstance(moved.query, Folder):
            self._told("feed")
        elif isinstance(moved.query, Token) and (query := self._pushed.any_of(moved.query.identity)):
            self._send(Moved(query, ANOTHER_VERSION))


def _folders(ask: Ask) -> Iterator[tuple[Folder, Document]]:
    for query in tuple(ask.asked):
        if isinstance(query, Folder):
            answer = ask(query)
            yield query, answer.value if isinstance(answer, Found) else _NOTHING


@frozen
class Overheard:
    """A backend as the one it stands before, whose tokens the feeds use too. As thread-safe as that."""

    backend: Backend
    hearing: Hearing

    @property
    def answers(self) -> Collection[type[AnyQuery]]:
        return self.backend.answers

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, Version],
        credential: Found[Any] | None,
        deadline: Deadline,
    ) -> Mapping[AnyQuery, AnyWire]:
        """See `Backend.read`. A token counts once it was accepted."""
        answers = self.backend.read(queries, known=known, credential=credential, deadline=deadline)
        query = queries[0]
        if isinstance(query, Folder) and credential is not None and not isinstance(answers[query], Failed):
            self.hearing.used(query.identity, credential.value)
        return answers
