"""What goes wrong with the KMS: what does whoever asks it, and what concerns leases and the agent's identity."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from secretsync.testing.simulation.deeds import Deed, Undo
from secretsync.testing.simulation.kms_deeds import FAULTS, SPELL, Spell, register

from .coverage import ASKED, EXTENDING, GOODBYE, LEASING, LOGIN, LOOKING_UP, RENEWAL, RETURNING, ROUTE_OF
from .deeds import KINDS, kind
from .scenario import HOST, client_secret
from .stage import Stage

_ROUTES: Final = ("*", "login", "renew", "list", "read", "leases", "leases", "revoke")
_DATED: Final = (LEASING, LOOKING_UP, EXTENDING)
_WITH_RIGHTS: Final = tuple(phase for phase in ASKED if phase not in (LOGIN, RENEWAL, GOODBYE))


def _asked(stage: Stage, host: str) -> Collection[str]:
    return stage.process.phases


register(
    KINDS,
    routes=_ROUTES,
    route_of=ROUTE_OF,
    phases=_asked,
    login=LOGIN,
    faults={**FAULTS, "lost answer": {"lost": True}},
)


def _hosts(stage: Stage) -> Sequence[str]:
    return tuple(stage.servers)


def _cast(stage: Stage, name: str, phases: Collection[str]) -> Undo:
    """Have the requests of these phases be counted; return what ends it."""
    spell = Spell(HOST, name, lambda call, phase: phase in phases)  # noqa: ARG005 - the form of it
    stage.spells.append(spell)

    def end() -> None:
        stage.spells[:] = [one for one in stage.spells if one is not spell]

    return end


@kind("kms refused login", "kms", among=_hosts, lasts=SPELL)
def _refuse(stage: Stage, deed: Deed, host: str) -> Undo:
    stage.story.tell(host, f"refuses the agent's credentials for {deed.seconds:.0f} s")
    stage.know(client_secret(-1))
    over = _cast(stage, deed.kind, (LOGIN,))

    def end() -> None:
        over()
        stage.know(stage.secret)
        stage.story.tell(host, "takes the agent's credentials again")

    return end


@kind("kms taken rights", "kms", among=_hosts, phases=_asked, lasts=SPELL)
def _take_rights(stage: Stage, deed: Deed, host: str) -> Undo:
    stage.story.tell(host, f"takes the agent's rights away for {deed.seconds:.0f} s")
    stage.know(stage.secret, grants=False)
    over = _cast(stage, deed.kind, _WITH_RIGHTS)

    def end() -> None:
        over()
        stage.know(stage.secret)
        stage.story.tell(host, "gives the agent its rights back")

    return end


@kind("kms wrong date", "kms", among=_hosts, phases=_asked, lasts=SPELL)
def _shift_date(stage: Stage, deed: Deed, host: str) -> Undo:
    wrong = deed.choose((300.0, -300.0))
    stage.story.tell(host, f"dates its answers {wrong:+.0f} s for {deed.seconds:.0f} s")
    stage.kms.date_wrong = wrong
    over = _cast(stage, deed.kind, _DATED)

    def end() -> None:
        over()
        stage.kms.date_wrong = 0.0
        stage.story.tell(host, "dates its answers as it should")

    return end


@kind("kms broken provider", "kms", among=_hosts, lasts=SPELL)
def _break_provider(stage: Stage, deed: Deed, host: str) -> Undo:
    stage.story.tell(host, f"cannot take credentials back for {deed.seconds:.0f} s")
    stage.kms.model.provider.broken = True
    over = _cast(stage, deed.kind, (RETURNING,))

    def end() -> None:
        over()
        stage.kms.model.provider.broken = False
        stage.story.tell(host, "can take credentials back again")

    return end
