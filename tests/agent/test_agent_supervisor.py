"""When the program of `exec:` begins, hears of changes and ends, step by step in a time of its own (agent §18)."""

from __future__ import annotations

from collections.abc import Mapping
from signal import SIGHUP, SIGKILL, SIGQUIT, SIGTERM, SIGUSR1

import pytest
from attrs import define, evolve, field

from secretsync.clock import FOREVER
from secretsync.values import SecretValue
from secretsync_agent.settings import TOGETHER, Program
from secretsync_agent.supervisor import Supervisor, Wanted

PROGRAM = Program("app", kill_timeout=10.0, splay=4.0)
RELOADS = evolve(PROGRAM, reload_signal=SIGHUP)


@define
class Fake:
    """A program that ends when the test says so."""

    variables: Mapping[str, SecretValue]
    signals: list[int] = field(factory=list)
    code: int | None = None
    left: bool = False

    def poll(self) -> int | None:
        return self.code

    def remains(self) -> bool:
        return self.left

    def signal(self, number: int) -> None:
        self.signals.append(number)

    def kill(self) -> None:
        self.signals.append(SIGKILL)


class Line:
    """A supervisor and the programs it started, with chance that always says a half."""

    def __init__(self) -> None:
        self.started: list[Fake] = []
        self.broken = False
        self.supervisor = Supervisor(self._start, lambda: 0.5)

    def _start(self, program: Program, variables: Mapping[str, SecretValue]) -> Fake:
        if self.broken:
            raise FileNotFoundError(2, "No such file or directory")
        self.started.append(Fake(variables))
        return self.started[-1]

    def step(self, wanted: Wanted | None, now: float = 0.0) -> int | None:
        return self.supervisor.step(wanted, now)

    @property
    def signals(self) -> list[list[int]]:
        return [one.signals for one in self.started]


def wanted(program: Program | None = PROGRAM, files: int = 0, **variables: str) -> Wanted:
    return Wanted(program, {name: SecretValue(value) for name, value in variables.items()}, files)


@pytest.fixture
def line() -> Line:
    return Line()


def test_nothing_begins_before_everything_is_there_or_without_a_program(line: Line) -> None:
    assert line.step(None) is None
    assert line.step(wanted(None)) is None
    assert not line.started
    assert line.step(wanted(A="1")) is None
    assert [one.variables for one in line.started] == [{"A": SecretValue("1")}]
    line.step(None)
    line.step(wanted(A="1"))
    assert line.signals == [[]]
    assert line.supervisor.wake_at == FOREVER


def test_changes_that_come_together_are_one_and_wait_for_the_splay(line: Line) -> None:
    line.step(wanted())
    line.step(wanted(files=1), 100.0)
    due = 100.0 + TOGETHER + 2.0
    assert line.supervisor.wake_at == due
    line.step(wanted(files=2, A="1"), due - 0.01)
    assert line.signals == [[]]
    line.step(None, due)
    assert line.signals == [[SIGTERM]]
    assert line.supervisor.wake_at == due + 10.0
    line.started[0].code = 143
    assert line.step(None, due + 1.0) is None
    assert [one.variables for one in line.started] == [{}, {"A": SecretValue("1")}]
    assert line.supervisor.wake_at == FOREVER


def test_a_change_that_is_taken_back_in_time_is_none(line: Line) -> None:
    line.step(wanted(A="1"))
    line.step(wanted(A="2"), 1.0)
    line.step(wanted(A="1"), 2.0)
    assert line.supervisor.wake_at == FOREVER
    line.step(wanted(A="1"), 100.0)
    assert line.signals == [[]]


@pytest.mark.parametrize(
    ("program", "files", "variables", "signals"),
    [
        (PROGRAM, 1, {}, [SIGTERM]),
        (PROGRAM, 0, {"A": "2"}, [SIGTERM]),
        (RELOADS, 1, {}, [SIGHUP]),
        (RELOADS, 0, {"A": "2"}, [SIGTERM]),
        (RELOADS, 1, {"A": "2"}, [SIGTERM]),
        (evolve(RELOADS, restarts=False), 1, {"A": "2"}, [SIGHUP]),
        (evolve(RELOADS, restarts=False), 0, {"A": "2"}, []),
        (evolve(PROGRAM, restarts=False), 1, {"A": "2"}, []),
        (evolve(PROGRAM, kill_signal=SIGQUIT), 1, {}, [SIGQUIT]),
    ],
)
def test_how_it_hears_of_a_change(
    line: Line, program: Program, files: int, variables: dict[str, str], signals: list[int]
) -> None:
    line.step(wanted(program, A="1"))
    for now in (1.0, 10.0, 11.0, 19.0):
        line.step(wanted(program, files, **{"A": "1", **variables}), now)
    assert line.signals == [signals]


@pytest.mark.parametrize("other", [evolve(PROGRAM, line="other", restarts=False), None])
def test_another_program_takes_its_place_whatever_it_says_of_changes(line: Line, other: Program | None) -> None:
    line.step(wanted(evolve(PROGRAM, restarts=False)))
    line.step(wanted(other), 1.0)
    line.step(wanted(other), 10.0)
    assert line.signals == [[SIGTERM]]
    line.started[0].code = 0
    assert line.step(wanted(other), 11.0) is None
    assert len(line.started) == (2 if other else 1)


def test_one_that_does_not_end_in_its_time_is_killed_once(line: Line) -> None:
    line.step(wanted())
    line.supervisor.stop(5.0)
    line.step(None, 14.9)
    assert line.signals == [[SIGTERM]]
    line.step(None, 15.0)
    line.step(None, 16.0)
    assert line.signals == [[SIGTERM, SIGKILL]]
    line.started[0].code = 137
    assert line.step(None, 17.0) == 137


def test_what_it_has_started_has_as_much_time_as_itself(line: Line) -> None:
    line.step(wanted())
    line.supervisor.stop(5.0)
    line.started[0].code, line.started[0].left = 143, True
    assert line.step(None, 5.0) is None
    assert line.supervisor.wake_at < 5.1
    assert line.step(None, 14.9) is None
    assert line.signals == [[SIGTERM]]
    line.started[0].left = False
    assert line.step(None, 14.95) == 143


def test_what_it_leaves_behind_is_asked_to_end_and_then_killed(line: Line) -> None:
    line.step(wanted())
    line.started[0].code, line.started[0].left = 3, True
    assert line.step(None, 100.0) is None
    assert line.signals == [[SIGTERM]]
    line.supervisor.stop(105.0)
    assert line.step(None, 109.9) is None
    assert line.step(None, 110.0) == 3
    assert line.signals == [[SIGTERM, SIGKILL]]


def test_a_stop_during_a_restart_gives_no_more_time_and_starts_nothing(line: Line) -> None:
    line.step(wanted())
    line.step(wanted(files=1), 0.0)
    line.step(wanted(files=1), 10.0)
    line.supervisor.stop(19.0)
    assert line.supervisor.wake_at == 20.0
    assert line.signals == [[SIGTERM]]
    line.started[0].code = 3
    assert line.step(wanted(files=2), 19.5) == 3
    assert len(line.started) == 1


def test_a_stop_without_a_program_is_the_end(line: Line) -> None:
    line.supervisor.stop(0.0)
    assert line.step(wanted()) == 0
    assert not line.started


def test_one_that_ends_by_itself_ends_the_agent_whatever_has_changed(line: Line) -> None:
    line.step(wanted())
    line.step(wanted(files=1), 1.0)
    line.started[0].code = 0
    assert line.step(wanted(files=1), 10.0) == 0
    assert len(line.started) == 1


def test_one_that_cannot_be_started_ends_the_agent(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    line.broken = True
    assert line.step(wanted()) == 1
    assert caplog.records[-1].getMessage() == "unable to start the program of exec because No such file or directory"


def test_signals_go_to_who_is_there(line: Line) -> None:
    line.supervisor.forward(SIGUSR1)
    line.supervisor.kill()
    line.step(wanted())
    line.supervisor.forward(SIGUSR1)
    line.supervisor.kill()
    assert line.signals == [[SIGUSR1, SIGKILL]]
