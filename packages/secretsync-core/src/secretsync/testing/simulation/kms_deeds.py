"""What goes wrong with a KMS, whoever asks it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from ...classes import frozen
from ...devserver.faults import Fault
from ...devserver.routing import Call
from ...values import SecretValue
from ..kms import VirtualKMS
from .deeds import Deed, Kinds, Scene, Undo
from .story import Story

SPELL: Final = (20.0, 600.0)
"""Seconds that such a thing lasts."""

FAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "slow": {"delay": 4.0},
    "hanging": {"hang": True},
    "401": {"status": 401},
    "403": {"status": 403},
    "404": {"status": 404},
    "429": {"status": 429, "retry_after": 7},
    "5xx": {"status": 502, "body": "html"},
    "truncated": {"body": "truncated"},
    "reset": {"reset": True},
    "empty list": {"body": "empty", "route": "list"},
    "shortened list": {"body": "short", "route": "list"},
}


@frozen(eq=False)
class Spell:
    """Something that is wrong at a KMS server for some requests, by what they are: `hits(call, phase)`."""

    host: str
    name: str
    hits: Callable[[Call, str], bool]


class Servers(Scene, Protocol):
    """Where there are KMS servers.

    Attributes:
        servers: By origin.
        faults: What the faults of KMS servers are called.
        spells: What is wrong there beside.
    """

    story: Story
    servers: dict[str, VirtualKMS]
    faults: dict[Fault, str]
    spells: list[Spell]


S = TypeVar("S", bound=Servers)


def register(
    kinds: Kinds[S],
    *,
    routes: Sequence[str],
    route_of: Mapping[str, str],
    phases: Callable[[S, str], Collection[str]],
    login: str,
    faults: Mapping[str, Mapping[str, Any]] = FAULTS,
) -> None:
    """Add the kinds of deeds that befall servers.

    Args:
        routes: Which of them a fault may be of.
        route_of: The route of a phase, for faults that are meant to hit it.
        phases: Which phases the requests are in that are on their way to a server, or will be in a moment.
        login: The phase in which no token is sent.
        faults: What is answered, by name.
    """
    for name, named in faults.items():
        _spell(kinds, name, named, routes, route_of)
    for name, verb in (("expire", "lets all tokens expire"), ("revoke", "revokes all tokens")):
        _tokens_end(kinds, name, verb, phases, login)


def _hosts(scene: Servers) -> Sequence[str]:
    return tuple(scene.servers)


def _spell(
    kinds: Kinds[S], name: str, named: Mapping[str, Any], routes: Sequence[str], route_of: Mapping[str, str]
) -> None:
    @kinds.kind(f"kms {name}", "kms", among=_hosts, lasts=SPELL)
    def do(scene: S, deed: Deed, host: str) -> Undo:
        fault = Fault(**{"route": route_of.get(deed.when) or deed.choose(routes), **named})
        server = scene.servers[host]
        server.faults.add(fault)
        scene.faults[fault] = f"kms {name}"
        scene.story.tell(host, f"answers {name} to {fault.route} for {deed.seconds:.0f} s")

        def end() -> None:
            server.faults.discard(fault)
            scene.story.tell(host, f"answers {name} no more")

        return end


def _tokens_end(kinds: Kinds[S], name: str, verb: str, phases: Callable[[S, str], Collection[str]], login: str) -> None:
    @kinds.kind(f"kms {name}d tokens", "kms", among=_hosts, phases=phases)
    def do(scene: S, deed: Deed, host: str) -> None:
        model = scene.servers[host].model
        if name == "expire":
            model.expire_tokens()
        else:
            model.revoke_tokens()
        scene.spells.append(
            Spell(host, deed.kind, lambda call, phase: phase != login and not model.admits(token(call)))
        )
        scene.story.tell(host, verb)


def token(call: Call) -> SecretValue:
    """Return the token that a request carries."""
    return SecretValue(call.headers.get("authorization", "").removeprefix("Bearer "))
