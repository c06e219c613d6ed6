"""What goes to the KMS servers, counted on their side: not too much, not too little, no login without a reason.

calls a minute    twice what the intervals come to, and after each trouble a few rounds of everything
logins            30 s apart while refused; while nothing happens, once in the life of a token
checks            while nothing happens, every folder within two intervals of the object that asks for it
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from typing import Final

from secretsync.classes import frozen
from secretsync.clock import FOREVER
from secretsync.devserver.routing import Call, Reply
from secretsync.testing.simulation.violated import Violated, tell

from ...cluster.marks import PREFIX
from ...cluster.transport import Json
from .coverage import LOGIN
from .grants import DRIFT, SLACK
from .permits import Permits
from .scenario import TOKEN_LIFE, Login, Place, interval_of, login_of, place_of
from .stage import Stage

MINUTE: Final = 60.0
_TWICE: Final = 2.0
_ROUNDS: Final = 4
"""Rounds of everything after a trouble: its end, the retries, a token that is found to be refused."""
_AFTERMATH: Final = 120.0
"""Seconds after a trouble in which these may come."""
_REFUSED_PAUSE: Final = 30.0 / DRIFT
_RENEWED: Final = 0.75
"""Of its life, how much of a token is over at least when the next is asked for."""
_UNAUTHORIZED: Final = 401


@frozen
class Work:
    """What one server is asked while nothing happens.

    Attributes:
        minute: The calls of a minute.
        round: The calls by which everything is asked once.
    """

    minute: float
    round: int

    @classmethod
    def of(cls, intervals: Mapping[tuple[Place, Login], float]) -> Work:
        """Return the work for these folders, by who reads them how often."""
        logins = 2 * len({login for _, login in intervals})  # a login and a project each
        return cls(sum(MINUTE / each for each in intervals.values()) + logins, len(intervals) + logins)


class Traffic:
    """Counts requests. Its methods raise `Violated`.

    Attributes:
        stormy: A fault may be in force.
    """

    def __init__(self, stage: Stage, permits: Permits) -> None:
        self._stage = stage
        self._permits = permits
        self.stormy = False
        self._calls: Counter[str] = Counter()
        self._asked: dict[Place, float] = {}
        self._logins: dict[tuple[str, bytes], float] = {}
        self._refused: dict[tuple[str, bytes], deque[float]] = {}
        """The last two: who has not noticed yet that a Secret holds other credentials tries them once for itself."""
        self._due: dict[tuple[Place, Login], float] = {}
        self._work: dict[str, Work] = {}
        """Of each server, as it is since people changed something last."""
        self._known: dict[tuple[Place, Login], float] = {}
        """And what else may be asked: by who is refused a target only, and what was due before the last storm's deeds."""

    # -- looking on

    def begin_storm(self) -> None:
        """From now on faults may be in force; what is no longer due is known to everybody by now."""
        self.stormy = True
        self._known.clear()
        self.edited()

    def edited(self) -> None:
        """People changed something: what is to be asked may be another, and credentials may be tried again."""
        self._refused.clear()
        self._due.clear()
        self._work.clear()
        for obj in self._stage.objects():
            key, interval = (place_of(obj), login_of(obj)), interval_of(obj)
            self._known[key] = min(self._known.get(key, FOREVER), interval)
            if self._is_kept(obj):
                self._due[key] = min(self._due.get(key, FOREVER), interval)

    def _is_kept(self, obj: Json) -> bool:
        annotations: Mapping[str, str] = obj["metadata"].get("annotations") or {}
        return not self._permits.refuses(obj) and annotations.get(f"{PREFIX}paused") != "true"

    def asked(self, host: str, call: Call, phase: str) -> None:
        """A request arrives at a server."""
        self._calls[host] += 1
        if phase == LOGIN:
            self._log_in(host, call.body)
        elif "secretPath" in call.query:
            self._asked[self._stage.scenario.listed(host, call.query)] = self._stage.world.now

    def answered(self, host: str, call: Call, reply: Reply) -> None:
        """A server answers."""
        if reply.status == _UNAUTHORIZED and not call.headers.get("authorization"):
            self._refused.setdefault((host, call.body), deque(maxlen=2)).append(self._stage.world.now)

    def _log_in(self, host: str, body: bytes) -> None:
        now, key = self._stage.world.now, (host, body)
        times, last = self._refused.get(key, deque[float]()), self._logins.get(key, -FOREVER)
        refused = times[0] if len(times) > 1 else -FOREVER
        self._logins[key] = now
        if self._stage.started < refused and now < refused + _REFUSED_PAUSE:
            self._too_many(f"{host}: again {now - refused:.1f} s after it was refused")
        calm = self._calm and last >= self._stage.troubled + self._longest()
        if calm and now < last + _RENEWED * TOKEN_LIFE:
            self._too_many(f"{host}: again {now - last:.0f} s after the last, and nothing happened")

    def _too_many(self, text: str) -> None:
        tell(self._stage.world, Violated("no login too many", text))

    @property
    def _calm(self) -> bool:
        """Whether everybody has noticed the last trouble a while ago."""
        return not self.stormy and self._stage.world.now > self._stage.troubled + self._longest() + MINUTE

    def _longest(self) -> float:
        """Return the seconds after which everybody has noticed a trouble."""
        return _TWICE * DRIFT * self._stage.scenario.longest + SLACK

    # -- once a minute

    def look(self) -> None:
        """Look at the minute that ends."""
        for host in self._stage.scenario.hosts:
            calls, budget = self._calls.pop(host, 0), self.budget(host)
            if calls > budget:
                raise Violated("calls a minute", f"{host}: {calls}, and {budget:.0f} at most were in order")
        if not self.stormy:
            self._none_forgotten()

    def budget(self, host: str) -> float:
        """Return how many calls to a server the minute that ends may have had."""
        if host not in self._work:
            self._work[host] = Work.of({key: each for key, each in self._known.items() if key[0].host == host})
        work = self._work[host]
        rounds = 0 if self._calm else 1 + self._stage.troubles(within=_AFTERMATH + MINUTE)
        return _TWICE * work.minute + _ROUNDS * work.round * rounds

    def _none_forgotten(self) -> None:
        now = self._stage.world.now
        for (place, _), interval in self._due.items():
            patience = _TWICE * DRIFT * interval + SLACK
            if now > max(self._stage.troubled, self._asked.get(place, 0.0)) + patience:
                raise Violated("attempted within two intervals", f"nobody has asked for {place} for {patience:.0f} s")
