"""The program of `exec:` as its users meet it: real processes, from the first file to the last signal (agent §18)."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from agents import PROJECT, AgentStand, Running, template
from canaries import canary, shown
from secretsync.devserver.faults import Fault
from stand import alive, eventually

AB = {"/": {"A": "1", "B": "2"}}
A = f'{{{{ (getSecretByName "{PROJECT.id}" "dev" "/" "A").Value }}}}'

PROGRAM = """\
import json, os, signal, sys, time

def tell(**facts):
    line = json.dumps({"pid": os.getpid(), **facts}) + "\\n"
    os.write(log, line.encode())

log = os.open("told", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
word = sys.argv[1] if len(sys.argv) > 1 else ""
for name in ("SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH"):
    signal.signal(getattr(signal, name), lambda number, _: tell(signal=signal.Signals(number).name))
def end(number, _):
    tell(ended=signal.Signals(number).name)
    if word != "stays":
        os._exit(5)
for name in ("SIGTERM", "SIGINT", "SIGQUIT"):
    signal.signal(getattr(signal, name), end)
seen = open("app.env").read() if os.path.exists("app.env") else None
tell(began=word, file=seen, environ=dict(os.environ), input=sys.stdin.read())
while word != "ends":
    signal.pause()
os._exit(7)
"""
"""Tells in a file what it sees, and ends with 5 when it is asked to."""


class Told:
    """What programs have told, as long as they ran in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "program.py").write_text(PROGRAM)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "program.py", *words]

    def all(self) -> list[dict[str, Any]]:
        path = self.folder / "told"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def of(self, word: str) -> list[dict[str, Any]]:
        return [one for one in self.all() if word in one]

    def next(self, word: str, count: int = 1) -> dict[str, Any]:
        """Return the so-many-th that was told of, waiting for it."""
        return eventually(lambda: self.of(word)[count - 1 : count], timeout=60.0)[0]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path)


def started(stand: AgentStand, command: object, *argv: str, **more: Any) -> Running:
    """Start an agent with a program; what is not for the stand is for `exec`."""
    told = {key: more.pop(key) for key in ("environ", "templates") if key in more}
    program = {"command": command, **{key.replace("_", "-"): value for key, value in more.items()}}
    return stand.agent(*argv, program=program, **{"templates": [template()], **told})


def test_it_starts_when_everything_is_there_and_not_before(tmp_path: Path, told: Told) -> None:
    with AgentStand(tmp_path, AB) as stand:
        late = template(path="late")
        late["source-path"] = "late.tmpl"
        agent = started(stand, told.command(), templates=[template(), late])
        agent.line("saved to path")
        agent.line("late.tmpl cannot be read")
        assert not told.all()
        stand.write("whole", "there")
        (tmp_path / "whole").rename(tmp_path / "late.tmpl")
        began = told.next("began")
        assert (began["file"], stand.read("late"), began["input"]) == ("\nA=1\nB=2", "there", "")
        assert agent.stop() == 5


def test_it_is_started_anew_when_a_file_changes_and_never_twice_at_once(tmp_path: Path, told: Told) -> None:
    with AgentStand(tmp_path, AB) as stand:
        agent = started(stand, told.command(), templates=[template(), template(path="two")])
        first = told.next("began")
        stand.put(A="3")
        second = told.next("began", 2)
        assert second["file"] == "\nA=3\nB=2"
        assert [min(one) for one in told.all()] == ["began", "ended", "began"]
        assert told.of("ended")[0]["ended"] == "SIGTERM"
        assert not alive(first["pid"])
        assert agent.stop() == 5


def test_it_is_told_of_changes_by_a_signal_where_one_is_named(tmp_path: Path, told: Told) -> None:
    with AgentStand(tmp_path, AB) as stand:
        agent = started(stand, told.command(), reload_signal="HUP", splay="100ms")
        told.next("began")
        stand.put(A="3")
        assert told.next("signal")["signal"] == "SIGHUP"
        assert stand.read("app.env") == "\nA=3\nB=2"
        assert agent.stop() == 5
        assert len(told.of("began")) == 1


def test_variables_come_from_templates_and_a_change_starts_it_anew(tmp_path: Path, told: Told) -> None:
    value, other = canary(), canary()
    with AgentStand(tmp_path, {"/": {"A": value}}) as stand:
        password = {"template-content": A, "config": {"polling-interval": "1000ms"}}
        agent = started(
            stand,
            told.command(),
            environment={"DB_PASSWORD": password, "PLAIN": {"template-content": "x"}},
            environ={"KMS_MACHINE_IDENTITY_ID": "me", "MINE": "1", "PLAIN": "mine"},
            reload_signal="SIGHUP",
        )
        environ = told.next("began")["environ"]
        assert (environ["DB_PASSWORD"], environ["PLAIN"], environ["MINE"]) == (value, "x", "1")
        assert "KMS_MACHINE_IDENTITY_ID" not in environ
        stand.put(A=other)
        assert told.next("began", 2)["environ"]["DB_PASSWORD"] == other
        pid = told.of("began")[1]["pid"]
        assert not shown(Path(f"/proc/{pid}/cmdline").read_text())
        assert not shown("".join(path.name for path in tmp_path.rglob("*")))
        assert agent.stop() == 5
    assert not shown("\n".join(agent.lines))


def test_a_failure_of_the_kms_takes_nothing_from_it(tmp_path: Path, told: Told) -> None:
    with AgentStand(tmp_path, AB) as stand:
        password = {"template-content": A, "config": {"polling-interval": "1000ms"}}
        agent = started(stand, told.command(), environment={"DB_PASSWORD": password})
        told.next("began")
        stand.kms.faults.add(Fault(status=500))
        agent.line("[variable=DB_PASSWORD]")
        stand.kms.faults.clear()
        stand.put(A="9")
        eventually(lambda: told.of("began")[-1]["environ"]["DB_PASSWORD"] == "9")
        assert {one["environ"]["DB_PASSWORD"] for one in told.of("began")} == {"1", "9"}
        assert agent.stop() == 5


@pytest.mark.parametrize(("command", "code"), [("ends", 7), ("kill -KILL $$", 137), (["no-such-program"], 1)])
def test_its_end_is_the_agents_with_its_exit_code(tmp_path: Path, told: Told, command: Any, code: int) -> None:
    with AgentStand(tmp_path, AB) as stand:
        agent = started(stand, told.command("ends") if command == "ends" else command)
        assert agent.wait() == code
        assert stand.read("app.env") == "\nA=1\nB=2"


@pytest.mark.row("agent-62")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_a_signal_to_the_agent_ends_it_first(tmp_path: Path, told: Told, number: signal.Signals) -> None:
    with AgentStand(tmp_path, AB) as stand:
        agent = started(stand, told.command(), kill_signal="SIGQUIT")
        pid = told.next("began")["pid"]
        agent.signal(number)
        assert agent.wait() == 5
        assert told.of("ended")[0]["ended"] == "SIGQUIT"
        assert not alive(pid)


def test_one_that_does_not_end_in_its_time_is_killed_with_all_it_has_started(tmp_path: Path, told: Told) -> None:
    with AgentStand(tmp_path, AB) as stand:
        grandchild = f"{sys.executable} program.py stays & {sys.executable} program.py stays & trap '' TERM; wait; wait"
        agent = started(stand, grandchild, kill_timeout="5s")  # for both to tell that they were asked
        pids = [told.next("began", n)["pid"] for n in (1, 2)]
        agent.signal(signal.SIGTERM)
        assert agent.wait() == 128 + signal.SIGKILL
        agent.line("did not end in time, so it is killed")
        eventually(lambda: not any(map(alive, pids)))


def test_what_a_shell_runs_has_the_time_that_the_shell_does_not_take(tmp_path: Path, told: Told) -> None:
    with AgentStand(tmp_path, AB) as stand:
        agent = started(stand, f"{sys.executable} program.py; true", kill_timeout="1h")
        told.next("began")
        agent.signal(signal.SIGTERM)
        assert agent.wait() == 128 + signal.SIGTERM
        assert told.of("ended")[0]["ended"] == "SIGTERM"


def test_credentials_are_revoked_when_nobody_uses_them_any_more(tmp_path: Path, told: Told) -> None:
    with AgentStand(tmp_path, AB) as stand:
        program = {"command": told.command("stays"), "kill-timeout": "1h"}
        agent = stand.agent(
            templates=[template()], sinks=["token"], program=program, revoke_credentials_on_shutdown=True
        )
        pid = told.next("began")["pid"]
        agent.signal(signal.SIGTERM)
        told.next("ended")
        assert not stand.kms.asked("revoke")
        os.kill(pid, signal.SIGKILL)
        assert agent.wait() == 128 + signal.SIGKILL
        assert [one.status for one in stand.kms.asked("revoke")] == [200]
        assert stand.read("token") == ""


def test_a_second_signal_waits_for_nobody(tmp_path: Path, told: Told) -> None:
    with AgentStand(tmp_path, AB) as stand:
        agent = started(stand, told.command("stays"), kill_timeout="1h")
        pid = told.next("began")["pid"]
        agent.signal(signal.SIGTERM)
        told.next("ended")
        agent.signal(signal.SIGTERM)
        assert agent.wait() == 130
        eventually(lambda: not alive(pid))


def test_signals_that_mean_nothing_to_the_agent_are_forwarded(tmp_path: Path, told: Told) -> None:
    with AgentStand(tmp_path, AB) as stand:
        agent = started(stand, told.command())
        told.next("began")
        for n, number in enumerate((signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH), 1):
            agent.signal(number)
            assert told.next("signal", n)["signal"] == number.name
        assert agent.stop() == 5


@pytest.mark.parametrize(("word", "timeout"), [("goes", "1h"), ("stays", "300ms")])
def test_killing_the_agent_leaves_nothing_behind(tmp_path: Path, told: Told, word: str, timeout: str) -> None:
    with AgentStand(tmp_path, AB) as stand:
        agent = started(stand, f"{sys.executable} program.py {word} & wait", kill_timeout=timeout)
        pid = told.next("began")["pid"]
        agent.signal(signal.SIGKILL)
        eventually(lambda: not alive(pid))
        assert agent.wait() == -signal.SIGKILL
        assert word == "stays" or told.of("ended")[0]["ended"] == "SIGTERM"
        eventually(lambda: not guards(tmp_path))


def guards(folder: Path) -> list[str]:
    """Return the ids of deadmen that wait for the end of an agent of this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if b"deadman.py" in (process / "cmdline").read_bytes() and (process / "cwd").readlink() == folder:
                found.append(process.name)
        except OSError:
            continue
    return found


@pytest.mark.row("agent-68")
def test_sighup_takes_over_another_program_and_other_variables(tmp_path: Path, told: Told) -> None:
    with AgentStand(tmp_path, AB) as stand:
        agent = started(stand, told.command(), environment={"GONE": {"template-content": "1"}})
        assert told.next("began")["environ"]["GONE"] == "1"
        document = stand.document(templates=[template()])
        program = {"command": told.command("anew"), "environment": {"NEW": {"template-content": "2"}}}
        stand.write("agent-config.yaml", json.dumps({**document, "exec": program}))
        agent.signal(signal.SIGHUP)
        second = told.next("began", 2)
        assert second["began"] == "anew"
        assert second["environ"]["NEW"] == "2"
        assert "GONE" not in second["environ"]
        stand.write("agent-config.yaml", json.dumps(document))
        agent.signal(signal.SIGHUP)
        told.next("ended", 2)
        agent.line("has ended")
        stand.put(A="5")
        eventually(lambda: stand.read("app.env") == "\nA=5\nB=2")
        assert agent.stop() == 0
        assert len(told.of("began")) == 2


@pytest.mark.parametrize("flag", ["--once", "--dry-run"])
def test_one_look_starts_no_program_and_finds_what_is_wrong_with_its_variables(
    tmp_path: Path, told: Told, flag: str
) -> None:
    with AgentStand(tmp_path, AB) as stand:
        environment = {"A": {"template-content": A}}
        agent = started(stand, told.command(), flag, environment=environment)
        assert agent.wait() == 0
        environment["A"] = {"template-content": A.replace('"A"', '"NONE"')}
        agent = started(stand, told.command(), flag, environment=environment)
        assert agent.wait() == 1
        agent.line("[variable=A]")
        assert not told.all()


@pytest.mark.parametrize(
    ("text", "why"), [('{{ "" | printf "a%cb" 0 }}', "NUL"), ("{{ repeat 120001 `x` }}", "too long for one")]
)
def test_what_no_variable_can_hold_is_told_and_nothing_starts(tmp_path: Path, told: Told, text: str, why: str) -> None:
    with AgentStand(tmp_path, AB) as stand:
        agent = started(stand, told.command(), environment={"A": {"template-content": text}})
        agent.line(why)
        assert agent.stop() == 0
        assert not told.all()
