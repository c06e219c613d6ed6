"""Commands as real processes: shells, groups, time-outs, what they inherit (agent §7)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from secretsync_agent.commands import Commands
from secretsync_agent.settings import TOGETHER, Command
from stand import alive, eventually

PATIENCE = 30.0
LATER = 5.0
"""Seconds in which a shell has begun, on a busy machine too."""


@contextmanager
def commands(
    shell: str = "sh",
    environ: Mapping[str, str] = os.environ,
    pause: Callable[[float], object] = lambda seconds: None,
    *,
    grace: float = 0.5,
) -> Iterator[Commands]:
    running = Commands(shell, environ, frozenset({"KMS_UNIVERSAL_AUTH_CLIENT_ID"}), grace=grace, pause=pause)
    yield running
    running.join(PATIENCE)


@pytest.mark.row("agent-43")
def test_a_command_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with commands() as running:
        running.run(Command("exit 7"))
    assert caplog.records[-1].getMessage() == "unable to execute command because it exited with status 7"


@pytest.mark.row("agent-43")
@pytest.mark.parametrize("trap", ["", "trap '' TERM; "])
def test_a_time_out_ends_the_whole_group(tmp_path: Path, caplog: pytest.LogCaptureFixture, trap: str) -> None:
    pids = tmp_path / "pids"
    grandchild = f"sh -c '{trap}echo $$ >> {pids}; while :; do sleep 0.1; done'".replace("''", '""')
    with commands() as running:
        running.run(Command(f"echo $$ >> {pids}; {grandchild} & wait", timeout=LATER))
        eventually(lambda: pids.exists() and len(pids.read_text().split()) == 2)
        shell, grand = map(int, pids.read_text().split())
        running.join(PATIENCE)
        eventually(lambda: not alive(shell) and not alive(grand))
    assert f"timed out after {LATER:g} s" in caplog.records[-1].getMessage()


@pytest.mark.row("agent-43")
def test_a_group_is_asked_to_end_before_it_is_ended(tmp_path: Path) -> None:
    began, asked = tmp_path / "began", tmp_path / "asked"
    (tmp_path / "inner").write_text(f"trap 'touch {asked}; exit' TERM; touch {began}; while :; do sleep 0.05; done")
    with commands(grace=PATIENCE) as running:
        running.run(Command(f"sh {tmp_path}/inner & wait", timeout=LATER))
        eventually(began.exists)
        eventually(asked.exists)


@pytest.mark.row("agent-44")
@pytest.mark.parametrize("shell", ["/bin/bash", "sh"])
def test_a_line_goes_to_the_shell(tmp_path: Path, shell: str) -> None:
    with commands(shell) as running:
        running.run(Command(f"echo $0 > {tmp_path}/shell"))
    assert (tmp_path / "shell").read_text() == f"{shell}\n"


def test_a_list_needs_no_shell(tmp_path: Path) -> None:
    with commands("no-shell") as running:
        running.run(Command(("cp", "/dev/null", f"{tmp_path}/a b $HOME")))
    assert (tmp_path / "a b $HOME").exists()


def test_a_program_that_is_not_there_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with commands() as running:
        running.run(Command(("/no/such/program",)))
    assert caplog.records[-1].getMessage() == (
        "unable to execute command because /no/such/program: No such file or directory"
    )


@pytest.mark.row("agent-45")
@pytest.mark.parametrize("inherits", [True, False])
def test_what_a_command_inherits(tmp_path: Path, *, inherits: bool) -> None:
    environ = {"PATH": os.defpath, "KMS_UNIVERSAL_AUTH_CLIENT_ID": "me", "OTHER": "x"}
    with commands("sh", environ) as running:
        running.run(Command(f"env > {tmp_path}/env", inherit_credentials=inherits))
    told = (tmp_path / "env").read_text()
    assert "OTHER=x" in told
    assert ("KMS_UNIVERSAL_AUTH_CLIENT_ID=me" in told) is inherits


def test_equal_commands_of_one_pass_run_once(tmp_path: Path) -> None:
    paused, passed = list[float](), Event()

    def pause(seconds: float) -> None:
        paused.append(seconds)
        passed.wait(PATIENCE)

    with commands(pause=pause) as running:
        for _ in range(5):
            running.run(Command(f"echo >> {tmp_path}/runs"))
        passed.set()
    assert paused == [TOGETHER]
    assert (tmp_path / "runs").read_text() == "\n"


def test_what_comes_while_it_runs_runs_once_more(tmp_path: Path) -> None:
    command = Command(f"echo >> {tmp_path}/runs; while ! [ -e {tmp_path}/go ]; do sleep 0.05; done")
    with commands() as running:
        running.run(command)
        eventually((tmp_path / "runs").exists)
        for _ in range(3):
            running.run(command)
        (tmp_path / "go").touch()
    assert (tmp_path / "runs").read_text() == "\n\n"


def test_a_command_reads_nothing(tmp_path: Path) -> None:
    with commands() as running:
        running.run(Command(f"cat > {tmp_path}/read; echo end >> {tmp_path}/read"))
    assert (tmp_path / "read").read_text() == "end\n"
