"""What `validate` shows, and what it finds that types do not (agent §18)."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve

from canaries import canary, shown
from secretsync.errors import InvalidInput
from secretsync_agent.config import load
from secretsync_agent.settings import Arguments, Settings
from secretsync_agent.validation import validate

START = """
kms: {address: https://kms.example}
auth: {type: universal-auth, config: {client-id: id}}
sinks: [{type: file, config: {path: /run/token, permission: "0600"}}]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(templates: str) -> Settings:
    Path("agent-config.yaml").write_text(START + templates)
    return load(Arguments(), {"KMS_UNIVERSAL_CLIENT_SECRET": canary()})


def test_what_a_configuration_means_is_shown_without_a_value(folder):
    (folder / "id").write_text(canary())
    (folder / "a.tmpl").write_text('{{ secret "p" "dev" "/" }}')
    lines = validate(
        told("""
templates:
  - {source-path: a.tmpl, destination-path: /run/a, config: {execute: {command: run c4n4ry}, permission: 640}}
  - {source-path: later.tmpl, destination-path: /run/b, config: {polling-interval: 1h}}
  - {template-content: "{{ now }}c4n4ry", destination-path: /run/c, config: {execute: {command: x}, run-on-first-render: true}}
""")
    )
    assert lines == (
        "address: https://kms.example",
        "login: universal-auth",
        f"  client-id: file {folder}/id",
        "  client-secret: variable KMS_UNIVERSAL_CLIENT_SECRET",
        "sink: /run/token, mode 0600",
        f"template 1: file {folder}/a.tmpl -> /run/a, mode 0640",
        "  every 300 s; a command runs when it changes, but not the first time",
        f"template 2: file {folder}/later.tmpl (not there yet) -> /run/b",
        "  every 3600 s",
        "template 3: text in the configuration -> /run/c",
        "  every 300 s; a command runs when it changes, the first time too",
    )
    assert not shown("\n".join(lines))


def test_what_a_program_means_is_shown_without_its_command():
    lines = validate(
        told("""
templates: []
exec:
  command: [c4n4ry, --flag]
  reload-signal: SIGHUP
  environment: {PASSWORD: {template-content: "{{ now }}c4n4ry", config: {polling-interval: 60s}}}
""")
    )
    assert lines[5:] == (
        "program: started when everything is there; when files change, told by SIGHUP",
        "  PASSWORD: text in the configuration, every 60 s; when it changes, started anew",
        "  ended by SIGTERM, killed 30 s later",
    )
    assert not shown("\n".join(lines))
    (line,) = validate(told("exec: {command: app, restart-on-change: false}"))[5:-1]
    assert line == "program: started when everything is there; when files change, not told"
    assert validate(evolve(told("exec: {command: app}"), exit_after_auth=True))[5:] == (
        "program: not started, because everything is written once only",
    )


def test_every_template_that_is_none_is_told(folder):
    (folder / "no.tmpl").write_bytes(b"\xff")
    settings = told("""
templates:
  - {source-path: no.tmpl, destination-path: a}
  - {template-content: "{{ nosuch }}", destination-path: b}
  - {template-content: "{{ if }}", destination-path: c}
  - {template-content: "[[ 1 ]]{{", destination-path: d, config: {left-delimiter: "[[", right-delimiter: "]]"}}
exec: {command: app, environment: {A: {template-content: "{{ nosuch }}"}}}
""")
    with pytest.raises(InvalidInput) as caught:
        validate(settings)
    assert caught.value.problems == (
        f"{folder}/no.tmpl: cannot be read: it is not UTF-8 text",
        'template: templates[1]:1: function "nosuch" not defined; did you mean "nospace"?',
        "template: templates[2]:1: missing value for if",
        'template: exec.environment.A:1: function "nosuch" not defined; did you mean "nospace"?',
    )
