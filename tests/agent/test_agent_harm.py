"""What an agent must never do to files and programs, where no other test has a reason to say it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agents import AgentLine
from secretsync.devserver.faults import Fault
from secretsync.queries import Absent, Identity, Query
from secretsync_agent.settings import Command, Sink
from secretsync_agent.targets import TokenFile

AB = {"/": {"A": "1", "B": "2"}}


def test_without_a_token_a_sink_is_left_as_it_is() -> None:
    def nothing(query: Query[Any]) -> Absent:
        return Absent()

    sink = TokenFile(Sink("/run/token"), Identity("http://kms", "a method"))
    assert sink.desired(nothing) == ()  # type: ignore[arg-type]  # all of `Ask` that it uses


def test_an_outcome_without_a_write_runs_no_command(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        line.start(templates=[line.template(command=Command("reload"))])
        line.kms.faults.add(Fault("list", status=500))
        line.run(300.0)
        assert line.agent.reports.wrong
        line.kms.faults.clear()
        line.until(lambda: line.agent.reports.all_right)
        assert not line.commands
        assert line.agent.reports.changes == 1


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        line.write("app.env", "old")
        line.start(sinks=[line.sink()], templates=[line.template()], dry=True)
        assert line.read("app.env") == "old"
        assert line.read("token") is None
        line.agent.close()
        assert sorted(line.would) == [f"would change {tmp_path}/app.env", f"would create {tmp_path}/token"]
