"""The phases in which faults may hit an agent, what brings them about, and which pairs cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from secretsync.devserver.routing import Call
from secretsync.testing.simulation.coverage import Chart

from .disk import BEGUN, FILLED, NAMED

LOGIN: Final = "login"
RENEWAL: Final = "renewal"
FIRST_READ: Final = "first read"
CHECK: Final = "check"
SINGLE: Final = "single secret"
LEASING: Final = "leasing"
LOOKING_UP: Final = "looking a lease up"
EXTENDING: Final = "renewing a lease"
LEASED: Final = "leased, not heard of"
RETURNING: Final = "giving a lease back"
GOODBYE: Final = "revoking a token"
ASKED: Final = (
    LOGIN,
    RENEWAL,
    FIRST_READ,
    CHECK,
    SINGLE,
    LEASING,
    LOOKING_UP,
    EXTENDING,
    RETURNING,
    GOODBYE,
)

IDLE: Final = "idle"
STARTING: Final = "starting"
ENDING: Final = "ending"
FILE: Final = {step: f"file {step}" for step in (BEGUN, FILLED, NAMED)}
ENTRY: Final = {step: f"cache entry {step}" for step in (BEGUN, FILLED, NAMED)}
_WRITING: Final = (*FILE.values(), *ENTRY.values())

PHASES: Final[Mapping[str, tuple[str, ...]]] = {
    "kms": ASKED,
    "process": (IDLE, STARTING, *ASKED, LEASED, *_WRITING, ENDING),
    "disk": (IDLE, STARTING, *ASKED, *_WRITING),
    "people": (IDLE, *ASKED, *_WRITING),
}
"""By area. Of processes and of people's deeds: what the agent is at."""

LASTING: Final = (IDLE,)
"""Phases that begin with no request; whoever waits for one looks whenever something was done."""

_LOST_TOKEN: Final = "kms revoked tokens"  # noqa: S105 - a kind of deed
_KILLED: Final = "process killed"
_STOPPED: Final = "process stopped"
_NEWS: Final = "people change a value"

CAUSES: Final[Mapping[str, tuple[str, ...]]] = {
    LOGIN: (_LOST_TOKEN, _KILLED),
    RENEWAL: (_KILLED,),
    FIRST_READ: (_KILLED,),
    SINGLE: (_KILLED, _NEWS),
    LEASING: (_STOPPED, _KILLED),
    LEASED: (_STOPPED, _KILLED),
    LOOKING_UP: (_KILLED,),
    RETURNING: (_STOPPED,),
    GOODBYE: (_STOPPED,),
    STARTING: (_KILLED,),
    ENDING: (_STOPPED,),
    **dict.fromkeys(FILE.values(), (_NEWS,)),
    **dict.fromkeys(ENTRY.values(), (_KILLED,)),
}
"""Which deeds bring a phase about: one of them follows a deed that waits for it, or it would wait in vain."""

RARE: Final[Mapping[str, int]] = {RETURNING: 2, GOODBYE: 2, LOOKING_UP: 2, LEASING: 2, EXTENDING: 2}
"""Phases that come seldom, and how many deeds are to bring each about."""

_NO_LIST: Final = "there is no list in the answer"
_NO_TOKEN: Final = "no token is sent, or it counts for nothing"  # noqa: S105 - words
_LENDING: Final = (LEASING, LOOKING_UP, EXTENDING, RETURNING)

IMPOSSIBLE: Final[Mapping[tuple[str, str], str]] = {
    **{
        (f"kms {name} list", phase): _NO_LIST
        for name in ("empty", "shortened")
        for phase in ASKED
        if phase not in (FIRST_READ, CHECK)
    },
    **{
        (f"kms {name} tokens", phase): _NO_TOKEN
        for name in ("expired", "revoked")
        for phase in (LOGIN, RENEWAL, GOODBYE)
    },
    **{("kms refused login", phase): "tokens outlive it" for phase in ASKED if phase != LOGIN},
    **{("kms taken rights", phase): _NO_TOKEN for phase in (LOGIN, RENEWAL, GOODBYE)},
    **{
        ("kms wrong date", phase): "nobody asks what time it is"
        for phase in ASKED
        if phase not in (LEASING, LOOKING_UP, EXTENDING)
    },
    **{("kms broken provider", phase): "takes back what is given back" for phase in ASKED if phase != RETURNING},
}
"""Why a fault cannot hit in a phase."""

CHART: Final = Chart(PHASES, IMPOSSIBLE)

_BY_ROUTE: Final = {"login": LOGIN, "renew": RENEWAL, "revoke": GOODBYE, "read": SINGLE}
_BY_METHOD: Final = {"GET": LOOKING_UP, "DELETE": RETURNING}
ROUTE_OF: Final[Mapping[str, str]] = {
    **{phase: route for route, phase in _BY_ROUTE.items()},
    FIRST_READ: "list",
    CHECK: "list",
    **dict.fromkeys(_LENDING, "leases"),
}
"""The route of the requests of a phase."""


def kms_phase(call: Call, route: str) -> str:
    """Return the phase of a request."""
    if route == "list":
        return CHECK if "if-none-match" in call.headers else FIRST_READ
    if route == "leases":
        extending = call.path.endswith("/renew")
        return _BY_METHOD.get(call.method, EXTENDING if extending else LEASING)
    return _BY_ROUTE.get(route, route)
