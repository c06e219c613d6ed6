"""What must hold in every life of an agent, whatever happens; looked at from outside: what the KMS lent, what files hold.

one lease          never two that live for one call of a process, beyond the time in which one takes the other's place
one in 5 s         of leases made for one call
no lease in vain   none is made while all templates that want it fail for another reason
good credentials   stand in every file, unless something was wrong in the last third of their time (or half a minute)
nothing forgotten  what the cache knew when the process ended is in the hands of the next one; it knows what is used
nothing left over  every lease is in use, given back, over or about to be; or its answer was lost, so that nobody can know
nothing shown      no password in the bytes of the cache, no secret in a log line
whole files        as a template makes them, at every moment
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from secretsync.backends.kms.lease_book import APART
from secretsync.classes import frozen
from secretsync.files.sealed import Sealed
from secretsync.testing.simulation.violated import Violated, tell
from secretsync.values import SecretValue

from ...keeping import TENDED
from .ledger import Lease
from .process import AgentProcess
from .scenario import CACHE, CANARY, Loan, Page, value
from .stage import Stage

DRIFT: Final = 1.011
"""How much longer than in the world a time may be by a process's clock."""
_SPARE: Final = 15.0
_PART: Final = 0.1
_JITTER: Final = 0.05
_SLACK: Final = 5.0
_LATE: Final = 25.0
"""Seconds by which a process may take a lease to end too early: it counts from before it asked, and asks repeatedly."""
_PAUSE: Final = 30.0 * DRIFT + _SLACK
"""Seconds after which what failed is tried again, at most."""
_PATIENCE: Final = 90.0
"""Seconds after a trouble in which credentials that died in it are replaced: twice the longest pause, and a login's."""
_NOTICED: Final = 60.0
"""Seconds beside two looks after which a template's failure is known."""


@frozen
class Lent:
    """What a file says that it was lent."""

    loan: Loan
    user: str
    password: str


@frozen
class Content:
    """What a file says; `others` are its other lines."""

    lent: tuple[Lent, ...]
    others: tuple[str, ...]


class Oracle(logging.Handler):
    """Watches a stage. Its methods raise `Violated`."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(logging.DEBUG)
        self._stage = stage
        self._asked: dict[tuple[str, Loan], float] = {}
        """When a process asked last for a lease, and below when it did that was made last."""
        self._sent: dict[tuple[str, Loan], float] = {}
        self._kept: dict[str, float] = {}
        """Leases that the cache knew when a process ended, with the time of that."""
        self._emptied = False
        """An agent has revoked what stood in the files."""
        stage.asked = self.asked
        stage.ledger.made = self.made
        stage.ledger.changed = self.changed
        stage.ended = self.ended

    # -- leases

    def asked(self, by: str, loan: Loan) -> None:
        """A process asks for a lease."""
        self._asked[by, loan] = self._stage.world.now

    def made(self, lease: Lease) -> None:
        """The KMS makes a lease."""
        key = lease.by, lease.loan
        sent = self._asked.get(key, 0.0)
        if sent < self._sent.get(key, -APART) + APART / DRIFT:
            self._tell(Violated("one in 5 s", f"{lease.by}: {lease.loan} again after {sent - self._sent[key]:.1f} s"))
        self._sent[key] = sent
        self._one_lease(lease)
        self._not_in_vain(lease)

    def _one_lease(self, lease: Lease) -> None:
        for other in self._stage.ledger.live(lease.loan):
            left = other.heard_until - self._stage.world.now
            if lease.by in other.known_to and not other.denied and left > self._overlap(lease.loan):
                self._tell(Violated("one lease", f"{lease.by}: {lease.loan} although one lives for {left:.0f} s"))

    def _overlap(self, loan: Loan) -> float:
        """Return the seconds in which two leases of a call may live."""
        life = 2 * loan.life if self._stage.scenario.renews else loan.life
        return max(_SPARE, _PART * life) + (_JITTER + DRIFT - 1.0) * life + _LATE

    def _not_in_vain(self, lease: Lease) -> None:
        held = any(lease.by in other.known_to for other in self._stage.ledger.live(lease.loan))
        pages = [page for page in self._stage.scenario.pages if lease.loan in page.loans]
        if not held and all(self._fails(page) for page in pages):
            self._tell(Violated("no lease in vain", f"{lease.by}: {lease.loan} while all fail that want it"))

    def _fails(self, page: Page) -> bool:
        """Whether a template fails since so long that the agent must know."""
        since, now = self._stage.broken_since(page), self._stage.world.now
        return since <= self._stage.process.began or now > since + 2 * page.interval + _NOTICED

    def changed(self, lease: Lease) -> None:
        """A lease has another end than before."""
        over = lease.over
        self._stage.world.at(over + 0.001, partial(self._over, lease, over))

    def _over(self, lease: Lease, at: float) -> None:
        """A lease ends: unless something was wrong, no file holds what it lent."""
        stage, last = self._stage, max(lease.loan.life / 3, _PAUSE)
        if lease.over != at or lease.taken or lease.stale or stage.is_troubled or stage.troubled > at - last:
            return
        for page in stage.scenario.pages:
            if lease.loan in page.loans and any(lent.user == lease.user for lent in self._content(page).lent):
                raise Violated("good credentials", f"{page.name} holds those of {lease.loan} that are over")

    def _tell(self, violated: Violated) -> None:
        tell(self._stage.world, violated)

    # -- files

    def _content(self, page: Page) -> Content:
        text = self._stage.disk.read(page.name)
        if not text:
            if text is None and page.name not in self._stage.deleted and page.name in self._stage.written:
                raise Violated("whole files", f"{page.name} is gone")
            if text == "" and not (self._emptied or self._is_revoking(self._stage.process)):
                raise Violated("whole files", f"{page.name} is empty")
            return Content((), ())
        self._stage.written.add(page.name)
        self._stage.deleted.discard(page.name)
        if not text.endswith("end\n"):
            raise Violated("whole files", f"{page.name} ends in the middle")
        return self._read(page, text)

    def _read(self, page: Page, text: str) -> Content:
        lent, others = [], []
        for line in text.splitlines()[:-1]:
            match line.split():
                case ["lent", name, ttl, user, password] if Loan(name, ttl) in page.loans:
                    lent.append(Lent(Loan(name, ttl), user, password))
                case ["listed", folder, key, found] if folder in page.folders and _is_of(folder, key, found):
                    others.append(line)
                case ["needed", name, found] if name in page.needed and _is_of("/", name, found):
                    others.append(line)
                case _:
                    raise Violated("whole files", f"{page.name} holds what is none of its own: {line}")
        return Content(tuple(lent), tuple(others))

    def look(self) -> None:
        """Look at what must hold all the time."""
        stage = self._stage
        patient = not stage.is_troubled and stage.world.now > stage.troubled + _PATIENCE
        for page in stage.scenario.pages:
            for lent in self._content(page).lent:
                lease = stage.ledger.by_user(lent.user)
                if lease is None or lease.password != lent.password:
                    raise Violated("whole files", f"{page.name} holds credentials that were never lent")
                if patient and not (lease.taken or lease.stale) and not lease.lives(stage.world.now):
                    raise Violated("good credentials", f"{page.name} holds those of {lease.loan} that are long over")
        self._nothing_shown()

    def _nothing_shown(self) -> None:
        shown = [text.encode() for one in self._stage.ledger.live() for text in (one.user, one.password, one.id)]
        for raw in self._stage.disk.raw(CACHE):
            if any(text in raw for text in shown):
                raise Violated("nothing shown", "the cache shows what was lent")

    def emit(self, record: logging.LogRecord) -> None:
        """Look at a log line."""
        text = record.getMessage()
        if f"{CANARY}." in text or any(lease.password in text for lease in self._stage.ledger.living):
            self._tell(Violated("nothing shown", f"a log line of {record.name} shows a secret"))

    # -- the end of a process, and of a storm

    def ended(self, process: AgentProcess) -> None:
        """A process is over, by itself or by a deed amid its work."""
        try:
            self._look_back(process)
        except Violated as violated:
            self._tell(violated)

    def _look_back(self, process: AgentProcess) -> None:
        now = self._stage.world.now
        self._emptied = self._emptied or self._is_revoking(process)
        self.look()
        self._kept |= dict.fromkeys(entries := self._entries(), now)
        self._kept_before_use(process, entries)
        if self._is_revoking(process) and process.code == 0:
            self._all_returned(process)

    def _kept_before_use(self, process: AgentProcess, entries: set[str]) -> None:
        """What a file holds the cache knows, unless it could not be written since, or its key became another just now."""
        stage, now = self._stage, self._stage.world.now
        if now < stage.rotated + TENDED * DRIFT + _SLACK:
            return
        lent = {lent.user for page in stage.scenario.pages for lent in self._content(page).lent}
        for lease in stage.ledger.live():
            used = lease.user in lent and process.name in lease.known_to and lease.heard_until > now + _LATE
            hindered = lease.denied or lease.returned or stage.filled >= lease.heard_at
            if stage.scenario.cache and used and not hindered and lease.id not in entries:
                raise Violated(
                    "nothing forgotten", f"a file holds what {lease.loan} lent, and the cache does not know it"
                )

    @staticmethod
    def _is_revoking(process: AgentProcess) -> bool:
        return process.asked_to_end and process.settings.revoke_on_shutdown

    def gone(self) -> None:
        """The last process was asked to end in a calm: it has ended well."""
        process = self._stage.process
        if process.code != 0:
            raise Violated("it ends when it is asked to", f"{process.name} ended with {process.code}")

    def _all_returned(self, process: AgentProcess) -> None:
        for lease in self._stage.ledger.live():
            left = lease.heard_until - self._stage.world.now
            if process.name in lease.known_to and not lease.denied and left > _LATE:
                raise Violated("nothing left over", f"{process.name} says that all is revoked, and {lease.loan} lives")

    def right(self) -> None:
        """After a storm, all is as it should be."""
        stage = self._stage
        if not stage.process.alive or stage.process.agent is None:
            raise Violated("right after a storm", "no agent is at work")
        wrong = stage.process.agent.reports.wrong
        if wrong:
            raise Violated("right after a storm", f"{stage.process.name} says that something is wrong: {wrong}")
        self._emptied = False
        for page in stage.scenario.pages:
            self._is_right(page)
        self._nothing_left_over()
        self._nothing_forgotten()

    def _is_right(self, page: Page) -> None:
        content = self._content(page)
        if page.name in self._stage.deleted:
            return  # it stays so until what it is made from changes
        if sorted(content.others) != sorted(_others(self._stage, page)):
            raise Violated("right after a storm", f"{page.name} is not what the KMS holds")
        if [lent.loan for lent in content.lent] != list(page.loans):
            raise Violated("right after a storm", f"{page.name} lacks what it is lent")
        for lent in content.lent:
            live = [one for one in self._stage.ledger.live(lent.loan) if self._is_known(one)]
            newest = max(live, key=lambda one: one.made_at, default=None)
            if newest and lent.user != newest.user and self._stage.world.now > newest.made_at + _SLACK:
                raise Violated("nothing left over", f"{page.name} does not hold the newest of {lent.loan}")

    def _is_known(self, lease: Lease) -> bool:
        return self._stage.process.name in lease.known_to and not lease.denied

    def _nothing_left_over(self) -> None:
        for loan in self._stage.scenario.loans:
            live = [one for one in self._stage.ledger.live(loan) if self._is_known(one) and not one.returned]
            for lease in sorted(live, key=lambda one: one.made_at)[:-1]:
                if lease.heard_until - self._stage.world.now > self._overlap(loan):
                    raise Violated("nothing left over", f"two leases of {loan} live")

    def _nothing_forgotten(self) -> None:
        """What the cache knew is known to the process, unless the cache could not be read or written since."""
        entries, now = self._entries(), self._stage.world.now
        for lease_id, at in tuple(self._kept.items()):
            lease = self._stage.ledger.leases[lease_id]
            if (
                lease.denied
                or not lease.lives(now)
                or lease.heard_until < now + _SLACK
                or max(self._stage.rotated, self._stage.filled) >= at
            ):
                del self._kept[lease_id]
            elif lease_id not in entries:
                raise Violated("nothing forgotten", f"{lease.loan} of {lease.by} lives, and nobody knows of it")

    def _entries(self) -> set[str]:
        """Return the leases that the cache knows; looked at in a copy, because to look removes what cannot be read."""
        cache = self._stage.disk.root / CACHE
        with self._stage.disk.unfelt(), TemporaryDirectory(dir=self._stage.disk.root) as folder:
            if not cache.exists():
                return set()
            copy = Path(shutil.copytree(cache, Path(folder) / CACHE))
            sealed = Sealed(str(copy), key=lambda: SecretValue(self._stage.key), entropy=bytes)
            return {lease_id for name in sealed.names() for lease_id in _known(sealed.read(name))}


def _known(entry: bytes | None) -> Iterator[str]:
    if entry:
        told = json.loads(entry)
        yield from (told["lease"], *told["left"])


def _is_of(folder: str, key: str, found: str) -> bool:
    return found.startswith(value(folder, key).removesuffix("0"))


def _others(stage: Stage, page: Page) -> Iterator[str]:
    for folder in page.folders:
        yield from (f"listed {folder} {key} {text}" for key, text in stage.truth[folder].items())
    yield from (f"needed {name} {stage.truth['/'].get(name)}" for name in page.needed)
