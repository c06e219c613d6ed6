"""The phases in which faults may hit operators, what brings them about, and which pairs cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from secretsync.backends.kms.queries import Folder, Project
from secretsync.devserver.routing import Call
from secretsync.ports import AnyQuery
from secretsync.reconcile.messages import Effect, Fetch, Perform, Report
from secretsync.targets import Delete
from secretsync.testing.simulation.coverage import Chart

from .network import HALF_OPEN, OUTAGE, ApiCall
from .scenario import CREDENTIALS, HOME

LOGIN: Final = "login"
SLUG: Final = "slug"
FIRST_READ: Final = "first read"
CHECK: Final = "check"

WATCHES: Final = ("watch of kmssecrets", "watch of secrets", "watch of configmaps")
_READS: Final = ("get credentials", "observe", "grant", "config", *WATCHES)

IDLE: Final = "idle"
READING: Final = "reading"
WRITING: Final = "writing"
WRITTEN: Final = "written, not told"
REPORTING: Final = "reporting"
STANDING_BY: Final = "standing by"
STARTING: Final = "starting"
TAKING_OVER: Final = "taking over"
CLEANING_UP: Final = "cleaning up"
INSTALL_KEY: Final = "install key"
LEASE: Final = "lease"

NOTHING: Final = "nothing under way"
DOWN: Final = "backend down"
OUT_OF_REACH: Final = "API out of reach"
NOBODY: Final = "take-over"

PHASES: Final[Mapping[str, tuple[str, ...]]] = {
    "kms": (LOGIN, SLUG, FIRST_READ, CHECK),
    "api": (
        *_READS,
        "create secret",
        "patch secret",
        "delete secret",
        "status",
        "event",
        "finalizer",
        LEASE,
        INSTALL_KEY,
    ),
    "process": (
        IDLE,
        READING,
        WRITING,
        WRITTEN,
        REPORTING,
        STANDING_BY,
        STARTING,
        TAKING_OVER,
        CLEANING_UP,
    ),
    "people": (NOTHING, READING, WRITING, REPORTING, DOWN, OUT_OF_REACH, NOBODY),
}
"""By area. Of people's deeds: what is under way of the object they are about."""

LASTING: Final = (IDLE, STANDING_BY, NOTHING, DOWN, OUT_OF_REACH, NOBODY)
"""Phases that begin with no request; whoever waits for one looks whenever something was done."""

CAUSES: Final[Mapping[str, tuple[str, ...]]] = {
    LOGIN: ("kms revoked tokens", "people rotate credentials", "process killed"),
    SLUG: ("process killed",),
    FIRST_READ: ("process killed", "people point an object elsewhere"),
    "get credentials": ("people rotate credentials", "process killed"),
    "observe": ("people edit a Secret", "process killed"),
    "grant": ("process killed", "people ask for a sync"),
    "config": ("process killed",),
    "watch of kmssecrets": ("api closed watches", "api 410"),
    "watch of secrets": ("api closed watches", "api 410"),
    "watch of configmaps": ("api closed watches", "api 410"),
    "create secret": ("people delete a Secret", "people rename a target"),
    "patch secret": ("people change a value", "people edit a Secret"),
    "delete secret": ("people rename a target", "people delete an object"),
    "status": ("people change a value", "people delete a Secret"),
    "event": ("people delete credentials", "people empty a folder"),
    "finalizer": ("people recreate an object", "people delete an object"),
    INSTALL_KEY: ("process killed", "process stopped"),
    READING: ("people point an object elsewhere", "people ask for a sync"),
    WRITING: ("people change a value", "people delete a Secret"),
    WRITTEN: ("people change a value", "people delete a Secret"),
    REPORTING: ("people change a value", "people delete a Secret"),
    STARTING: ("process killed", "process stopped"),
    TAKING_OVER: ("process killed", "process stopped", "process suspended"),
    CLEANING_UP: ("people rename a target", "people delete an object"),
    STANDING_BY: ("process killed",),
    DOWN: ("kms 5xx", "kms hanging"),
    OUT_OF_REACH: (OUTAGE, HALF_OPEN),
    NOBODY: ("process killed", "process stopped"),
}
"""Which deeds bring a phase about: one of them follows a deed that waits for it, or it would wait in vain."""

RARE: Final[Mapping[str, int]] = {
    SLUG: 2,
    "grant": 3,
    "config": 2,
    "create secret": 2,
    "patch secret": 2,
    "delete secret": 4,
    "finalizer": 6,
    INSTALL_KEY: 2,
    WRITTEN: 2,
    CLEANING_UP: 4,
}
"""Phases that come seldom, and how many deeds are to bring each about."""

_NO_LIST: Final = "there is no list in the answer"
_READ: Final = "the API server finds no conflict in a read"
_WATCHED: Final = "befalls watches only"
_FIXED: Final = "nobody changes the operators' ConfigMap"

IMPOSSIBLE: Final[Mapping[tuple[str, str], str]] = {
    ("kms empty list", LOGIN): _NO_LIST,
    ("kms empty list", SLUG): _NO_LIST,
    ("kms shortened list", LOGIN): _NO_LIST,
    ("kms shortened list", SLUG): _NO_LIST,
    ("kms expired tokens", LOGIN): "a login takes no token",
    ("kms revoked tokens", LOGIN): "a login takes no token",
    ("kms wrong permission", LOGIN): "rights count for what is read",
    **{("kms revoked credential", phase): "tokens outlive it" for phase in (SLUG, FIRST_READ, CHECK)},
    **{("api conflict", phase): _READ for phase in _READS},
    ("api conflict", INSTALL_KEY): "it is made once, before anything goes wrong",
    **{
        (f"api {what}", phase): _WATCHED
        for what in ("410", "closed watches", "duplicated events", "reordered events", "late events")
        for phase in PHASES["api"]
        if phase not in WATCHES
    },
    **{(f"api {what} events", "watch of configmaps"): _FIXED for what in ("duplicated", "reordered", "late")},
}
"""Why a fault cannot hit in a phase."""


CHART: Final = Chart(PHASES, IMPOSSIBLE)


# -- which phase it is


def kms_phase(call: Call, route: str) -> str:
    """Return the phase of a request to a KMS."""
    if route == "list":
        return CHECK if "if-none-match" in call.headers else FIRST_READ
    return route


def api_phase(call: ApiCall) -> str:
    """Return the phase of a request to the API server."""
    match call.resource, call.verb:
        case (("secrets" | "kmssecrets" | "configmaps"), ("list" | "watch")):
            return f"watch of {call.resource}"
        case "secrets", _ if call.namespace == HOME:
            return INSTALL_KEY
        case "secrets", "get":
            return "get credentials" if call.name == CREDENTIALS else "observe"
        case "secrets", ("create" | "patch" | "delete"):
            return f"{call.verb} secret"
        case "kmssecrets", _:
            return "finalizer"
    return _OTHERS.get(call.resource, call.resource)


_OTHERS: Final = {
    "kmssecrets/status": "status",
    "events": "event",
    "leases": LEASE,
    "configmaps": "config",
    "namespaces": "grant",
}


def effect_phases(effect: Effect) -> list[str]:
    """Return the phases of a process that carries this out."""
    match effect:
        case Fetch():
            return [READING]
        case Perform(action=Delete()):
            return [WRITING, CLEANING_UP]
        case Perform():
            return [WRITING]
        case Report():
            return [REPORTING, *([CLEANING_UP] if effect.outcome.gone else [])]


def query_phase(query: AnyQuery, *, known: bool) -> str:
    """Return the phase of a request to a KMS that is going to be made."""
    match query:
        case Folder():
            return CHECK if known else FIRST_READ
        case Project():
            return SLUG
    return LOGIN
