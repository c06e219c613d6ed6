"""After an outage: nothing is lost, and it is caught up with at no more than twice the usual rate."""

from __future__ import annotations

import pytest

from canaries import canary
from stand import kmssecret
from virtual import Line

NAMES = [f"app-{n}" for n in range(30)]
PERIOD = 60.0


def kms_outage(line, seconds):
    line.kms.stop()
    line.run(seconds)
    change(line)
    line.kms.start()


def cluster_outage(line, seconds):
    line.cluster.outage(down=True)
    line.run(seconds)
    change(line)
    line.cluster.outage(down=False)


def change(line):
    for name in NAMES:
        line.kms.model.put("shop-k2x9", "prod", f"/{name}", {"A": canary(f"new-{name}")})


@pytest.mark.parametrize("of", [kms_outage, cluster_outage])
@pytest.mark.parametrize("seconds", [60.0, 200.0])
def test_an_outage_is_caught_up_with_at_no_more_than_twice_the_usual_rate(of, seconds):
    with Line({f"/{name}": {"A": canary(name)} for name in NAMES}) as line:
        line.apply(*(kmssecret(name, line.url, path=f"/{name}") for name in NAMES))
        line.run(3 * PERIOD)
        of(line, seconds)
        up = line.now
        line.run(6 * PERIOD)

        checks = [at - up for at, query in line.asked if query == "Folder" and at >= up]
        busiest = max(sum(start <= at < start + PERIOD for at in checks) for start in checks)
        assert busiest <= 2 * len(NAMES)
        assert all(line.condition(name)["reason"] == "Synced" for name in NAMES)
        patched = {one.name for one in line.cluster.requests if (one.verb, one.resource) == ("patch", "secrets")}
        assert patched == set(NAMES)
