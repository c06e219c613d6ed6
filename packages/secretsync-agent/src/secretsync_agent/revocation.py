"""The end, where credentials are to end with the agent: leases and tokens are revoked, files that hold them emptied.

    leases given back ── files of templates that used them emptied ──▶ tokens revoked ── sinks emptied (agent §12)

Whatever is to be over is asked for like everything else, and its absence is the answer. So a file is emptied when the KMS
has confirmed that what stands in it is good no more, and stays as it is otherwise.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, final

from attrs import field

from secretsync.auth.exchange import revoke
from secretsync.auth.logins import Logins
from secretsync.auth.method import Server
from secretsync.backends.kms.queries import DynamicSecret
from secretsync.classes import define, frozen
from secretsync.clock import Deadline
from secretsync.errors import CredentialsNotFound, SecretSyncError
from secretsync.files import CONTENT, MARK, target
from secretsync.http import HttpClient
from secretsync.policies import FILE
from secretsync.ports import AnyQuery, AnyWire, Proofs
from secretsync.queries import Absent, Failed, Found, Identity, Query, query
from secretsync.reconcile.ask import Ask
from secretsync.reconcile.messages import Event, Moved
from secretsync.targets import Observe, Target
from secretsync.values import SecretValue, Version

from .settings import Settings
from .targets import RenderedFile, Thing

if TYPE_CHECKING:
    from secretsync.backends.kms.lending import Lending  # which is loaded when there is a lease

log: Final = logging.getLogger("secretsync.agent")

RELEASED: Final = Version("released")
TOKENS: Final = "tokens"
"""The host of what revokes tokens: one after the other, because several files may hold the same."""
_MINUTE: Final = 60.0


@query
class TokenIn(Query[None]):
    """Asks for the token in a file, or under "" for those that serve now, to be refused by the KMS: it is absent then."""

    identity: Identity
    path: str
    host = TOKENS


@frozen
class Ending:
    """What is to be over, and the file that is empty then.

    Attributes:
        what: For people, if it is not over.
        queries: Whose answers are to be absent.
        path: Of the file; "" for none.
    """

    what: str
    queries: tuple[AnyQuery, ...]
    path: str = ""
    interval: float = _MINUTE

    @property
    def key(self) -> str:
        return f"ending:{self.what}"

    @property
    def says(self) -> tuple[object, ...]:
        return (self.what,)

    def desired(self, ask: Ask) -> tuple[Target, ...]:
        ask.all(self.queries)
        ref = target(self.path)
        if not self.path or isinstance(ask(Observe(ref)), Absent):
            return ()
        return (Target(ref, {CONTENT: SecretValue(b"")}, FILE, MARK),)


def endings(
    things: Sequence[Thing],
    settings: Settings,
    identity: Identity,
    *,
    lending: Lending,
    send: Callable[[Event], None],
    all_right: Callable[[], bool],
) -> Iterator[list[Thing]]:
    """Yield what is to be over, part by part: the next one when the part before is over, or cannot be.

    Args:
        things: What was kept right until now.
        settings: Name the sinks.
        identity: Whose token stands in them.
        lending: Lends nothing more from now on.
        send: Takes what the engine is to hear of.
        all_right: Whether everything so far is over.
    """
    queries = lending.release_all()
    for lease in queries:
        send(Moved(lease, RELEASED))
    yield [*_of_leases(queries), *_of_files(things)]
    if all_right():
        log.info("all dynamic secret leases have been revoked")
    yield [*_of_sinks(settings, identity), Ending("the access token", (TokenIn(identity, ""),))]


def _of_leases(queries: Iterable[DynamicSecret]) -> Iterator[Ending]:
    for n, lease in enumerate(queries, 1):
        yield Ending(f"lease {n} ({lease.name} of {lease.place})", (lease,))


def _of_files(things: Iterable[Thing]) -> Iterator[Ending]:
    for thing in things:
        if isinstance(thing, RenderedFile) and thing.leases:
            path = thing.template.destination
            yield Ending(f"what is lent to {path}", tuple(thing.leases), path)


def _of_sinks(settings: Settings, identity: Identity) -> Iterator[Ending]:
    for sink in settings.sinks:
        yield Ending(f"the token in {sink.path}", (TokenIn(identity, sink.path),), sink.path)


@final
@define(eq=False)
class Revoking:
    """A `Backend` of `TokenIn`. Of one thread at a time, as `TOKENS` is a host of one request at a time.

    Attributes:
        http: For the requests.
        proofs: Reads files.
        logins: Whose tokens serve now.
    """

    http: HttpClient
    proofs: Proofs
    logins: Logins
    _over: set[SecretValue] = field(factory=set, init=False, repr=False)

    answers = frozenset({TokenIn})

    @property
    def count(self) -> int:
        """How many tokens were revoked."""
        return len(self._over)

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, Version],  # noqa: ARG002 - what is over has no version
        credential: Found[Any] | None,  # noqa: ARG002 - a token is its own
        deadline: Deadline,
    ) -> Mapping[AnyQuery, AnyWire]:
        """See `ports.Backend`; each token is revoked once."""
        return {query: self._answer(query, deadline) for query in queries}

    def _answer(self, query: AnyQuery, deadline: Deadline) -> AnyWire:
        if not isinstance(query, TokenIn):
            raise TypeError(f"{type(query).__name__} is not for this backend")
        try:
            for token, identity in self._tokens(query).items():
                if token not in self._over:
                    revoke(token, Server(self.http, identity.host, identity.trust, deadline))
                    self._over.add(token)
        except SecretSyncError as error:
            return Failed(error)
        return Absent()

    def _tokens(self, query: TokenIn) -> Mapping[SecretValue, Identity]:
        if not query.path:
            return self.logins.tokens()
        try:
            token = self.proofs.file(query.path)
        except CredentialsNotFound:  # none that could be read, and so none to be revoked
            return {}
        return {token: query.identity} if token.reveal() else {}
