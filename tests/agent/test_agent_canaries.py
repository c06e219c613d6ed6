"""No secret shows: in no log at any level and in any form, in no command line, in no name of a file (agent §14, B27)."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from agents import CLIENT_SECRET, PROJECT, AgentStand, template
from canaries import CORE, canary, shown
from stand import eventually

ONE = f'{{{{ $v := (getSecretByName "{PROJECT.id}" "dev" "/" "A").Value }}}}'
TEMPTING = (
    "{{ fail $v }}",
    "{{ $v.Nope }}",
    "{{ index $v 99999 }}",
    "{{ atoi $v | add1 $v }}",
    "{{ regexMatch (print `(` $v) $v }}",
    "{{ mustRegexReplaceAll (print `[` $v) $v $v }}",
    "{{ mustToDate `2006` $v }}",
    "{{ mustFromJson $v }}",
    "{{ call $v }}",
    "{{ dynamic_secret $v $v $v }}",
    "{{ secret `x` `dev` `/` $v }}",
    "{{ semver $v }}",
    "{{ genPrivateKey $v }}",
    "{{ slice $v 9999 }}",
    "{{ eq $v 1 }}",
    "{{ range $v }}{{ .Nope }}{{ end }}",
)
"""Each has an error at hand that would quote what it was given.

None has a value stand for a name: what a template asks for by a value is a name then, and errors show names.
"""


def templates() -> list[dict[str, Any]]:
    good = template(ONE + "{{ $v }}", "good", execute={"command": "exit 3"}, **{"run-on-first-render": True})
    return [good, *(template(ONE + text, f"bad{n}") for n, text in enumerate(TEMPTING))]


@pytest.mark.row("agent-69")
@pytest.mark.parametrize("form", ["console", "plain", "json"])
def test_no_secret_shows_in_any_form_of_the_log(tmp_path: Path, form: str) -> None:
    with AgentStand(tmp_path, {"/": {"A": canary()}}) as stand:
        agent = stand.agent(
            "--log-level", "trace", "--log-format", form, sinks=["token", "client-id/no"], templates=templates()
        )
        eventually(lambda: stand.read("good"))
        agent.line(f"[template-id={len(TEMPTING)}]")
        stand.put(A=canary())
        agent.line("exited with status 3")
        broken = {"kms": {"address": canary()}, "auth": canary(), "templates": [{"base64-template-content": canary()}]}
        stand.write("agent-config.yaml", json.dumps(broken))
        agent.signal(signal.SIGHUP)
        agent.line("the configuration is not taken over")
        names = "\n".join(path.name for path in tmp_path.rglob("*"))
        assert not shown(names)
        assert agent.stop() == 0
    told = "\n".join([*agent.lines, *agent.seen.values()])
    assert len(agent.lines) > len(TEMPTING)
    assert not shown(told)
    assert "Traceback" not in told


@pytest.mark.row("agent-45")
def test_credentials_of_the_environment_show_nowhere_and_need_not_be_inherited(tmp_path: Path) -> None:
    with AgentStand(tmp_path, {"/": {"A": canary()}}) as stand:
        environ = {"KMS_UNIVERSAL_CLIENT_SECRET": CLIENT_SECRET, "KMS_CUSTOM_HEADERS": f"X-Key={CORE}", "MINE": "1"}
        commands = [
            {"command": "env > inherited"},
            {"command": "env > stripped", "inherit-credentials": False},
        ]
        made = [
            template(path=f"f{n}", execute=command, **{"run-on-first-render": True})
            for n, command in enumerate(commands)
        ]
        agent = stand.agent("--once", environ=environ, templates=made)
        assert agent.wait() == 0
        inherited, stripped = (stand.read(name) or "" for name in ("inherited", "stripped"))
        assert "KMS_UNIVERSAL_CLIENT_SECRET=" in inherited
        assert "KMS_CUSTOM_HEADERS=" in inherited
        assert "MINE=1" in stripped
        assert "KMS_" not in stripped
        assert not shown(stripped)
    assert not shown("\n".join(agent.lines))


def test_a_dry_run_and_validate_show_no_secret(tmp_path: Path) -> None:
    with AgentStand(tmp_path, {"/": {"A": canary()}}) as stand:
        stand.write("good", canary())
        dry = stand.agent("--dry-run", "--log-level", "trace", sinks=["token"], templates=templates())
        assert dry.wait() == 1
        dry.line(f"would change {tmp_path}/good")
        assert not [line for line in dry.lines if "executing command" in line or "saved" in line]
        dry.line(f"would create {tmp_path}/token")
        assert stand.read("token") is None
        validated = stand.agent("validate", sinks=["token"], templates=templates())
        assert validated.wait() == 0
    assert not shown("\n".join([*dry.lines, *validated.lines]))
