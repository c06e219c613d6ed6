"""Files follow the KMS: polls, changes, failures and what is kept (agent §7), in virtual time."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents import AgentLine
from secretsync_agent.settings import Command

AB = {"/": {"A": "1", "B": "2"}}
RELOAD = Command("reload")


@pytest.mark.row("agent-1")
def test_a_minimal_agent_writes_token_and_file(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        line.start(sinks=[line.sink()], templates=[line.template()])
        assert line.read("app.env") == "\nA=1\nB=2"
        assert line.asked() == [("login", 200), ("secrets", 200)]
        token = line.read("token")
        assert token
        assert token == token.strip()


@pytest.mark.row("agent-28")
def test_the_same_answers_write_nothing(tmp_path: Path) -> None:
    with AgentLine(tmp_path, AB) as line:
        line.start(templates=[line.template(command=RELOAD)])
        before = Path(line.path("app.env")).stat()
        line.run(300.0)
        after = Path(line.path("app.env")).stat()
        assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
        assert line.asked("secrets")[1:] == [("secrets", 304)] * 5
        assert not line.commands
