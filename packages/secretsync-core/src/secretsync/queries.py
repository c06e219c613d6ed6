"""What can be asked and what can be answered.

A `Query[T]` names one thing that can be known; its answer holds a `T`. It says *what* is wanted and the few facts
that steer *when* it is read (host, credential, purpose); *how* it is read is its backend's business. Subclasses are
frozen values made with `@query`, and stand beside the backend that answers them.

    answer of a backend (Wire)        answer a run may see
    ├── Found     here it is           ├── Found
    ├── Absent    proven not to exist  ├── Absent
    ├── Failed    nobody knows         └── (Failed ends the run)
    └── Unchanged the version you have still stands
"""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum, auto
from typing import ClassVar, Final, Generic, TypeVar, dataclass_transform

from attrs import field

from .classes import frozen
from .clock import FOREVER
from .errors import NotFound, SecretSyncError
from .retry import Backoff
from .values import NO_VERSION, Version

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

C = TypeVar("C")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def query(cls: type[C]) -> type[C]:
    """Make a class a frozen value whose hash is kept, because queries are compared all day."""
    return frozen(cls, cache_hash=True)


class Purpose(Enum):
    """Why something is asked; decides whether it counts as input and what its absence means."""

    DATA = auto()
    """Part of a run's inputs; its absence may matter to a target."""
    CREDENTIAL = auto()
    """Part of a run's inputs; its absence is an error."""
    GUARD = auto()
    """Asked by the guard, hence not guarded itself and no input."""
    TARGET = auto()
    """What a target looks like now; no input."""


class Query(Generic[T_co]):
    """Names one thing that can be known. Subclasses are frozen, hashable and free of secrets."""

    __slots__ = ()

    purpose: ClassVar[Purpose] = Purpose.DATA
    pushed: ClassVar[bool] = False
    """A watch tells when it moved; it is never polled."""
    private: ClassVar[bool] = True
    """The answer holds secret bytes, which are dropped when nobody needs them any more."""
    creates: ClassVar[bool] = False
    """To answer it makes something, such as a lease: it is fetched when nothing else is missing."""
    batch: ClassVar[int] = 1
    """How many of one `group` go into one fetch."""
    backoff: ClassVar[Backoff] = Backoff()
    """How long to wait after a failure of this query."""

    @property
    def host(self) -> str:
        """Whose time it costs: the unit of in-flight limits, queues and outages."""
        raise NotImplementedError

    @property
    def group(self) -> Hashable:
        """Queries of equal group may be fetched together."""
        return self

    @property
    def credential(self) -> Query[object] | None:
        """The answer that the *fetch* needs; not a dependency of the run."""
        return None


@query
class Identity:
    """Who asks: host, trust, method, and the credential by its digest *and* where it came from.

    Both are needed: with equal bytes in two Secrets, deleting one must not break who uses the other.
    """

    host: str
    method: Hashable
    """How it logs in, with everything the method needs to know and nobody needs to hide: an `auth.method.Method`."""
    source: Query[object] | None = None
    """Whose answer the credentials are; None where the method fetches its proof at each login."""
    digest: bytes = field(default=b"", repr=False)
    trust: str = ""
    """Digest of the CA bundle, "" for the system's."""


# -- answers


@frozen
class Found(Generic[T]):
    """Here it is. Times are seconds from receipt and finite for perishable answers only (tokens, leases).

    Attributes:
        uses: How many queries it may serve as their credential, 0 for no limit.
    """

    value: T = field(repr=False)
    version: Version = NO_VERSION
    renew_in: float = FOREVER
    expires_in: float = FOREVER
    uses: int = 0


@frozen
class Absent:
    """Proven not to exist; `why` says what exactly, in an error that a kind may raise."""

    why: NotFound | None = None


class Scope(Enum):
    """How far a failure reaches."""

    QUERY = auto()
    CREDENTIAL = auto()
    """The credential that the fetch used was refused: forget it, get another, try once more."""
    SUSPECT = auto()
    """A refusal that may mean a stale credential: another one is tried, but rarely (kms-api §9)."""
    HOST = auto()
    """Nothing at this host can be had now."""


@frozen
class Failed:
    """Nobody knows. `retry_after` is what the server asked for, in seconds."""

    error: SecretSyncError
    scope: Scope = Scope.QUERY
    retry_after: float = 0.0


@frozen
class Unchanged:
    """The known version still stands. Only ever on the wire, never in the store."""


Answer = Found[T] | Absent | Failed
Wire = Answer[T] | Unchanged

UNCHANGED: Final = Unchanged()
