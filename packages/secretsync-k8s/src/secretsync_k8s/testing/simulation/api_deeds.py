"""What goes wrong between an operator and the API server, and with processes."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Final

from secretsync.classes import frozen
from secretsync.clock import FOREVER
from secretsync.testing.simulation.deeds import Deed, Undo

from ..cluster import MemoryCluster
from .coverage import api_phase
from .deeds import kind
from .network import HALF_OPEN, OUTAGE, ApiCall, Hindrance, Link, Trouble, Weather
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
            return scope in (call.resource, api_phase(call))


def _can_be(trouble: Trouble, call: ApiCall) -> bool:
    match trouble:
        case "conflict":
            return call.writes
        case "lost":
            return call.verb != "watch"
    return True


@frozen
class _Links:
    """The links to the API server that a deed is about: one process's, or all, also those that come later."""

    who: str
    links: tuple[Link, ...]
    weather: tuple[Link | Weather, ...]


def _links(stage: Stage) -> list[_Links]:
    """Return those of everybody, as often as those of each."""
    pairs = {one.name: (one.link, one.lease_link) for one in stage.alive}
    each = [_Links(name, links, links) for name, links in pairs.items()]
    everybody = _Links("everybody", tuple(link for one in each for link in one.links), (stage.weather,))
    return [everybody] * len(each) + each


def _coming(stage: Stage, whose: _Links, trouble: Trouble = "slow") -> Collection[str]:
    """Return the phase of what is about to be asked over one of these links, if the trouble can befall it."""
    if stage.coming is None:
        return ()
    link, call = stage.coming
    return (api_phase(call),) if link in whose.links and _can_be(trouble, call) else ()


def _hinder(name: str, trouble: Trouble) -> None:
    @kind(f"api {name}", "api", among=_links, phases=partial(_coming, trouble=trouble), lasts=_SPELL)
    def do(stage: Stage, deed: Deed, whose: _Links) -> Undo:
        scope = deed.when or deed.choose(_SCOPES)
        hindrance = Hindrance(
            trouble,
            lambda call: _can_be(trouble, call) and _in_scope(scope, call),
            times=1.0 if trouble in {"lost", "conflict"} else FOREVER,
            seconds=5.0,
            name=deed.kind,
        )
        for one in whose.weather:
            one.hindrances.append(hindrance)
        stage.story.tell("the API server", f"{name} for {whose.who}: {scope}, {deed.seconds:.0f} s")

        def end() -> None:
            for one in whose.weather:
                one.hindrances.remove(hindrance)
            stage.story.tell("the API server", f"{name} for {whose.who} no more")

        return end


for _name, _trouble in _TROUBLES.items():
    _hinder(_name, _trouble)


@kind(OUTAGE, "api", among=_links, phases=_coming, lasts=(1.0, 900.0))
def _outage(stage: Stage, deed: Deed, whose: _Links) -> Undo:
    for one in whose.weather:
        one.cuts += 1
    for link in whose.links:
        link.break_off()
    stage.story.tell("the API server", f"out of reach of {whose.who} for {deed.seconds:.0f} s")

    def end() -> None:
        for one in whose.weather:
            one.cuts -= 1
        stage.story.tell("the API server", f"in reach of {whose.who}")

    return end


@kind(HALF_OPEN, "api", among=_links, phases=_coming, lasts=(10.0, 300.0))
def _half_open(stage: Stage, deed: Deed, whose: _Links) -> Undo:
    for one in whose.weather:
        one.silences += 1
    stage.story.tell("the network", f"half-open for {whose.who}, {deed.seconds:.0f} s")

    def end() -> None:
        for one in whose.weather:
            one.silences -= 1
        stage.story.tell("the network", f"whole for {whose.who}")

    return end


_WATCHED: Final = ("secrets", "kmssecrets", "configmaps")
_CHANGING: Final = ("secrets", "kmssecrets")


def _whole(stage: Stage) -> list[MemoryCluster]:
    return [stage.cluster]


def _count(stage: Stage, deed: Deed) -> None:
    """Count a deed for all watches that are open."""
    for one in stage.alive:
        for call in one.link.watching:
            stage.hits[deed.kind, api_phase(call)] += 1


@kind("api 410", "api", among=_whole)
def _compact(stage: Stage, deed: Deed, cluster: MemoryCluster) -> None:
    _count(stage, deed)
    cluster.compact()
    for resource in _WATCHED:
        cluster.disturb("expire", resource=resource)
    stage.changed()
    stage.story.tell("the API server", "has forgotten all versions")


@kind("api closed watches", "api", among=_whole)
def _close(stage: Stage, deed: Deed, cluster: MemoryCluster) -> None:
    _count(stage, deed)
    cluster.disturb("close")
    stage.changed()
    stage.story.tell("the API server", "closes all watches")


@kind("api duplicated events", "api", among=_whole)
def _duplicate(stage: Stage, deed: Deed, cluster: MemoryCluster) -> None:
    cluster.disturb("duplicate", resource=_resource(deed), times=1 + int(deed.how * 5))
    stage.story.tell("the API server", f"tells the next events of {_resource(deed)} twice")


@kind("api reordered events", "api", among=_whole)
def _reorder(stage: Stage, deed: Deed, cluster: MemoryCluster) -> None:
    cluster.disturb("reorder", resource=_resource(deed), times=1 + int(deed.how * 3))
    stage.story.tell("the API server", f"tells the next events of {_resource(deed)} out of order")


@kind("api late events", "api", among=_whole)
def _late(stage: Stage, deed: Deed, cluster: MemoryCluster) -> None:
    seconds = 20.0 * deed.whom
    cluster.disturb("delay", resource=_resource(deed), times=1 + int(deed.how * 3), seconds=seconds)
    stage.story.tell("the API server", f"tells the next events of {_resource(deed)} {seconds:.0f} s late")


def _resource(deed: Deed) -> str:
    return deed.when.removeprefix("watch of ") or _CHANGING[int(deed.whom * 2)]


# -- processes


def _processes(stage: Stage) -> list[OperatorProcess]:
    return stage.alive


def _phases(stage: Stage, process: OperatorProcess) -> Collection[str]:
    return process.phases


@kind("process killed", "process", among=_processes, phases=_phases, lasts=(0.5, 60.0))
def _kill(stage: Stage, deed: Deed, process: OperatorProcess) -> Undo:
    stage.story.tell(process.name, f"killed while {process.busy_with}")
    process.kill()
    return lambda: stage.replace(process)


@kind("process stopped", "process", among=_processes, phases=_phases, lasts=(10.0, 60.0))
def _stop(stage: Stage, deed: Deed, process: OperatorProcess) -> Undo:
    stage.story.tell(process.name, f"told to stop while {process.busy_with}")
    process.stop()
    return lambda: stage.replace(process)


@kind("process suspended", "process", among=_processes, phases=_phases, lasts=(1.0, 120.0))
def _suspend(stage: Stage, deed: Deed, process: OperatorProcess) -> None:
    stage.story.tell(process.name, f"suspended for {deed.seconds:.0f} s while {process.busy_with}")
    process.life.hold(stage.world.now + deed.seconds)
