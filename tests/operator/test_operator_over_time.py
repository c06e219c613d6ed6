"""What takes minutes: back-off, outages, refused credentials. In virtual time, all but clock and threads real."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from canaries import canary
from secretsync.devserver.faults import Fault
from stand import PROJECT, kmssecret
from virtual import Line

CAP = 30.0
"""The longest back-off: max(interval, 5 min)."""


def times(line, query=""):
    return [at for at, asked in line.asked if query in ("", asked)]


def most_in(seconds, moments):
    """The most moments that fall into one window of so many seconds."""
    return max(sum(begin <= at < begin + seconds for at in moments) for begin in moments)


@pytest.mark.row("kmssecret-19")
@pytest.mark.parametrize("seed", range(5))
def test_a_refused_login_is_tried_twice_a_minute_at_most(seed):
    with Line({"/app": {"A": canary()}}, secret=canary("wrong"), chance=Random(seed).random) as line:
        line.apply(*(kmssecret(f"app-{n}", line.url) for n in range(3)))
        line.run(1800.0)
        for n in range(3):
            ready = line.condition(f"app-{n}")
            assert (ready["status"], ready["reason"]) == ("False", "AuthenticationFailed")
            assert "authentication failed" in ready["message"]
            assert line.condition(f"app-{n}", "LoadedKMSToken")["status"] == "False"
        logins = times(line, "Token")
        assert len(logins) >= 6, "it gave up"
        assert most_in(60.0, logins) <= 2
        assert len(line.kms.asked("login")) == len(logins)


@pytest.mark.row("kmssecret-24")
def test_a_stable_403_costs_one_login_in_ten_minutes():
    with Line({"/app": {"A": canary()}}) as line:
        line.apply(*(kmssecret(f"app-{n}", line.url) for n in range(3)))
        line.run(120.0)
        before = [line.secret(f"app-{n}") for n in range(3)]
        assert len(times(line, "Token")) == 1

        line.kms.faults.add(Fault(route="list", status=403))
        line.run(900.0)
        for n in range(3):
            ready = line.condition(f"app-{n}")
            assert (ready["status"], ready["reason"]) == ("False", "Forbidden")
            assert "forbidden" in ready["message"]
            assert line.secret(f"app-{n}") == before[n]
        logins = times(line, "Token")[1:]
        assert logins, "a 403 with an old token is worth one login"
        assert most_in(600.0, logins) == 1

        line.kms.faults.clear()
        line.run(60.0)
        assert line.condition("app-0")["reason"] == "Synced"


@pytest.mark.row("kmssecret-28")
def test_an_outage_of_ten_minutes():
    with Line({"/app": {"A": canary()}}, chance=lambda: 0.999) as line:
        # By id: the turn of a slug's own check, once in half an hour, would be a failure more.
        line.apply(kmssecret("app", line.url, projectSlug=None, projectId=PROJECT.id))
        line.run(100.0)
        target = line.secret("app")
        line.kms.stop()
        down = line.now
        line.cluster.requests.clear()
        line.run(600.0)

        assert line.secret("app") == target
        tries = [at for at in times(line) if at >= down]
        waits = [behind - before for before, behind in pairwise(tries)]
        assert [round(wait) for wait in waits][:5] == [5, 10, 20, CAP, CAP], "they grow twofold up to the cap"
        assert max(waits) <= CAP
        assert line.condition("app")["reason"] == "KMSUnreachable"
        ready, redeploy = line.condition("app", "ReadyToSyncSecrets"), line.condition("app", "AutoRedeployReady")
        assert (ready["status"], ready["reason"]) == ("False", "Error")
        assert (redeploy["status"], redeploy["reason"]) == ("False", "Stopped")
        assert line.condition("app", "LoadedKMSToken")["status"] == "True", "an outage proves nothing about a login"

        status = line.status("app")
        assert status["consecutiveFailures"] == 16, "written at failures 1, 2, 4, 8, …"
        assert line.status_writes() == 5
        assert status["lastSyncTime"] == line.condition("app")["lastTransitionTime"], "when the outage was seen"
        assert int(down) <= seconds(line, status["lastSyncTime"]) <= down + 2 * 60
        assert status["lastAttemptTime"] > status["lastSyncTime"]

        line.kms.start()
        up = line.now
        line.run(CAP)
        assert line.condition("app")["reason"] == "Synced"
        back = seconds(line, line.status("app")["lastSyncTime"])
        assert int(up) <= back <= up + CAP
        assert line.secret("app") == target


@pytest.mark.row("kmssecret-28")
def test_objects_of_one_host_share_its_outage_and_tell_nothing_of_each_other():
    names = [f"app-{n}" for n in range(3)]
    with Line({f"/{name}": {"A": canary()} for name in names}) as line:
        line.apply(*(kmssecret(name, line.url, path=f"/{name}") for name in names))
        line.run(100.0)
        line.kms.stop()
        line.cluster.requests.clear()
        line.run(600.0)

        for name in names:
            ready = line.condition(name)
            assert (ready["reason"], ready["message"]) == (
                "KMSUnreachable",
                f"{line.url}: the connection was refused",
            )
            failures = line.status(name)["consecutiveFailures"]
            writes = sum((one.subresource, one.name) == ("status", name) for one in line.cluster.requests)
            assert (failures.bit_count(), writes) == (1, failures.bit_length()), "at failures 1, 2, 4, 8, …"


@pytest.mark.row("kmssecret-28")
def test_the_waits_of_an_outage_differ_by_chance_and_end_at_the_cap():
    waits = {}
    for seed in range(4):
        with Line({"/app": {"A": canary()}}, chance=Random(seed).random) as line:
            line.apply(kmssecret("app", line.url))
            line.run(100.0)
            line.kms.stop()
            down = line.now
            line.run(3600.0)
            tries = [at for at in times(line) if at >= down]
            waits[seed] = [behind - before for before, behind in pairwise(tries)]
            assert all(1.0 <= wait <= CAP for wait in waits[seed])
    assert len({tuple(one) for one in waits.values()}) == 4


@pytest.mark.row("kmssecret-33")
@pytest.mark.parametrize(
    "scope",
    [
        pytest.param({}, id="project by slug"),
        pytest.param({"projectSlug": None, "projectId": PROJECT.id}, id="project by id"),
    ],
)
def test_freshness_moves_with_every_check(scope):
    with Line({"/app": {"A": canary()}}) as line:
        line.apply(kmssecret("app", line.url, **scope))
        line.run(600.0)
        fresh = line.engine.freshness("KMSSecret shop/app")
        assert fresh is not None
        assert fresh > line.now - 61.0


def seconds(line, timestamp):
    """The moment of a time stamp, in seconds of the line's clock."""
    start = line.clock.now() - timedelta(seconds=line.now)
    return (datetime.fromisoformat(timestamp) - start).total_seconds()
