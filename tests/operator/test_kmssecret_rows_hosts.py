"""Rows about a host that asks for patience and about keys that vanish, in virtual time."""

from __future__ import annotations

import pytest

from canaries import canary
from secretsync.devserver import Fault
from stand import NAMESPACE, PROJECT, kmssecret
from virtual import Line


def put(line: Line, **values: str) -> None:
    line.kms.model.put(PROJECT.slug, "prod", "/app", {key: canary(value) for key, value in values.items()})


def data(line: Line) -> set[str]:
    return set(line.secret("app")["data"])


def events(line: Line, reason: str) -> list[str]:
    items = line.cluster.list("events.events.k8s.io", namespace=NAMESPACE)["items"]
    return [item["note"] for item in items if item["reason"] == reason]


@pytest.mark.row("kmssecret-30")
def test_a_host_that_asks_for_patience_is_left_alone_by_all() -> None:
    names = [f"app-{n}" for n in range(40)]
    with Line({f"/{name}": {"A": canary()} for name in names}) as line:
        line.apply(*(kmssecret(name, line.url, path=f"/{name}") for name in names))
        line.run(120.0)
        seen = len(line.asked)
        line.kms.faults.add(Fault(route="list", count=1, status=429, retry_after=7))
        line.run(120.0)
        times = [at for at, asked in line.asked[seen:] if asked == "Folder"]
        assert times[1] - times[0] >= 7.0
        assert line.kms.asked("list")[-1].status in {200, 304}
        assert all(line.condition(name)["reason"] == "Synced" for name in names)


@pytest.mark.row("kmssecret-37")
def test_one_vanished_key_goes_and_two_of_three_wait_a_period() -> None:
    with Line({"/app": {"A": canary(), "B": canary(), "C": canary(), "D": canary()}}) as line:
        line.apply(kmssecret("app", line.url))
        line.run(100.0)
        line.kms.model.delete(PROJECT.slug, "prod", "/app", ["D"])
        line.run(61.0)
        assert data(line) == {"A", "B", "C"}
        assert not events(line, "ManyKeysRemoved")

        line.kms.model.delete(PROJECT.slug, "prod", "/app", ["B", "C"])
        line.run(61.0)
        assert data(line) == {"A", "B", "C"}
        assert line.condition("app")["status"] == "True"
        (note,) = events(line, "ManyKeysRemoved")
        assert "B, C vanished" in note
        line.run(125.0)
        assert data(line) == {"A"}
        assert len(events(line, "ManyKeysRemoved")) == 1
