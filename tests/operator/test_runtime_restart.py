"""A restart over objects that are in step: what it costs the KMS and the cluster, in virtual time (kmssecret §4)."""

from __future__ import annotations

from collections import Counter

import pytest

from canaries import canary
from stand import NAMESPACE, kmssecret
from virtual import Line

NAMES = [f"app-{n}" for n in range(40)]
WRITES = {"create", "update", "patch", "delete"}


@pytest.fixture(scope="module")
def settled():
    """A cluster whose objects were all brought in step by an operator that is gone."""
    with Line({f"/{name}": {"A": canary(name)} for name in NAMES}) as line:
        line.apply(*(kmssecret(name, line.url, path=f"/{name}") for name in NAMES))
        line.run(60.0)
        yield line


def restarted(line):
    """Begin a second life; return when it began, and how many requests the KMS had had by then."""
    line.restart()
    line.cluster.requests.clear()
    return line.now, len(line.kms.asked("list"))


@pytest.mark.row("kmssecret-62")
def test_a_restart_writes_nothing_and_lists_each_folder_once_spread_over_time(settled):
    began, earlier = restarted(settled)
    settled.run(60.5)
    assert [one for one in settled.cluster.requests if one.verb in WRITES] == []
    statuses = Counter(one.status for one in settled.kms.asked("list")[earlier:])
    assert statuses[200] == len(NAMES), "one list a folder, by one evaluation"
    times = [at - began for at, name in settled.asked if name == "Folder"]
    early = sum(at < 0.5 for at in times)
    assert statuses.total() - statuses[200] == statuses[304] == early, "and no check of it in its first interval"
    assert times[len(NAMES) - 1] - times[0] > 20.0, "the first pass is spread"
    assert max(Counter(int(at) // 10 for at in times).values()) <= len(NAMES) * 2 / 3


def test_what_changed_while_nobody_looked_is_found_after_a_restart(settled):
    changed = canary("changed")
    settled.kms.model.put("shop-k2x9", "prod", "/app-7", {"A": changed})
    settled.cluster.patch("kmssecrets", "app-3", {"metadata": {"labels": {"team": "new"}}}, namespace=NAMESPACE)
    settled.cluster.delete("secrets", "app-5", namespace=NAMESPACE)
    restarted(settled)
    settled.run(62.0)
    written = Counter((one.verb, one.name) for one in settled.cluster.requests if one.resource == "secrets")
    touched = {(verb, name) for verb, name in written if verb in WRITES}
    assert touched == {("patch", "app-7"), ("patch", "app-3"), ("create", "")}
    assert settled.secret("app-5")


def test_a_status_says_what_its_target_was_computed_from_and_seen_with(settled):
    (target,) = settled.status("app-9")["targets"]
    assert target["resourceVersion"] == settled.secret("app-9")["metadata"]["resourceVersion"]
    assert bytes.fromhex(target["inputs"])


def test_a_touch_that_changes_nothing_is_not_worth_a_status(settled):
    settled.cluster.requests.clear()
    theirs = {"metadata": {"annotations": {"theirs": "x"}}}
    settled.cluster.patch("secrets", "app-9", theirs, namespace=NAMESPACE)
    settled.run(60.0)
    assert settled.status_writes() == 0
