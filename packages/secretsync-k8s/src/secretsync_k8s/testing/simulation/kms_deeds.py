"""What goes wrong with a KMS: what does whoever asks it, and what concerns the logins of operators."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from secretsync.devserver.routing import Call
from secretsync.reconcile.messages import Fetch
from secretsync.testing.simulation.deeds import Deed, Undo
from secretsync.testing.simulation.kms_deeds import SPELL, Spell, register, token

from .coverage import CHECK, FIRST_READ, LOGIN, SLUG, query_phase
from .deeds import KINDS, kind
from .scenario import Login, client_id
from .stage import Stage

_ROUTES: Final = ("*", "login", "list", "slug")
_ROUTE_OF: Final = {LOGIN: "login", SLUG: "slug", FIRST_READ: "list", CHECK: "list"}


def _hosts(stage: Stage) -> Sequence[str]:
    return stage.scenario.hosts


def _asked(stage: Stage, host: str) -> set[str]:
    """Return the phases of the requests that are on their way to a server, or will be in a moment."""
    drivers = (one.driver for one in stage.alive)
    flying = [effect for driver in drivers if driver for effect in driver.flying.values()]
    fetches = (effect for effect in flying if isinstance(effect, Fetch) and effect.host.startswith(host))
    return {query_phase(query, known=query in one.known) for one in fetches for query in one.queries}


register(KINDS, routes=_ROUTES, route_of=_ROUTE_OF, phases=_asked, login=LOGIN)


@kind("kms revoked credential", "kms", among=_hosts, lasts=SPELL)
def _revoke_credential(stage: Stage, deed: Deed, host: str) -> Undo:
    login = deed.choose(stage.scenario.logins)
    spell = Spell(host, deed.kind, lambda call, phase: phase == LOGIN and _client(call) == client_id(login))
    stage.story.tell(host, f"refuses the credentials of {login} for {deed.seconds:.0f} s")
    return _other_identity(stage, login, spell, {"secret": "revoked"})


@kind("kms wrong permission", "kms", among=_hosts, phases=_asked, lasts=SPELL)
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


def _client(call: Call) -> str:
    return str(json.loads(call.body).get("clientId"))


def _is_of(stage: Stage, host: str, call: Call, login: Login) -> bool:
    model, shown = stage.servers[host].model, token(call)
    return model.admits(shown) and model.identify(shown).id == f"id-{login}"
