"""Child processes as the agent starts them: what each is given, and that nothing of it stays behind (agent §18)."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from secretsync_agent.children import Line, Tethered
from stand import alive, eventually

ENDING = (signal.SIGTERM, 0.3)
STAYS = "import os, signal, sys; signal.signal(15, signal.SIG_IGN); open(sys.argv[1], 'w').write(str(os.getpid())); signal.pause()"
"""A program that writes down its number and minds no request to end."""

Start = Callable[..., Tethered]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start programs that are killed with the test."""
    started: list[Tethered] = []

    def begin(line: Line, **env: str) -> Tethered:
        variables = {b"PATH": os.defpath.encode()} | {os.fsencode(name): value.encode() for name, value in env.items()}
        started.append(Tethered.start(line, shell="sh", env=variables, ending=ENDING))
        return started[-1]

    yield begin
    for child in started:
        child.kill()
        eventually(lambda child=child: child.poll() is not None and not child.remains())


def code(child: Tethered) -> int:
    """Return the exit code of a program, once it ended."""
    eventually(lambda: child.poll() is not None and not child.remains())
    found = child.poll()
    assert found is not None
    return found


def pid(path: Path) -> int:
    """Return the number that a program has written down, once it did."""
    return int(eventually(lambda: path.exists() and path.read_text()))


def words(path: Path) -> tuple[str, ...]:
    return (sys.executable, "-c", STAYS, str(path))


@pytest.mark.parametrize(("line", "expected"), [("exit 7", 7), ("true", 0), ("kill -USR1 $$", 138)])
def test_its_exit_code_is_that_of_a_shell(start: Start, line: str, expected: int) -> None:
    child = start(line)
    assert code(child) == expected
    child.signal(signal.SIGTERM)
    child.kill()


def test_what_cannot_be_started_says_why_and_leaves_no_guard_behind(start: Start) -> None:
    with pytest.raises(FileNotFoundError):
        start(("/no/such/program",))


def test_it_gets_its_variables_and_nothing_else(start: Start, tmp_path: Path) -> None:
    odd = "a\nb=ü"
    child = start(f"tr '\\0' '\\n' < /proc/self/environ > {tmp_path}/environ; cat > {tmp_path}/input", ODD=odd)
    assert code(child) == 0
    assert {line.partition("=")[0] for line in (tmp_path / "environ").read_text().splitlines()} >= {"PATH", "ODD"}
    assert f"ODD={odd}\n" in (tmp_path / "environ").read_text()
    assert "HOME=" not in (tmp_path / "environ").read_text()
    assert (tmp_path / "input").read_text() == ""


def test_what_it_leaves_behind_can_be_ended(start: Start, tmp_path: Path) -> None:
    child = start(f"{shlex.join(words(tmp_path / 'pid'))} & while ! [ -s {tmp_path}/pid ]; do sleep 0.05; done; exit 3")
    assert eventually(child.poll) == 3
    assert child.remains()
    assert alive(pid(tmp_path / "pid"))
    child.signal(signal.SIGUSR1)
    assert code(child) == 3
    eventually(lambda: not alive(pid(tmp_path / "pid")))


def test_signals_of_a_line_go_to_all_that_it_runs_and_others_to_the_program_alone(start: Start, tmp_path: Path) -> None:
    for n, line in enumerate(
        [f"sh {tmp_path}/program & wait; wait", ("sh", "-c", f"sh {tmp_path}/program & wait; wait")]
    ):
        (tmp_path / "program").write_text(f"trap 'touch {tmp_path}/heard{n}; exit' USR1; touch {tmp_path}/ready{n}\n"
                                          "while :; do sleep 0.05; done")  # fmt: skip
        child = start(line)
        eventually((tmp_path / f"ready{n}").exists)
        child.signal(signal.SIGUSR1)
        assert eventually(child.poll) == 128 + signal.SIGUSR1
        if isinstance(line, str):
            eventually((tmp_path / "heard0").exists)
        else:
            assert child.remains()
            assert not (tmp_path / "heard1").exists()
            child.kill()
        assert code(child) == 128 + signal.SIGUSR1


@pytest.mark.parametrize("whole", [True, False])
def test_it_ends_though_nobody_is_left_to_end_it(start: Start, tmp_path: Path, *, whole: bool) -> None:
    argv = words(tmp_path / "pid")
    child = start(("sh", "-c", '"$@"; :', "sh", *argv) if whole else argv)
    running = pid(tmp_path / "pid")
    assert child._deadman.stdin
    child._deadman.stdin.close()  # as the end of the agent does
    eventually(lambda: not alive(running))
    assert code(child) in (128 + signal.SIGKILL, 128 + signal.SIGTERM)


def test_the_guard_goes_with_the_program(start: Start) -> None:
    child = start("true")
    guard = child._deadman.pid
    assert code(child) == 0
    assert not alive(guard)
