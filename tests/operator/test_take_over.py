"""To take over from the operators that we replace moves nothing but marks and one status an object (kmssecret §5)."""

from __future__ import annotations

from collections import Counter

import pytest

from canaries import canary
from originals import GENERATIONS, KINDS
from stand import NAMESPACE, PROJECT
from workloads import OURS, by_env_from, deploy, workload

MANY = 200


def left_behind(stand, host, values):
    """Put objects of every generation and their Secrets into the cluster, and return both by name."""
    made = {}
    for n in range(MANY):
        generation = list(GENERATIONS)[n % len(GENERATIONS)]
        name = f"{generation}-{n}"
        left = made[name] = GENERATIONS[generation](name, host, values)
        stand.cluster.create("secrets", left.secret, namespace=NAMESPACE)
        stand.apply(left.obj)
        if left.status:
            stand.cluster.patch("kmssecrets", name, {"status": left.status}, namespace=NAMESPACE, subresource="status")
    return made


def all_ready(stand):
    conditions = stand.conditions()
    return len(conditions) == MANY and all(one.get("reason") == "Synced" for one in conditions.values())


@pytest.mark.timeout(600)  # hundreds of requests by the test alone, on a real API server that shares a machine
@pytest.mark.row("kmssecret-38", "kmssecret-53")
def test_take_over_writes_no_data_restarts_nothing_and_tells_each_object_once(stand):
    values = {"A": canary("a"), "B": canary("b")}
    kms = stand.kms({"/app": values})
    left_behind(stand, kms.url, values)
    secrets = {one["metadata"]["name"]: one for one in stand.cluster.list("secrets", namespace=NAMESPACE)["items"]}
    specs = {one["metadata"]["name"]: one["spec"] for one in stand.cluster.list("kmssecrets")["items"]}
    version = secrets["first-0"]["metadata"]["annotations"][f"{OURS}version"]
    deploy(stand, workload("Deployment", "web", by_env_from("first-0"), told={"first-0": version}))
    stand.forget()
    stand.operator("--max-interval", "1h")
    stand.until("kmssecrets", lambda: all_ready(stand), timeout=300)
    (operator,) = stand.operators
    assert operator.stop() == 0

    status_writes = Counter(one.name for one in stand.writes("kmssecrets"))
    assert {one.subresource for one in stand.writes("kmssecrets")} == {"status"}
    assert set(status_writes.values()) == {1}
    assert set(Counter(one.name for one in stand.writes("secrets") if one.verb == "patch").values()) <= {1}
    assert {one.resource for one in stand.writes()} == {"kmssecrets", "secrets"}
    for obj in stand.cluster.list("kmssecrets")["items"]:
        name = obj["metadata"]["name"]
        assert obj["spec"] == specs[name]
        check_secret(stand.secret(name), secrets[name])
        conditions = {one["type"]: one["status"] for one in obj["status"]["conditions"]}
        assert {f"{OURS}{kind}" for kind in KINDS} <= conditions.keys(), "by which the original knows how it is"
        assert set(conditions.values()) == {"True"}


def check_secret(after, before):
    """Fail if anything is other than it was, but for marks that came."""
    assert after["data"] == before["data"]
    assert (after["metadata"]["uid"], after["type"]) == (before["metadata"]["uid"], before["type"])
    assert after["metadata"]["labels"] == before["metadata"]["labels"] | {f"{OURS}managed": "true"}
    assert before["metadata"]["annotations"].items() <= after["metadata"]["annotations"].items()
    came = after["metadata"]["annotations"].keys() - before["metadata"]["annotations"].keys()
    assert all(name.startswith(OURS) for name in came)


@pytest.mark.row("kmssecret-53")
def test_what_changes_after_a_take_over_is_written(stand):
    values = {"A": canary("a")}
    kms = stand.kms({"/app": values})
    left = GENERATIONS["first"]("app", kms.url, values)
    stand.cluster.create("secrets", left.secret, namespace=NAMESPACE)
    stand.apply(left.obj)
    stand.operator()
    stand.until_ready("app")
    before = stand.secret("app")["metadata"]["annotations"][f"{OURS}version"]
    kms.model.put(PROJECT.slug, "prod", "/app", {"A": canary("new")})
    stand.until_event("app", "Updated")
    assert stand.secret("app")["metadata"]["annotations"][f"{OURS}version"] != before
