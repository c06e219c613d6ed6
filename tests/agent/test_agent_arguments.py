"""The command line: ours, and every word that the KMS Agent took (agent §1)."""

from __future__ import annotations

import logging

import pytest

from secretsync.errors import InvalidInput
from secretsync_agent.arguments import parse
from secretsync_agent.settings import Arguments, Mode


def parsed(line: str, **environ: str) -> Arguments:
    found = parse(line.split(), environ)
    assert found is not None
    return found


def test_nothing_is_the_agent_with_its_defaults():
    assert parsed("") == parsed("agent") == Arguments()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("agent --config a.yaml", Arguments(config="a.yaml")),
        ("--config a.yaml agent", Arguments(config="a.yaml")),
        ("--config=a.yaml", Arguments(config="a.yaml")),
        ("validate --strict", Arguments(mode=Mode.VALIDATE, strict=True)),
        ("--once", Arguments(once=True)),
        ("--dry-run", Arguments(once=True, dry_run=True)),
        ("--once --timeout 3m", Arguments(once=True, timeout=180.0)),
        ("-l debug agent", Arguments(log_level=logging.DEBUG)),
        ("--log-level=WARN --log-format json --log-destination stdout",
         Arguments(log_level=logging.WARNING, log_format="json", log_destination="stdout")),
        ("--silent --telemetry=false agent --domain https://elsewhere", Arguments()),
        ("agent --silent=true", Arguments()),
    ],
)  # fmt: skip
def test_a_line_says(line, expected):
    assert parsed(line) == expected


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("trace", 5),
        ("err", logging.ERROR),
        ("error", logging.ERROR),
        ("fatal", logging.CRITICAL),
        ("loud", logging.INFO),
    ],
)
def test_levels_are_those_of_the_program_that_is_replaced(word, level):
    assert parsed(f"--log-level {word}").log_level == parsed("", LOG_LEVEL=word.upper()).log_level == level


def test_the_environment_speaks_where_the_line_is_silent():
    said = parsed("--log-format plain", LOG_FORMAT="json", LOG_DESTINATION="stdout", LOG_LEVEL="")
    assert (said.log_format, said.log_destination, said.log_level) == ("plain", "stdout", logging.INFO)
    assert parsed("", LOG_FORMAT="of another program").log_format == "console"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("--confg a", "--confg is no flag, did you mean --config?; secretsync-agent --help lists what there is"),
        ("--xyz=1", "--xyz is no flag; secretsync-agent --help"),
        ("agent now", "there is no such command"),
        ("secrets", "there is no such command; secretsync-agent --help lists what there is"),
        ("--config", "expected one argument"),
        ("--log-format xml", "invalid choice: 'xml'"),
        ("--timeout 5", '--timeout: "5" is no duration; write one such as 90s or 3m'),
        ("--silent=maybe", '--silent: "maybe" is no truth value; write true or false'),
    ],
)
def test_a_line_that_makes_no_sense_is_refused(line, problem):
    with pytest.raises(InvalidInput) as caught:
        parse(line.split(), {})
    assert problem in str(caught.value)


@pytest.mark.parametrize("line", ["--help", "-h", "agent --help", "validate -h"])
def test_help_is_shown(line, capsys):
    assert parse(line.split(), {}) is None
    said = capsys.readouterr().out
    assert said.startswith("usage: secretsync-agent")
    for word in ("--config", "--once", "--dry-run", "--strict", "validate", "Exit status"):
        assert word in said
    assert "--domain" not in said
