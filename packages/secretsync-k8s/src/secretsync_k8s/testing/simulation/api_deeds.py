"""What goes wrong between an operator and the API server, and with processes."""

from __future__ import annotations

from typing import Final

from .deeds import Deed, Undo, kind
from .network import ApiCall, Hindrance, Link, Trouble
from .process import OperatorProcess
from .stage import Stage

_SPELL: Final = (5.0, 300.0)
_SCOPES: Final = ("everything", "secrets", "kmssecrets/status", "writes", "events", "lists")
_TROUBLES: Final[dict[str, Trouble]] = {
    "slow": "slow",
    "hanging": "hang",
    "reset": "reset",
    "lost reply": "lost",
    "conflict": "conflict",
    "429": "busy",
    "5xx": "failing",
}


def _in_scope(scope: str, call: ApiCall) -> bool:
    match scope:
        case "everything":
            return True
        case "writes":
            return call.writes
        case "lists":
            return call.verb in {"list", "watch"}
        case _:
            return call.resource == scope


def _links(stage: Stage, deed: Deed) -> tuple[str, list[Link]]:
    """Return whose links to the API server a deed is about: one process's, or all."""
    alive = stage.alive
    if not alive:
        return "nobody", []
    if deed.whom < 0.5:  # noqa: PLR2004 - one half each
        return "everybody", [link for one in alive for link in (one.link, one.lease_link)]
    one = alive[int((deed.whom - 0.5) * 2 * len(alive))]
    return one.name, [one.link, one.lease_link]


def _hinder(name: str, trouble: Trouble) -> None:
    @kind(f"api {name}", "api", lasts=_SPELL)
    def do(stage: Stage, deed: Deed) -> Undo:
        who, links = _links(stage, deed)
        scope = deed.choose(_SCOPES)
        times = 1.0 if trouble in {"lost", "conflict"} else float("inf")
        hindrance = Hindrance(trouble, lambda call: _in_scope(scope, call), times=times, seconds=5.0)
        for link in links:
            link.hindrances.append(hindrance)
        stage.story.tell("the API server", f"{name} for {who}: {scope}, {deed.seconds:.0f} s")

        def end() -> None:
            for link in links:
                link.hindrances.remove(hindrance)
            stage.story.tell("the API server", f"{name} for {who} no more")

        return end


for _name, _trouble in _TROUBLES.items():
    _hinder(_name, _trouble)


@kind("api outage", "api", lasts=(1.0, 900.0))
def _outage(stage: Stage, deed: Deed) -> Undo:
    who, links = _links(stage, deed)
    for link in links:
        link.cuts += 1
        link.break_off()
    stage.story.tell("the API server", f"out of reach of {who} for {deed.seconds:.0f} s")

    def end() -> None:
        for link in links:
            link.cuts -= 1
        stage.story.tell("the API server", f"in reach of {who}")

    return end


@kind("api half-open", "api", lasts=(10.0, 300.0))
def _half_open(stage: Stage, deed: Deed) -> Undo:
    who, links = _links(stage, deed)
    for link in links:
        link.silences += 1
    stage.story.tell("the network", f"half-open for {who}, {deed.seconds:.0f} s")

    def end() -> None:
        for link in links:
            link.silences -= 1
        stage.story.tell("the network", f"whole for {who}")

    return end


@kind("api 410", "api")
def _compact(stage: Stage, _: Deed) -> None:
    stage.cluster.compact()
    for resource in ("secrets", "kmssecrets"):
        stage.cluster.disturb("expire", resource=resource)
    stage.changed()
    stage.story.tell("the API server", "has forgotten all versions")


@kind("api closed watches", "api")
def _close(stage: Stage, _: Deed) -> None:
    stage.cluster.disturb("close")
    stage.changed()
    stage.story.tell("the API server", "closes all watches")


@kind("api duplicated events", "api")
def _duplicate(stage: Stage, deed: Deed) -> None:
    stage.cluster.disturb("duplicate", times=1 + int(deed.how * 5))
    stage.story.tell("the API server", "tells the next events twice")


@kind("api reordered events", "api")
def _reorder(stage: Stage, deed: Deed) -> None:
    stage.cluster.disturb("reorder", times=1 + int(deed.how * 3))
    stage.story.tell("the API server", "tells the next events out of order")


@kind("api late events", "api")
def _late(stage: Stage, deed: Deed) -> None:
    stage.cluster.disturb("delay", times=1 + int(deed.how * 3), seconds=30.0 * deed.whom)
    stage.story.tell("the API server", f"tells the next events {30.0 * deed.whom:.0f} s late")


# -- processes


def _one(stage: Stage, deed: Deed) -> OperatorProcess | None:
    return deed.pick(stage.alive) if stage.alive else None


@kind("process killed", "process", lasts=(0.5, 60.0))
def _kill(stage: Stage, deed: Deed) -> Undo | None:
    if (process := _one(stage, deed)) is None:
        return None
    process.kill()
    stage.story.tell(process.name, f"killed while {process.busy_with}")
    return lambda: stage.replace(process)


@kind("process stopped", "process", lasts=(10.0, 60.0))
def _stop(stage: Stage, deed: Deed) -> Undo | None:
    if (process := _one(stage, deed)) is None:
        return None
    stage.story.tell(process.name, "told to stop")
    process.stop()
    return lambda: stage.replace(process)


@kind("process suspended", "process", lasts=(1.0, 120.0))
def _suspend(stage: Stage, deed: Deed) -> None:
    if (process := _one(stage, deed)) is None:
        return
    stage.story.tell(process.name, f"suspended for {deed.seconds:.0f} s while {process.busy_with}")
    process.life.hold(stage.world.now + deed.seconds)
