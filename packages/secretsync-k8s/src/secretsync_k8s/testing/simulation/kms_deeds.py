"""What goes wrong with a KMS."""

from __future__ import annotations

from typing import Any, Final

from secretsync.devserver.faults import Fault

from .deeds import Deed, Undo, kind
from .stage import Stage

_ROUTES: Final = ("*", "login", "list", "slug")
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


def _spell(name: str, named: dict[str, Any]) -> None:
    @kind(f"kms {name}", "kms", lasts=_SPELL)
    def do(stage: Stage, deed: Deed) -> Undo:
        host = deed.pick(stage.scenario.hosts)
        fault = Fault(**{"route": deed.choose(_ROUTES), **named})
        server = stage.servers[host]
        server.faults.add(fault)
        stage.story.tell(host, f"answers {name} to {fault.route} for {deed.seconds:.0f} s")

        def end() -> None:
            server.faults.discard(fault)
            stage.story.tell(host, f"answers {name} no more")

        return end


for _name, _named in _FAULTS.items():
    _spell(_name, _named)


@kind("kms expired tokens", "kms")
def _expire(stage: Stage, deed: Deed) -> None:
    host = deed.pick(stage.scenario.hosts)
    stage.servers[host].model.expire_tokens()
    stage.story.tell(host, "lets all tokens expire")


@kind("kms revoked tokens", "kms")
def _revoke(stage: Stage, deed: Deed) -> None:
    host = deed.pick(stage.scenario.hosts)
    stage.servers[host].model.revoke_tokens()
    stage.story.tell(host, "revokes all tokens")


@kind("kms revoked credential", "kms", lasts=_SPELL)
def _revoke_credential(stage: Stage, deed: Deed) -> Undo:
    return _other_identity(stage, deed, "refuses the credentials", {"secret": "revoked"})


@kind("kms wrong permission", "kms", lasts=_SPELL)
def _forbid(stage: Stage, deed: Deed) -> Undo:
    return _other_identity(stage, deed, "takes the rights away", {"grants": False})


def _other_identity(stage: Stage, deed: Deed, words: str, changed: dict[str, Any]) -> Undo:
    host, login = deed.pick(stage.scenario.hosts), deed.choose(stage.scenario.logins)
    model = stage.servers[host].model
    named = {"secret": stage.logins[login], **changed}
    model.replace_identity(stage.scenario.identity(host, login, **named))
    stage.story.tell(host, f"{words} of {login} for {deed.seconds:.0f} s")

    def end() -> None:
        model.replace_identity(stage.scenario.identity(host, login, secret=stage.logins[login]))
        stage.story.tell(host, f"knows {login} again")

    return end
