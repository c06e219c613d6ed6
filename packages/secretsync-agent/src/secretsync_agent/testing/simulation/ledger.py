"""What the KMS has lent, as the KMS knows it, and which process has heard of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from attrs import field

from secretsync.classes import define
from secretsync.clock import FOREVER
from secretsync.devserver.routing import Call, Reply
from secretsync.http import Request, Response
from secretsync.testing.clock import NEW_YEAR
from secretsync.testing.kms import VirtualKMS
from secretsync.testing.world import World

from .process import AgentProcess
from .scenario import Loan

Json = Mapping[str, Any]
_OK: Final = 200
_ROUTE: Final = "/v1/dynamic-secrets/leases"


@define(eq=False)
class Lease:
    """One lease.

    Attributes:
        by: The process that asked for it.
        made_at: In the world's seconds, as the others.
        ends_at: When it ends by itself.
        over_at: When it was given back or revoked; FOREVER: it was not.
        told: How many seconds it had to live when the KMS last spoke of it.
        heard_until: When it ends for all that processes know: counted from when they asked.
        heard_at: When a process heard of it last.
        stale: What it heard is wrong: the KMS's clock was.
        known_to: The names of the processes that have heard of it.
        denied: A server that was out of its mind said that there is no such lease.
        returned: Somebody asked for it to be given back.
        taken: Somebody else ended it, and nobody could know.
    """

    id: str
    loan: Loan
    user: str
    password: str
    by: str
    made_at: float
    ends_at: float
    told: float
    over_at: float = FOREVER
    heard_at: float = -FOREVER
    heard_until: float = FOREVER
    stale: bool = False
    known_to: set[str] = field(factory=set)
    denied: bool = False
    returned: bool = False
    taken: bool = False

    def lives(self, now: float) -> bool:
        return now < min(self.ends_at, self.over_at)

    @property
    def over(self) -> float:
        """When it is over, or was."""
        return min(self.ends_at, self.over_at)


@define(eq=False)
class Ledger:
    """All leases of a life.

    Attributes:
        made: Told of each as it is made.
        changed: Told of each whose end is another than before.
    """

    world: World
    kms: VirtualKMS
    leases: dict[str, Lease] = field(factory=dict)
    made: Callable[[Lease], None] = lambda _: None
    changed: Callable[[Lease], None] = lambda _: None
    _living: dict[str, Lease] = field(factory=dict)

    # -- the KMS's side

    def answered(self, call: Call, reply: Reply) -> None:
        """An answer leaves that is a real one."""
        if _ROUTE not in call.path or reply.status != _OK:
            return
        body = json.loads(reply.body)
        told = body["lease"]
        match call.method:
            case "POST" if call.path.endswith("/leases"):
                self._made(json.loads(call.body), told, body["data"])
            case "GET":
                self._told(self.leases[told["id"]])
            case "POST":
                self._moved(told["id"], ends_at=_seconds(told["expireAt"]))
            case "DELETE" if not told.get("status"):
                self._moved(told["id"], over_at=self.world.now)

    def _made(self, asked: Json, told: Json, data: Json) -> None:
        loan = Loan(asked["dynamicSecretName"], asked["ttl"])
        user, password = data["DB_USERNAME"], data["DB_PASSWORD"]
        ends_at = _seconds(told["expireAt"])
        lease = Lease(
            told["id"], loan, user, password, self.world.at_work.name, self.world.now, ends_at, ends_at - self.world.now
        )
        self._told(lease)
        self.made(lease)
        self.leases[lease.id] = self._living[lease.id] = lease
        self.changed(lease)

    def revoked(self, lease: Lease) -> None:
        """Somebody has ended it, and told nobody."""
        lease.taken = True
        self._moved(lease.id, over_at=self.world.now)

    def _moved(self, lease_id: str, *, ends_at: float | None = None, over_at: float | None = None) -> None:
        lease = self.leases[lease_id]
        lease.ends_at = lease.ends_at if ends_at is None else ends_at
        lease.over_at = lease.over_at if over_at is None else over_at
        self._told(lease)
        self.changed(lease)

    def _told(self, lease: Lease) -> None:
        lease.told = max(0.0, lease.ends_at - self.world.now - self.kms.date_wrong)

    # -- the agent's side

    def got(self, process: AgentProcess, request: Request, response: Response, began: float) -> None:
        """An answer has come."""
        if _ROUTE not in request.url:
            return
        path = request.url.partition(_ROUTE)[2].strip("/").partition("/")[0]
        if response.status == _OK and not path:
            path = json.loads(response.body)["lease"]["id"]
        lease = self.leases.get(path)
        if lease is None:
            return
        if response.status == _OK:
            lease.known_to.add(process.name)
            lease.heard_at, lease.heard_until = self.world.now, began + lease.told
            lease.stale = bool(self.kms.date_wrong)
        if request.method == "DELETE":
            lease.returned = True
        if response.status in (400, 404) and lease.lives(self.world.now):
            lease.denied = True

    # -- who looks

    @property
    def living(self) -> Collection[Lease]:
        """What lived when it was last looked at."""
        return self._living.values()

    def live(self, loan: Loan | None = None) -> Iterator[Lease]:
        """Yield what lives, oldest first."""
        self._living = {lease_id: lease for lease_id, lease in self._living.items() if lease.lives(self.world.now)}
        yield from [lease for lease in self._living.values() if loan in (None, lease.loan)]

    def by_user(self, user: str) -> Lease | None:
        return next((lease for lease in reversed(self.leases.values()) if lease.user == user), None)


def _seconds(moment: str) -> float:
    return (datetime.fromisoformat(moment) - NEW_YEAR).total_seconds()
