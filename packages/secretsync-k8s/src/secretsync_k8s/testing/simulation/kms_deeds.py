"""What goes wrong with a KMS."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from secretsync.devserver.faults import Fault
from secretsync.devserver.routing import Call
from secretsync.reconcile.messages import Fetch
from secretsync.values import SecretValue

from .coverage import CHECK, FIRST_READ, LOGIN, SLUG, query_phase
from .deeds import Deed, Undo, kind
from .scenario import Login, client_id
from .stage import Spell, Stage

_ROUTES: Final = ("*", "login", "list", "slug")
_ROUTE_OF: Final = {LOGIN: "login", SLUG: "slug", FIRST_READ: "list", CHECK: "list"}
_SPELL: Final = (20.0, 600.0)

_FAULTS: Final[dict[str, dict[str, Any]]] = {
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


def _hosts(stage: Stage) -> Sequence[str]:
    return stage.scenario.hosts


def _asked(stage: Stage, host: str) -> set[str]:
    """Return the phases of the requests that are on their way to a server, or will be in a moment."""
    drivers = (one.driver for one in stage.alive)
    flying = [effect for driver in drivers if driver for effect in driver.flying.values()]
    fetches = (effect for effect in flying if isinstance(effect, Fetch) and effect.host.startswith(host))
    return {query_phase(query, known=query in one.known) for one in fetches for query in one.queries}


def _spell(name: str, named: dict[str, Any]) -> None:
    @kind(f"kms {name}", "kms", among=_hosts, lasts=_SPELL)
    def do(stage: Stage, deed: Deed, host: str) -> Undo:
        fault = Fault(**{"route": _ROUTE_OF.get(deed.when) or deed.choose(_ROUTES), **named})
        server = stage.servers[host]
        server.faults.add(fault)
        stage.faults[fault] = f"kms {name}"
        stage.story.tell(host, f"answers {name} to {fault.route} for {deed.seconds:.0f} s")

        def end() -> None:
            server.faults.discard(fault)
            stage.story.tell(host, f"answers {name} no more")

        return end


for _name, _named in _FAULTS.items():
    _spell(_name, _named)


@kind("kms expired tokens", "kms", among=_hosts, phases=_asked)
def _expire(stage: Stage, deed: Deed, host: str) -> None:
    stage.servers[host].model.expire_tokens()
    _ended(stage, deed, host)
    stage.story.tell(host, "lets all tokens expire")


@kind("kms revoked tokens", "kms", among=_hosts, phases=_asked)
def _revoke(stage: Stage, deed: Deed, host: str) -> None:
    stage.servers[host].model.revoke_tokens()
    _ended(stage, deed, host)
    stage.story.tell(host, "revokes all tokens")


def _ended(stage: Stage, deed: Deed, host: str) -> None:
    """Have the requests with a token that ended be counted."""
    admits = stage.servers[host].model.admits
    stage.spells.append(Spell(host, deed.kind, lambda call, phase: phase != LOGIN and not admits(_token(call))))


@kind("kms revoked credential", "kms", among=_hosts, lasts=_SPELL)
def _revoke_credential(stage: Stage, deed: Deed, host: str) -> Undo:
    login = deed.choose(stage.scenario.logins)
    spell = Spell(host, deed.kind, lambda call, phase: phase == LOGIN and _client(call) == client_id(login))
    stage.story.tell(host, f"refuses the credentials of {login} for {deed.seconds:.0f} s")
    return _other_identity(stage, login, spell, {"secret": "revoked"})


@kind("kms wrong permission", "kms", among=_hosts, phases=_asked, lasts=_SPELL)
def _forbid(stage: Stage, deed: Deed, host: str) -> Undo:
    login = deed.choose(stage.scenario.logins)
    spell = Spell(host, deed.kind, lambda call, phase: phase != LOGIN and _is_of(stage, host, call, login))
    stage.story.tell(host, f"takes the rights of {login} away for {deed.seconds:.0f} s")
    return _other_identity(stage, login, spell, {"grants": False})


def _other_identity(stage: Stage, login: Login, spell: Spell, changed: dict[str, Any]) -> Undo:
    model = stage.servers[spell.host].model
    named = {"secret": stage.logins[login], **changed}
    model.replace_identity(stage.scenario.identity(spell.host, login, **named))
    stage.spells.append(spell)

    def end() -> None:
        model.replace_identity(stage.scenario.identity(spell.host, login, secret=stage.logins[login]))
        stage.spells[:] = [one for one in stage.spells if one is not spell]
        stage.story.tell(spell.host, f"knows {login} again")

    return end


def _token(call: Call) -> SecretValue:
    return SecretValue(call.headers.get("authorization", "").removeprefix("Bearer "))


def _client(call: Call) -> str:
    return str(json.loads(call.body).get("clientId"))


def _is_of(stage: Stage, host: str, call: Call, login: Login) -> bool:
    model, token = stage.servers[host].model, _token(call)
    return model.admits(token) and model.identify(token).id == f"id-{login}"
