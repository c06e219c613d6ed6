"""The functions of templates that ask (agent §8.1), in virtual time over real HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents import PROJECT, AgentLine
from secretsync.values import Document, Row, SecretValue
from secretsync_agent.functions import merged

A = {"/": {"A": "1"}, "/deep": {"B": "2"}, "/deep/er": {"C": "3"}}


def rendered(line: AgentLine, text: str) -> str | None:
    """Return what a template makes, with P for the project's id, or None if it fails."""
    line.start(templates=[line.template(text.replace("`P`", f"`{PROJECT.id}`"))])
    return line.read("app.env")


LIST = "{{ range %s }}{{ .SecretPath }}:{{ .Key }}={{ .Value }} {{ end }}"


@pytest.mark.row("agent-48")
def test_a_modifier_says_how_a_list_is_asked_for(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A) as line:
        call = 'secret `P` `dev` `/deep` `{"recursive": true, "expandSecretReferences": false}`'
        assert rendered(line, LIST.replace("%s", call)) == "/deep:B=2 /deep/er:C=3 "
        asked = line.sent[-1].request.params
        assert asked["recursive"] == "true"
        assert asked["expandSecretReferences"] == "false"
        assert asked["includeImports"] == "true"


@pytest.mark.row("agent-48")
@pytest.mark.parametrize("modifier", ["{bad", "[]", '{"recursive": "yes"}', '{"expandSecretReferences": 1}'])
def test_a_modifier_that_is_none(tmp_path: Path, caplog: pytest.LogCaptureFixture, modifier: str) -> None:
    with AgentLine(tmp_path, A) as line:
        assert rendered(line, "{{ secret `P` `dev` `/` `%s` }}".replace("%s", modifier)) is None
        assert "error calling secret" in caplog.text
        assert line.asked("secrets") == []


@pytest.mark.row("agent-48")
def test_unknown_keys_of_a_modifier_are_passed_over(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A) as line:
        assert rendered(line, LIST.replace("%s", 'secret `P` `dev` `/` `{"x": 1}` `{bad`')) == "/:A=1 "


@pytest.mark.row("agent-49")
def test_own_secrets_win_and_of_imports_the_last() -> None:
    rows = [("A", "own", 0), ("A", "x", 1), ("B", "y", 1), ("B", "z", 2)]
    document = Document(tuple(Row(key, SecretValue(value), block=block) for key, value, block in rows))
    assert [(row.key, row.value.text()) for row in merged(document)] == [("A", "own"), ("B", "z")]


@pytest.mark.row("agent-51")
@pytest.mark.parametrize("call", ["listSecrets `P` `dev` `/`", f"listSecretsByProjectSlug `{PROJECT.slug}` `dev` ``"])
def test_the_other_names_of_a_list(tmp_path: Path, call: str) -> None:
    with AgentLine(tmp_path, A) as line:
        assert rendered(line, LIST.replace("%s", call)) == "/:A=1 "


def test_a_projects_id_is_looked_up_once_in_five_minutes(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A) as line:
        rendered(line, LIST.replace("%s", f"listSecretsByProjectSlug `{PROJECT.slug}` `dev` `/`"))
        line.run(290.0)
        assert len(line.times("secrets")) >= 5
        assert len(line.times(PROJECT.slug)) <= 2


@pytest.mark.row("agent-47")
def test_every_field_of_a_secret(tmp_path: Path) -> None:
    fields = "{{ .Key }} {{ .WorkspaceId }} {{ .Value }} {{ .Type }} {{ .ID }} {{ .SecretPath }} {{ len .Tags }} {{ .Comment }} {{ .Etag }} {{ .SkipMultilineEncoding }}"
    with AgentLine(tmp_path, A) as line:
        one, listed = (
            rendered(line, template)
            for template in (
                "{{ with getSecretByName `P` `dev` `/` `A` }}" + fields + "{{ end }}",
                "{{ range secret `P` `dev` `/` }}" + fields + "{{ end }}",
            )
        )
        assert one == listed
        assert one is not None
        words = one.split(" ")
        assert words[:4] == ["A", PROJECT.id, "1", "shared"]
        assert words[4]
        assert words[5:] == ["/", "0", "", "", "false"]


@pytest.mark.row("agent-47")
def test_a_secret_as_json_has_the_originals_keys(tmp_path: Path) -> None:
    with AgentLine(tmp_path, A) as line:
        told = rendered(line, "{{ getSecretByName `P` `dev` `/` `A` | toJson }}")
        assert told is not None
        keys = [part.split(":")[0].strip('{"') for part in told.split(",")]
        assert keys == [
            "key",
            "workspace",
            "value",
            "type",
            "_id",
            "secretPath",
            "tags",
            "comment",
            "Etag",
            "skipMultilineEncoding",
        ]


def test_a_chain_of_questions_is_asked_in_few_rounds(tmp_path: Path) -> None:
    text = "{{ range secret `P` `dev` `/` }}{{ end }}{{ range secret `P` `dev` `/deep` }}{{ end }}{{ (getSecretByName `P` `dev` `/` `A`).Value }}"
    with AgentLine(tmp_path, A) as line:
        assert rendered(line, text) == "1"
        assert len({one.at for one in line.sent if "secrets" in one.path}) == 1
