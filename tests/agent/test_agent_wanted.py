"""What the program of `exec:` is to run with, and since when, in virtual time (agent §18)."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents import PROJECT, SEED_TEMPLATE, AgentLine
from secretsync.devserver.faults import Fault
from secretsync.values import SecretValue
from secretsync_agent.settings import Program, Template
from secretsync_agent.supervisor import Wanted

AB = {"/": {"A": "1", "B": "2"}}


def test_a_program_is_wanted_once_everything_has_been_right_and_by_what_it_runs_with(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        program = Program("app")
        variables = {"LATE": Template(0, "", source=line.path("late.tmpl"), interval=60.0)}
        line.start(sinks=[line.sink()], templates=[line.template()], program=program, variables=variables)
        assert line.read("app.env") == "\nA=1\nB=2"
        assert line.read("token")
        assert line.agent.wanted() is None
        line.write("late.tmpl", "here")
        line.run(60.0)
        there = line.agent.wanted()
        assert there == Wanted(program, {"LATE": SecretValue("here")}, 1)
        line.kms.faults.add(Fault("list", status=500))
        line.put(A="2")
        line.run(600.0)
        assert line.agent.wanted() == there
        line.kms.faults.clear()
        line.run(60.0)
        changed = line.agent.wanted()
        assert changed
        assert changed.files == 2
        line.run(10_000.0)
        assert line.agent.wanted() == changed


def test_what_a_program_runs_with_changes_with_the_configuration(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        same, gone = (Template(0, "", text=text) for text in ("1", "2"))
        line.start(program=Program("app"), variables={"SAME": same, "GONE": gone})
        missing = Template(0, "", source=line.path("missing"), interval=60.0)
        line.agent.apply(line.settings(program=Program("other"), variables={"SAME": same, "NEW": missing}))
        line.run(60.0)
        assert line.agent.wanted() is None
        line.write("missing", "3")
        line.run(60.0)
        assert line.agent.wanted() == Wanted(Program("other"), {"SAME": SecretValue("1"), "NEW": SecretValue("3")})
        line.agent.apply(line.settings(variables={"GONE": gone}))
        line.run(1.0)
        assert line.agent.wanted() == Wanted(None, {"GONE": SecretValue("2")})


def test_a_list_that_shrinks_keeps_a_variable_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with AgentLine(tmp_path, AB) as line:
        wanted = Template(0, "", text=SEED_TEMPLATE, interval=60.0)
        line.start(program=Program("app"), variables={"ALL": wanted})
        line.kms.model.delete(PROJECT.slug, "dev", "/", ["A", "B"])
        line.run(600.0)
        told = line.agent.wanted()
        assert told
        assert told.variables == {"ALL": SecretValue("\nA=1\nB=2")}
        assert any("[variable=ALL]" in one.getMessage() for one in caplog.records if one.levelname == "WARNING")
