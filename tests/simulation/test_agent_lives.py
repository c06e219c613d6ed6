"""Lives of agents in virtual time, with everything going wrong that does: no invariant may ever break."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import hits
from secretsync.testing.simulation.deeds import Deed
from secretsync.testing.simulation.shrink import shrink
from secretsync_agent.testing.simulation.scenario import Loan, Page, Scenario, value
from secretsync_agent.testing.simulation.shrink import Case, tell
from secretsync_agent.testing.simulation.simulation import FIRST, Simulation, length, plan

STORMS = 2
MINUTE = Loan("db", "1m")
_LIFE = """
import sys
from secretsync_agent.testing.simulation.simulation import Simulation

result = Simulation(int(sys.argv[1]), hours=2.0).run()
print(result.digest, *result.story, sep="\\n")
"""


@pytest.mark.parametrize("seed", range(12))
def test_no_storm_breaks_an_invariant(seed: int, request: pytest.FixtureRequest) -> None:
    result = Simulation(seed, hours=length(STORMS)).run()
    told = (
        request.node.user_properties
    )  # not by `record_property`, which refuses the report that mutants are tried with
    hits.record(result.hits, lambda name, value: told.append((name, value)), of="agents")
    assert result.violation is None, "\n".join(result.story[-60:])


# -- clocks that are wrong


def minutely(*, wrong: float = 0.0, cache: bool = True) -> Scenario:
    """Return a scenario of two files that are lent the same for a minute each time."""
    pages = tuple(Page(n, 60.0, loans=(MINUTE,)) for n in (1, 2))
    return Scenario(pages, {"/": {"A": value("/", "A")}}, cache=cache, wrong=wrong)


@pytest.mark.row("agent-56")
@pytest.mark.parametrize("wrong", [-300.0, 0.0, 300.0])
def test_a_wall_clock_that_is_wrong_makes_no_lease_too_many(wrong: float) -> None:
    life = Simulation(1, hours=1.0, scenario=minutely(wrong=wrong), deeds=())
    assert life.run().violation is None
    assert 60 <= len(life.stage.ledger.leases) <= 90


@pytest.mark.row("agent-56")
@pytest.mark.parametrize("how", [0.0, 0.9])
def test_a_kms_whose_date_is_wrong_makes_a_lease_in_5_s_at_most(how: float) -> None:
    deed = Deed(FIRST, "kms wrong date", seconds=600.0, how=how)
    life = Simulation(1, hours=length(1), scenario=minutely(), deeds=[deed])
    assert life.run().violation is None
    made = [lease.made_at for lease in life.stage.ledger.leases.values() if FIRST <= lease.made_at < FIRST + 600.0]
    assert len(made) <= 600 / 5 + 1


# -- deeds that must hit one moment


def test_no_lease_is_made_for_a_template_that_fails() -> None:
    page = Page(1, 60.0, loans=(MINUTE,), needed=("A",))
    scenario = Scenario((page,), {"/": {"A": value("/", "A")}}, cache=False)
    deeds = [Deed(FIRST, "people delete a secret", seconds=400.0), Deed(FIRST + 5.0, "process killed")]
    life = Simulation(1, hours=length(1), scenario=scenario, deeds=deeds)
    assert life.run().violation is None
    assert not [one for one in life.stage.ledger.leases.values() if FIRST + 5.0 < one.made_at < FIRST + 400.0]


@pytest.mark.parametrize("step", ["begun", "filled", "named"])
def test_who_is_killed_as_it_writes_leaves_a_whole_file(step: str) -> None:
    keys = {f"KEY_{n}": value("/folder", f"KEY_{n}") for n in range(5)}
    scenario = Scenario((Page(1, 60.0, folders=("/folder",)),), {"/folder": keys, "/": {}})
    deeds = [
        Deed(FIRST, "people remove a value", seconds=300.0, whom=0.3),
        Deed(FIRST, "process killed", when=f"file {step}", until=FIRST + 300.0),
    ]
    result = Simulation(1, hours=length(1), scenario=scenario, deeds=deeds).run()
    assert result.violation is None
    assert result.hits["process killed", f"file {step}"] == 1


@pytest.mark.parametrize("phase", ["starting", "renewal", "check", "looking a lease up"])
def test_a_deed_hits_what_happens_once_at_a_time(phase: str) -> None:
    deeds = [
        Deed(FIRST, "process killed", when=phase, until=FIRST + 300.0),
        Deed(FIRST + 1.0, "process killed"),
    ]
    page = Page(1, 60.0, folders=("/folder",), loans=(MINUTE,))
    scenario = Scenario((page,), {"/folder": {"A": value("/folder", "A")}, "/": {}})
    result = Simulation(1, hours=length(1), scenario=scenario, deeds=deeds).run()
    assert result.violation is None
    assert result.hits["process killed", phase] == 1


def test_what_broke_is_told_though_the_agent_is_killed_amid_a_write(monkeypatch: pytest.MonkeyPatch) -> None:
    from secretsync.backends.kms.lease_files import LeaseFiles

    monkeypatch.setattr(LeaseFiles, "keep", lambda self, query, kept: None)
    page = Page(1, 60.0, folders=("/folder",), loans=(Loan("db", "1h"),))
    scenario = Scenario((page,), {"/folder": {"A": value("/folder", "A")}, "/": {}})
    deeds = [
        Deed(FIRST, "people change a value"),
        Deed(FIRST, "process killed", when="file named", until=FIRST + 300.0),
    ]
    result = Simulation(1, hours=length(1), scenario=scenario, deeds=deeds).run()
    assert str(result.violation).startswith("nothing forgotten")
    assert result.hits["process killed", "file named"] == 1


# -- the same again


def living(seed: int, hash_seed: str) -> subprocess.Popen[str]:
    """Begin a life in a fresh process, in which sets of texts have an order of their own."""
    env = {**os.environ, "PYTHONHASHSEED": hash_seed}
    return subprocess.Popen([sys.executable, "-c", _LIFE, str(seed)], env=env, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("seed", [3, 7])
def test_a_seed_tells_one_story_in_every_process(seed: int) -> None:
    with living(seed, "1") as one, living(seed, "2") as other:
        told, told_again = one.communicate()[0].splitlines(), other.communicate()[0].splitlines()
    assert (one.returncode, other.returncode) == (0, 0)
    parted = next((pair for pair in zip(told, told_again, strict=False) if pair[0] != pair[1]), None)
    assert parted is None
    assert len(told) == len(told_again) > 20


# -- the small life behind a violation


def test_a_life_in_which_something_broke_becomes_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from secretsync.backends.kms.lease_files import LeaseFiles

    monkeypatch.setattr(LeaseFiles, "find", lambda self, query: None)
    case, result = first_broken("nothing forgotten")
    shrunk = shrink(case, result)
    kinds = {plan(case.seed, shrunk.case.hours)[n].kind for n in shrunk.case.done}
    assert "process killed" in kinds or "process stopped" in kinds
    assert len(shrunk.case.done) <= 3
    assert len(shrunk.case.there) == 1
    again = shrunk.case.live()
    assert (again.digest, str(again.violation)) == (shrunk.result.digest, str(shrunk.violation))
    story = tell(shrunk)
    assert story[-1] == f"  Play it again: {shrunk.case.command}"
    assert any("VIOLATED" in line for line in story)


def first_broken(invariant: str) -> tuple[Case, object]:
    for seed in range(40):
        case = Case(seed, length(1))
        result = case.live()
        if result.violation and result.violation.invariant == invariant:
            return case, result
    raise AssertionError("no seed breaks it")
