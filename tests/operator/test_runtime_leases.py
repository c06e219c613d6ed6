"""Two operators on one cluster: never do two write, and one always takes over (kmssecret §8.4)."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from datetime import datetime
from time import monotonic

import pytest

from canaries import canary
from secretsync_k8s.cluster.lease import RENEW
from secretsync_k8s.testing import ApiError
from stand import OPERATOR_NAMESPACE, eventually, kmssecret

LEASE = "cf2b8c44.lux.network"
MASTER = f'leader_election_master_status{{name="{LEASE}"}}'
TARGET = "/api/v1/namespaces/shop/secrets/app"
TAKE_OVER = 17.0
HAND_OVER = 3.0


def holder(stand, *, name=LEASE, namespace=OPERATOR_NAMESPACE):
    """The process that holds the Lease, by its host's name; "" while nobody does."""
    try:
        lease = stand.cluster.get("leases", name, namespace=namespace)
    except ApiError:
        return ""
    return lease["spec"]["holderIdentity"].partition("_")[0]


def written(operator):
    """When this process wrote Secrets, by its own log."""
    return [at(line) for line in operator.logged() if " for KMSSecret " in line["msg"]]


def at(line):
    return datetime.fromisoformat(line["ts"])


def terms(operator):
    """From when to when this process led, by its own log; the last may be open."""
    lines = operator.logged()
    begins = [at(line) for line in lines if line["msg"].startswith("leads by lease")]
    ends = [at(line) for line in lines if line["msg"].startswith("leads no longer")]
    return [(begin, ends[n] if n < len(ends) else None) for n, begin in enumerate(begins)]


def assert_wrote_only_while_leading(*operators):
    for operator in operators:
        spans = terms(operator)
        assert all(any(a <= when and (b is None or when <= b) for a, b in spans) for when in written(operator))


@pytest.fixture
def kms(stand):
    return stand.kms({"/app": {"A": canary()}})


@pytest.fixture
def pair(stand, kms):
    """The leader of two operators and the other one, with one object in step."""
    both = {name: stand.operator(HOSTNAME=name) for name in "ab"}
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    leader = both.pop(holder(stand))
    (other,) = both.values()
    eventually(lambda: other.page("/readyz") == (200, "standby\n"))
    return leader, other


def change(stand, kms):
    """Change the value in the KMS, and return a function that tells whether it has arrived."""
    value = canary(os.urandom(4).hex())
    kms.model.put("shop-k2x9", "prod", "/app", {"A": value})
    return lambda: stand.data("app") == {"A": value}


def test_of_two_one_works_and_the_other_takes_over_at_a_clean_stop(stand, kms, pair):
    leader, other = pair
    assert (leader.metric(MASTER), other.metric(MASTER)) == (1.0, 0.0)
    assert other.page("/healthz") == (200, "ok\n")
    eventually(lambda: written(leader))  # what it says comes by another way than what it does
    assert not written(other)
    assert len(stand.writes("secrets")) == 2 + 1 + 1, "two of the stand, the install key, the target"

    arrived = change(stand, kms)
    with closing(stand.cluster.watch("leases", namespace=OPERATOR_NAMESPACE)) as changes:
        begun = monotonic()
        assert leader.stop() == 0
        stand.until("secrets", arrived)
        assert monotonic() - begun < HAND_OVER
        held = []
        while not held or held[-1] in {"", held[0]}:
            held += [change["object"]["spec"]["holderIdentity"] for change in changes.take()]
    assert "" in held, "it was given back, and nobody waited for its end"
    other.line("leads by lease")
    assert_wrote_only_while_leading(leader, other)
    assert terms(leader)[-1][1] <= terms(other)[0][0]


@pytest.mark.slow
@pytest.mark.row("kmssecret-62")
def test_a_killed_leader_is_followed_and_what_changed_meanwhile_arrives(stand, kms, pair):
    leader, other = pair
    os.kill(leader.pid, signal.SIGKILL)
    begun = monotonic()
    assert leader.wait() == -signal.SIGKILL
    arrived = change(stand, kms)
    stand.apply(kmssecret("late", kms.url))
    stand.until("secrets", lambda: arrived() and stand.data("late"))
    assert monotonic() - begun < TAKE_OVER
    assert_wrote_only_while_leading(leader, other)


@pytest.mark.slow
@pytest.mark.row("kmssecret-62")
def test_a_leader_that_was_paused_writes_nothing_when_it_wakes_up(stand, kms, pair):
    leader, other = pair
    leader.signal(signal.SIGSTOP)
    before = len(written(leader))
    arrived = change(stand, kms)
    other.line('"running"')
    stand.until("secrets", arrived)

    leader.signal(signal.SIGCONT)
    leader.line("leads no longer")
    eventually(lambda: leader.page("/readyz") == (200, "standby\n"))
    stand.until("secrets", change(stand, kms))
    assert len(written(leader)) == before
    assert leader.running
    assert_wrote_only_while_leading(other)


@pytest.mark.memory
@pytest.mark.slow
@pytest.mark.row("kmssecret-62")
def test_a_leader_whose_network_falls_silent_gives_way_and_stands_by_when_it_heals(stand, kms):
    ways = {name: stand.way() for name in "ab"}
    both = {name: stand.operator(way=way, HOSTNAME=name) for name, way in ways.items()}
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    name = holder(stand)
    leader, way = both.pop(name), ways.pop(name)
    (other,), (other_way,) = both.values(), ways.values()

    way.cut()
    cut = monotonic()
    arrived = change(stand, kms)
    leader.line("leads no longer")
    assert holder(stand) == name, "before its time nobody else begins"
    assert leader.page("/healthz") == (200, "ok\n")
    assert leader.page("/readyz")[0] == 503
    stand.until("secrets", arrived)
    assert monotonic() - cut < TAKE_OVER

    way.heal()
    eventually(lambda: leader.page("/readyz") == (200, "standby\n"))
    stand.until("secrets", change(stand, kms))
    assert other.page("/readyz") == (200, "ok\n")
    assert ("PATCH", TARGET) in {(one.method, one.path) for one in way.lost}, "it tried, and the try was taken back"
    assert [one for one in way.passed if one.at > cut and one.method != "GET"] == []
    begun = [one.at for one in other_way.passed if one.method != "GET" and "/leases" not in one.path]
    assert begun[0] > cut + RENEW
    assert terms(leader)[-1][1] <= terms(other)[0][0]
    assert_wrote_only_while_leading(leader, other)


@pytest.mark.slow
def test_a_leader_that_cannot_renew_stops_says_so_and_leads_again(stand, kms):
    operator = stand.operator(HOSTNAME="a")
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")

    stand.cluster.fail(status=503, resource="leases", times=1000)
    eventually(lambda: "the lease is in doubt" in operator.page("/readyz")[1])
    assert operator.page("/healthz") == (200, "ok\n")
    operator.line("leads no longer")
    assert operator.page("/readyz")[0] == 503
    assert operator.metric(MASTER) == 0.0
    arrived = change(stand, kms)
    stand.forget()
    stand.cluster.heal()
    stand.until("secrets", arrived)
    assert_wrote_only_while_leading(operator)
    eventually(lambda: len(terms(operator)) == 2)
    eventually(lambda: operator.page("/readyz") == (200, "ok\n"))


def test_an_outage_for_both_ends_with_one_leader_and_nothing_lost(stand, kms, pair):
    stand.cluster.outage(down=True)
    arrived = change(stand, kms)
    for operator in pair:
        operator.line("waiting for the API server")
    eventually(lambda: pair[0].page("/readyz") == (503, "the API server cannot be followed\n"))
    assert [operator.page("/healthz")[0] for operator in pair] == [200, 200]
    stand.cluster.outage(down=False)
    stand.until("secrets", arrived)
    eventually(lambda: sorted(operator.page("/readyz") for operator in pair) == [(200, "ok\n"), (200, "standby\n")])
    assert_wrote_only_while_leading(*pair)


def test_a_lease_that_rbac_refuses_is_said_once_and_on_the_page(stand):
    stand.cluster.fail(status=403, verb="create", resource="leases", times=1000)
    operator = stand.operator()
    refusal = (
        f"create lease {LEASE} at the kubernetes API: forbidden; grant create on leases.coordination.k8s.io "
        f"in namespace {OPERATOR_NAMESPACE} to our service account (HTTP 403)"
    )
    said = operator.line("cannot lead")
    assert refusal in said
    assert '"level": "warning"' in said
    assert operator.page("/readyz") == (503, f"{refusal}\n")
    assert operator.page("/healthz") == (200, "ok\n")
    stand.cluster.heal()
    eventually(lambda: operator.page("/readyz") == (200, "ok\n"))
    assert sum("cannot lead" in line for line in operator.lines) == 1


def test_without_an_election_it_works_at_once_and_touches_no_lease(stand, kms):
    operator = stand.operator("--leader-elect=false")
    stand.apply(kmssecret("app", kms.url))
    stand.until_ready("app")
    eventually(lambda: operator.page("/readyz") == (200, "ok\n"))
    assert operator.metric(MASTER) is None
    assert not [one for one in tuple(stand.cluster.requests) if one.resource == "leases"]


def test_the_lease_can_be_where_the_original_looks(stand, kms):
    stand.namespace("legacy")
    stand.operator("--lease-namespace", "KMSSecret=legacy", HOSTNAME="a")
    eventually(lambda: holder(stand, namespace="legacy") == "a")
    assert not holder(stand)


@pytest.mark.parametrize("trouble", ["close", "expire", "duplicate", "reorder", "bookmarks"])
def test_what_a_watch_does_wrong_loses_nothing(stand, kms, trouble):
    stand.operator()
    names = [f"app-{n}" for n in range(5)]
    stand.apply(kmssecret(names[0], kms.url))
    stand.until_ready(names[0])
    if trouble == "bookmarks":
        stand.cluster.disturb("drop", event="BOOKMARK", times=3)
        stand.cluster.bookmark()
        stand.cluster.compact()
        stand.cluster.disturb("close")
    else:
        stand.cluster.disturb(trouble, times=5)
    stand.apply(*(kmssecret(name, kms.url) for name in names[1:]))
    stand.until_ready(*names)
    stand.cluster.delete("secrets", names[1], namespace="shop")
    stand.until("secrets", lambda: stand.data(names[1]))
