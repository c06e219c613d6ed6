"""Leader election by a Lease: at most one process writes, and another takes over when it is gone (kmssecret §8.4).

A leader renews its Lease every `RETRY` seconds. Whoever stands by measures, on a clock of its own, how long the Lease
has not changed; after `DURATION` seconds it is taken over. So no two clocks are ever compared: the times in the Lease
are for people.

    leader    leads until RENEW seconds after the *start* of its last successful renewal, then stops by itself
    standby   takes over DURATION seconds after it saw the Lease change last, or at once when it was given back

Between the two lies what a request may take: LAST_REQUEST, and a second to spare. A leader asks `remaining` before each
write; a paused process finds its time over when it wakes up, before it writes.

Whatever else becomes of the Lease counts as a change, and whoever held it may still lead: a holder or a duration that
somebody edited, a Lease that was deleted. A standby waits its time in each case. One gap is left, as in the original
programs: where no Lease is, no version says what was there before. So if somebody deletes it just before a process
starts that has not seen it yet, or a second time within seconds, two may lead for at most RENEW seconds. To close the
gap, every first installation would have to wait as long.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from threading import Event, Thread
from typing import Final

from secretsync.classes import frozen
from secretsync.clock import Clock
from secretsync.errors import Forbidden, SecretSyncError
from secretsync.retry import Chance

from .contact import Contact
from .resources import LEASES
from .texts import timestamp
from .transport import API, ApiError, Json, Transport

_log = logging.getLogger("secretsync.lease")

DURATION: Final = 15
"""Seconds, as the originals have it; a Lease that names more is given more, one that names less is not."""
RENEW: Final = 10.0
LAST_REQUEST: Final = DURATION - RENEW - 1.0
"""Seconds past the end of its time that a leader may wait for what it sent before."""
RETRY: Final = 1.5
TIMEOUT: Final = 3.0
"""Seconds for one request: several fit into the time in which a renewal must succeed."""
_RELEASED: Final = 1
"""The duration that a holder writes when it gives its Lease back, as other programs do; the API takes no 0."""
_JITTER: Final = 0.2
_STOP: Final = 2 * TIMEOUT + 2.0
"""To give a Lease back takes two requests."""
_VERBS: Final = {"GET": "get", "POST": "create", "PUT": "update"}
"""What RBAC calls that which is done to a Lease."""


@frozen
class LeaseName:
    """Which Lease, and who asks for it: `identity` is unique among all processes that may."""

    namespace: str
    name: str
    identity: str

    @property
    def path(self) -> str:
        return LEASES.path(self.namespace, self.name)


@frozen
class _Seen:
    """A Lease as it was last seen to change; the version is "" since it is gone, `free_at` is of our own clock."""

    version: str
    holder: str
    free_at: float


class Election:
    """One candidate for one Lease, in a thread of its own.

    `led` and `lost` are called in that thread, in turns; `leading`, `remaining` and `contact` may be asked by any.

    Attributes:
        contact: Whether the API server can be asked about the Lease.

    Args:
        transport: A connection of its own: a renewal must not wait behind other requests.
        led: Begin the work; must return soon. If it raises, the Lease is given back.
        lost: End the work: when it returns, nothing more is begun. Somebody else may lead from now on, or will as
            soon as it returns, when `stop` gives the Lease back.
    """

    def __init__(
        self,
        transport: Transport,
        name: LeaseName,
        *,
        clock: Clock,
        chance: Chance,
        led: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        self.contact = Contact(clock)
        self._transport = transport
        self._name = name
        self._clock = clock
        self._chance = chance
        self._led = led
        self._lost = lost
        self._seen: _Seen | None = None
        self._last: Json | None = None
        self._written = ""
        self._until: float | None = None
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=f"lease {name.name}", daemon=True)

    @property
    def leading(self) -> bool:
        """Whether this process may write, at this very moment."""
        return self.remaining > 0.0

    @property
    def remaining(self) -> float:
        """Seconds for which this process surely leads; 0.0 if it does not."""
        until = self._until
        return 0.0 if until is None else max(0.0, until - self._clock.monotonic())

    def start(self) -> None:
        """Stand for the Lease; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the work, give the Lease back, so that another takes over at once, and end the thread."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(_STOP)

    def _run(self) -> None:
        while not self._stopping.wait(self.step()):
            pass
        self.resign()

    # -- one round

    def step(self) -> float:
        """Renew, take over or look; return the seconds until the next round."""
        if self._until is not None and not self.leading:
            self._end()  # before anything else: who led meanwhile, if anybody, is not known
        began = self._clock.monotonic()
        won = self._won()
        if won and self._clock.monotonic() < began + RENEW:
            self._lead(until=began + RENEW)
        elif self._until is not None and not self._holds():
            self._end()
        return self._wait()

    def resign(self) -> None:
        """End the work, and give the Lease back if it names us."""
        if self._until is not None:
            self._end()
        if not self._written:
            return
        try:
            lease = self._read()
            if lease is not None and self._look(lease).holder == self._name.identity:
                self._write("PUT", self._name.path, self._body(lease, holder="", duration=_RELEASED))
        except SecretSyncError as error:
            _log.debug("lease %s was not given back: %s", self._name.name, error.code)

    def _lead(self, *, until: float) -> None:
        first, self._until = self._until is None, until
        if not first:
            return
        _log.info("leads by lease %s as %s", self._name.name, self._name.identity)
        try:
            self._led()
        except Exception as error:  # noqa: BLE001 - who cannot begin must not keep others from it
            _log.error("cannot lead by lease %s, by a fault of ours: %s", self._name.name, type(error).__name__)
            self.resign()

    def _end(self) -> None:
        self._until = None
        _log.info("leads no longer by lease %s", self._name.name)
        try:
            self._lost()
        except Exception as error:  # noqa: BLE001 - the thread must live on to stand for the Lease again
            _log.error("lease %s was lost with a fault of ours: %s", self._name.name, type(error).__name__)

    def _wait(self) -> float:
        """A look is due after RETRY; the end of our time, or the moment when a Lease runs out, is met exactly."""
        wait = RETRY * (1.0 - _JITTER * self._chance())
        now = self._clock.monotonic()
        if self._until is not None:
            return max(0.0, min(wait, self._until - now))
        if self._seen is not None and self._seen.free_at > now:
            return min(wait, self._seen.free_at - now)
        return wait

    # -- the Lease

    def _won(self) -> bool:
        """Return whether the Lease is ours now; whatever goes wrong on the way, it is not."""
        try:
            won = self._try()
        except SecretSyncError as error:
            self.contact.failed(error)
            _log.debug("lease %s: %s", self._name.name, error.code)
        except Exception as error:  # noqa: BLE001 - a thread that dies would leave a Lease that nobody renews
            _log.error("lease %s cannot be read, by a fault of ours: %s", self._name.name, type(error).__name__)
        else:
            self.contact.succeeded()
            return won
        return False

    def _try(self) -> bool:
        if self.leading and self._last is not None and self._write("PUT", self._name.path, self._body(self._last)):
            return True  # a leader knows its Lease; where it does not any more, the version says so
        lease = self._read()
        if lease is None:
            return self._create() if self.leading or self._may_create() else False
        self._look(lease)
        if self._is_our_work(lease) or self._is_free():
            return self._write("PUT", self._name.path, self._body(lease))
        return False

    def _create(self) -> bool:
        return self._write("POST", LEASES.path(self._name.namespace), self._body({}))

    def _may_create(self) -> bool:
        """A Lease that was there and is gone: whoever led by it last, unseen maybe, may lead still."""
        if self._seen is not None and self._seen.version:
            self._seen = _Seen("", "", self._clock.monotonic() + DURATION)
        return self._is_free()

    def _is_our_work(self, lease: Json) -> bool:
        """A Lease that names us without our having written it so is an edit: another may still lead by it.

        Without this a write whose reply was lost would look like one.
        """
        written = (lease.get("spec") or {}).get("renewTime") == self._written
        return self._holds() and (self.leading or written)

    def _holds(self) -> bool:
        return self._seen is not None and self._seen.holder == self._name.identity

    def _is_free(self) -> bool:
        return self._seen is None or self._clock.monotonic() >= self._seen.free_at

    def _read(self) -> Json | None:
        try:
            return self._request("GET", self._name.path)
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def _write(self, method: str, path: str, body: Json) -> bool:
        self._written = body["spec"]["renewTime"]
        try:
            written = self._request(method, path, body)
        except ApiError as error:
            # That there is none to update is somebody's doing; that none can be created, of a namespace that is not there.
            if error.status != HTTPStatus.CONFLICT and (error.status != HTTPStatus.NOT_FOUND or method == "POST"):
                raise
            self._last = None
            if (now := self._read()) is not None:  # somebody was faster: whoever it is leads, not we
                self._look(now)
            return False
        self._look(written)
        return True

    def _request(self, method: str, path: str, body: Json | None = None) -> Json:
        try:
            return self._transport.request(method, path, body=body, timeout=self._patience())
        except Forbidden:
            verb, what = _VERBS[method], f"{LEASES.plural}.{LEASES.group}"
            remedy = f"grant {verb} on {what} in namespace {self._name.namespace} to our service account"
            raise Forbidden(API, f"{verb} lease {self._name.name}", f"forbidden; {remedy}", status=403) from None

    def _patience(self) -> float:
        """A leader does not wait for an answer that comes after its time."""
        return TIMEOUT if self._until is None else max(0.1, min(TIMEOUT, self._until - self._clock.monotonic()))

    def _look(self, lease: Json) -> _Seen:
        """Remember the Lease and when it changed last, by our own clock."""
        self._last = lease
        version = lease["metadata"]["resourceVersion"]
        if self._seen is None or self._seen.version != version:
            spec = lease.get("spec") or {}
            holder, duration = spec.get("holderIdentity") or "", spec.get("leaseDurationSeconds") or DURATION
            given_back = not holder and duration <= _RELEASED
            free_in = 0.0 if given_back else max(DURATION, float(duration))
            self._seen = _Seen(version, holder, self._clock.monotonic() + free_in)
        return self._seen

    def _body(self, lease: Json, *, holder: str | None = None, duration: int = DURATION) -> Json:
        """Return the Lease with us (or `holder`) as its holder, guarded by the version it was decided on."""
        identity = self._name.identity if holder is None else holder
        spec = dict(lease.get("spec") or {})
        now = timestamp(self._clock.now(), timespec="microseconds")
        if spec.get("holderIdentity") != identity:
            spec["acquireTime"] = now
            spec["leaseTransitions"] = (spec.get("leaseTransitions") or 0) + 1 if lease else 0
        spec |= {"holderIdentity": identity, "leaseDurationSeconds": duration, "renewTime": now}
        metadata = {"namespace": self._name.namespace, "name": self._name.name} | dict(lease.get("metadata") or {})
        return {"apiVersion": LEASES.api_version, "kind": LEASES.kind, "metadata": metadata, "spec": spec}
