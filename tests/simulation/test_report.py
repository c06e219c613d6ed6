"""What is measured in lives in which one thing happens, and the words for it."""

from __future__ import annotations

from collections import Counter

import pytest
from attrs import evolve

from secretsync.testing.simulation.many import Life
from secretsync_k8s.testing.simulation.built import build
from secretsync_k8s.testing.simulation.grants import SLACK
from secretsync_k8s.testing.simulation.measure import API, Outage, Propagation, outage, propagation, quiet_day
from secretsync_k8s.testing.simulation.report import Measured, Report, text
from secretsync_k8s.testing.simulation.scenario import Login, Place, Scenario, manifest

ONE, OTHER = "https://one.example", "https://other.example"


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """Two objects on one server, one of them slow, one object on another; and one operator, which needs no Lease."""
    places = {"quick": (Place(ONE, "/quick"), 60), "slow": (Place(ONE, "/slow"), 600), "far": (Place(OTHER, "/"), 60)}
    objects = [
        manifest(name, "blue", place, interval=seconds, policy="Orphan") for name, (place, seconds) in places.items()
    ]
    return evolve(build(objects).scenario, operators=1)


def test_a_quiet_day_costs_a_check_an_interval_and_writes_nothing(scenario: Scenario) -> None:
    day = quiet_day(scenario)
    assert day[ONE]["list"] == pytest.approx(86_400 / 60 + 86_400 / 600, abs=5)
    assert day[OTHER]["list"] == pytest.approx(86_400 / 60, abs=5)
    assert day[ONE]["login"] < 24
    assert {name.split()[0] for name in day[API]} <= {"get", "list", "watch"}


def test_a_changed_value_is_there_within_the_interval(scenario: Scenario) -> None:
    quick, slow = propagation(scenario)
    assert (quick.interval, slow.interval) == (60.0, 600.0)
    assert (quick.changes, slow.changes) == (20, 10)
    for each in (quick, slow):
        assert 0.0 < each.median <= each.most <= each.longest <= each.interval + SLACK
    assert slow.longest > quick.longest


def test_an_outage_of_a_server_concerns_only_its_objects(scenario: Scenario) -> None:
    told = outage(scenario, ONE)
    assert told.affected == ("blue/quick", "blue/slow")
    assert told.changed == ()
    assert told.right_after is not None
    assert 0.0 < told.right_after <= 60 + SLACK
    assert told.normal[0] == pytest.approx(1.1, abs=0.2)
    assert told.after[0] == pytest.approx(1.1, abs=0.3)


def test_an_outage_of_the_api_server_keeps_everything_as_it_is(scenario: Scenario) -> None:
    told = outage(scenario, API)
    assert set(told.affected) == {"blue/quick", "blue/slow", "blue/far"}
    assert told.changed == ()
    assert told.right_after is not None
    assert told.right_after <= 600 + SLACK


def test_an_object_that_may_not_have_what_it_asks_for_is_none_that_an_outage_concerns(scenario: Scenario) -> None:
    refused = manifest("refused", "blue", Place(ONE, "/quick"), interval=60, policy="Orphan", credentials="common")
    place = {"namespaces": ("blue", "common"), "logins": (*scenario.logins, Login("common"))}
    told = outage(evolve(scenario, objects=(*scenario.objects, refused), cross_namespace="Deny", **place), ONE)
    assert told.affected == ("blue/quick", "blue/slow")
    assert told.right_after is not None


# -- words


def life(seed: int, violated: str = "") -> Life:
    return Life(seed, 24.0, violated, "digest", Counter())


def report(*lives: Life, **changed: object) -> str:
    calm = {"normal": (1.0, 2), "during": (3.9, 8), "after": (1.1, 3)}
    named = {"backend": ONE, "affected": ("blue/a",), "changed": (), "right_after": 30.0, **calm, **changed}
    measured = Measured(
        objects=4,
        quiet_day={ONE: {"list": 1440, "login": 12}, API: {"get leases": 3}},
        propagation=(Propagation(60.0, 20, 31.0, 58.0, 60.0), Propagation(7200.0, 10, 3600.0, 7000.0, 7200.0)),
        outages=(Outage(**named),),  # type: ignore[arg-type]
    )
    return " ".join("\n".join(text(Report(lives, 24.0, measured, ("something else",)))).split())


def test_a_good_report_says_what_it_means() -> None:
    told = report(life(0), life(1))
    assert "2 lives with storms, 48 virtual hours in all" in told
    assert "after each storm every Secret was right within its interval" in told
    assert '1,440 reads of a folder, nearly all answered with "not modified"' in told
    assert "60 s 31 s 58 s 60 s" in told
    assert "2 h 60 min 117 min 2 h" in told
    assert "1 of 4 objects could not be kept up to date: blue/a." in told
    assert "No Secret changed meanwhile" in told
    assert "30 s after its end, every object was right" in told
    assert "1.0 before (busiest minute: 2), 3.9 during the outage (busiest minute: 8)" in told
    assert told.endswith("Note: something else")


def test_a_bad_report_says_so() -> None:
    told = report(life(0, "one leader: two lead"), changed=("blue/b",), right_after=None)
    assert "In 1 of them something happened that must not; see above." in told
    assert "was right within its interval" not in told
    assert "These Secrets changed meanwhile: blue/b." in told
    assert "NOT all objects were right again after it." in told


def test_many_objects_are_counted_and_few_named() -> None:
    told = report(affected=tuple(f"blue/{n}" for n in range(7)))
    assert "7 of 4 objects could not be kept up to date: blue/0, blue/1, blue/2, blue/3, blue/4, …." in told
    assert "No object was affected." in report(affected=())
