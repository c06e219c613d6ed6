"""The language of the agent's templates: Go's, all of Sprig, and functions that ask for secrets and leases.

What asks is declared here, so that a template can be parsed and its arguments be checked; the agent brings what answers
with `AGENT.with_functions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NoReturn

from .dialects import Dialect
from .errors import FunctionError
from .functions import Function, Layers
from .sprig import SPRIG


def _unanswered(*_: object) -> NoReturn:
    raise FunctionError("nobody answers here")


def _declared(*takes: str, rest: str | None = None) -> Function:
    return Function(_unanswered, takes, rest=rest, asks=True)


_LIST: Final = _declared("string", "string", "string", rest="string")
_LEASE: Final = _declared(rest="string")

DATA_FUNCTIONS: Final[Mapping[str, Function]] = {
    "dynamicSecret": _LEASE,
    "dynamic_secret": _LEASE,
    "getSecretByName": _declared("string", "string", "string", "string"),
    "listSecrets": _LIST,
    "listSecretsByProjectSlug": _LIST,
    "secret": _LIST,
}
"""Those that ask. The agent's own have the same parameters; how many a lease takes is its business."""

AGENT: Final = Dialect("agent", functions=Layers(DATA_FUNCTIONS, SPRIG))
