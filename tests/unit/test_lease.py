"""The election by a Lease: who leads, until when, and what becomes of it when something crosses its way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Event

import pytest
from attrs import define, field

from secretsync.errors import RateLimited, Unavailable
from secretsync.testing import ManualClock
from secretsync_k8s.cluster.lease import DURATION, RENEW, RETRY, TIMEOUT, Election, LeaseName
from secretsync_k8s.cluster.resources import LEASES
from secretsync_k8s.cluster.transport import Json, Transport
from secretsync_k8s.testing import DirectTransport, MemoryCluster

PATIENCE = 10.0
LEASE = "cf2b8c44.lux.network"
DOWN = Unavailable("the kubernetes API", "GET", "the connection is refused")


@define(eq=False)
class Candidate:
    """One process: an election that is stepped by the stage, and the log of what it was told."""

    election: Election
    log: list[str]
    next: float = 0.0
    alive: bool = True

    @property
    def leading(self) -> bool:
        return self.alive and self.election.leading


@define
class Link:
    """The way of one candidate to the cluster; `before` and `after` may raise."""

    inner: Transport
    before: Callable[[str], None] = lambda method: None
    after: Callable[[str], None] = lambda method: None
    timeouts: list[float] = field(factory=list)

    def request(self, method, path, *, body=None, timeout):
        self.timeouts.append(timeout)
        self.before(method)
        answer = self.inner.request(method, path, body=body)
        self.after(method)
        return answer


@define
class Stage:
    """Candidates on one clock, each stepped when it is due; never do two lead."""

    clock: ManualClock = field(factory=ManualClock)
    cluster: MemoryCluster = field(factory=lambda: MemoryCluster(seed=0))
    candidates: dict[str, Candidate] = field(factory=dict)
    links: dict[str, Link] = field(factory=dict)

    def add(self, name: str, *, clock: ManualClock | None = None, led: Callable[[], None] = lambda: None) -> Candidate:
        log: list[str] = []
        self.links[name] = Link(DirectTransport(self.cluster))
        election = Election(
            self.links[name],
            LeaseName("default", LEASE, name),
            clock=clock or self.clock,
            chance=lambda: 0.5,
            led=lambda: (log.append("led"), led())[1],
            lost=lambda: log.append("lost"),
        )
        self.candidates[name] = Candidate(election, log, self.clock.monotonic())
        return self.candidates[name]

    def run(self, seconds: float) -> None:
        end = self.clock.monotonic() + seconds
        while (due := min((c.next for c in self.candidates.values() if c.alive), default=end)) < end:
            self.clock.advance(max(0.0, due - self.clock.monotonic()))
            for one in self.candidates.values():
                if one.alive and one.next <= self.clock.monotonic():
                    one.next = self.clock.monotonic() + one.election.step()
                    self.leaders()
        self.clock.advance(end - self.clock.monotonic())
        self.leaders()

    def until(self, name: str) -> float:
        """Let time pass until that candidate leads, and return how much."""
        began = self.clock.monotonic()
        while not self.candidates[name].leading:
            assert self.clock.monotonic() - began < 100.0, f"{name} never leads"
            self.run(0.1)
        return self.clock.monotonic() - began

    def leaders(self) -> list[str]:
        leaders = [name for name, one in self.candidates.items() if one.leading]
        assert len(leaders) < 2
        return leaders

    def kill(self, name: str) -> None:
        self.candidates[name].alive = False

    # -- the Lease

    def spec(self) -> Json:
        return self.cluster.get("leases", LEASE)["spec"]

    def edit(self, **spec: object) -> None:
        self.cluster.patch("leases", LEASE, {"spec": spec})


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def pair(stage: Stage) -> Stage:
    """Where `a` leads and `b` stands by, for long enough that both have seen it."""
    stage.add("a")
    stage.add("b")
    stage.run(20.0)
    assert stage.leaders() == ["a"]
    return stage


def test_the_first_leads_at_once_and_writes_what_others_read(stage):
    one = stage.add("a")
    assert not one.leading
    assert one.election.step() == pytest.approx(RETRY * 0.9)
    assert one.leading
    assert one.log == ["led"]
    assert stage.spec() == {
        "holderIdentity": "a",
        "leaseDurationSeconds": DURATION,
        "leaseTransitions": 0,
        "acquireTime": "2030-01-01T00:00:00.000000Z",
        "renewTime": "2030-01-01T00:00:00.000000Z",
    }


def test_two_at_once_give_one_leader_for_good(stage):
    one, other = stage.add("a"), stage.add("b")
    stage.links["a"].before = lambda method: method == "POST" and other.election.step()
    one.next, other.next = 0.0, RETRY
    stage.run(0.1)
    stage.links["a"].before = lambda method: None
    assert stage.leaders() == ["b"]
    stage.run(300.0)
    assert (one.log, other.log) == ([], ["led"])
    assert stage.spec()["leaseTransitions"] == 0


def test_a_leader_renews_and_keeps_the_time_of_its_beginning(pair):
    before = pair.spec()
    pair.run(60.0)
    after = pair.spec()
    assert after["acquireTime"] == before["acquireTime"]
    assert after["renewTime"] > before["renewTime"]
    assert pair.candidates["a"].log == ["led"]


def test_a_killed_leader_is_followed_within_17_s_and_not_before_its_time(pair):
    pair.run(RETRY)
    pair.kill("a")
    assert RENEW < pair.until("b") <= 17.0
    assert pair.spec()["leaseTransitions"] == 1


def test_a_leader_that_stops_is_followed_within_3_s(pair):
    pair.candidates["a"].election.resign()
    assert (pair.spec()["holderIdentity"], pair.spec()["leaseDurationSeconds"]) == ("", 1)
    pair.kill("a")
    assert pair.until("b") <= 3.0
    assert pair.candidates["a"].log == ["led", "lost"]


def test_work_ends_before_the_lease_is_given_back(stage):
    seen: list[str] = []
    one = stage.add("a")
    one.election.step()
    one.election._lost = lambda: seen.append(f"{stage.spec()['holderIdentity']} {one.election.leading}")
    one.election.resign()
    assert seen == ["a False"]


def test_who_never_wrote_gives_nothing_back(pair):
    pair.links["b"].timeouts.clear()
    pair.candidates["b"].election.resign()
    assert pair.links["b"].timeouts == []
    assert pair.candidates["b"].log == []


def test_who_lost_gives_nothing_back(pair):
    pair.edit(holderIdentity="foreign")
    pair.run(2.0)
    pair.candidates["a"].election.resign()
    assert pair.spec()["holderIdentity"] == "foreign"
    assert pair.candidates["a"].log == ["led", "lost"]


# -- outages


def lose(error: Exception = DOWN) -> Callable[[str], None]:
    def raising(method: str) -> None:
        raise error

    return raising


@pytest.mark.parametrize("error", [DOWN, RateLimited("k", "o", "d", retry_after=60.0), KeyError("canary-91b7")])
def test_whatever_fails_it_is_no_renewal_and_the_leader_stops_before_another_may_begin(pair, error, caplog):
    caplog.set_level("DEBUG")
    pair.links["a"].before = lose(error)
    pair.run(RENEW)
    assert pair.leaders() == []
    assert pair.candidates["a"].log == ["led", "lost"]
    assert pair.until("b") <= 17.0 - RENEW
    pair.links["a"].before = lambda method: None
    pair.run(60.0)
    assert pair.leaders() == ["b"]
    assert "canary" not in caplog.text


def test_an_outage_for_all_ends_with_one_leader(pair):
    for link in pair.links.values():
        link.before = lose()
    pair.run(60.0)
    assert pair.leaders() == []
    for link in pair.links.values():
        link.before = lambda method: None
    pair.run(2.0)
    assert len(pair.leaders()) == 1
    assert sum(one.log.count("led") for one in pair.candidates.values()) == 2


def test_a_short_outage_changes_nothing(pair):
    pair.links["a"].before = lose()
    pair.run(RENEW - 2 * RETRY)
    pair.links["a"].before = lambda method: None
    pair.run(30.0)
    assert pair.leaders() == ["a"]
    assert pair.candidates["a"].log == ["led"]


def test_an_answer_that_is_no_lease_is_waited_out(pair, caplog):
    link = pair.links["a"]
    inner, link.inner = link.inner, type("Odd", (), {"request": lambda *_, **__: {"metadata": {}}})()
    pair.run(RETRY)
    link.inner = inner
    pair.run(RETRY)
    assert pair.leaders() == ["a"]
    assert "lease cf2b8c44.lux.network cannot be read, by a fault of ours: KeyError" in caplog.text


@pytest.mark.parametrize(
    ("lease", "verb"),
    [pytest.param(False, "create", id="none"), pytest.param(True, "update", id="a free one"), (False, "get")],
)
def test_what_rbac_does_not_let_is_named_with_the_remedy(stage, lease, verb, caplog):
    if lease:
        stage.cluster.create("leases", {"metadata": {"name": LEASE}, "spec": {"leaseDurationSeconds": 1}})
    stage.cluster.fail(status=403, verb=verb, resource="leases", times=1000)
    stage.add("a")
    stage.run(5 * RETRY)
    refusal = (
        f"{verb} lease cf2b8c44.lux.network at the kubernetes API: forbidden; grant {verb} on "
        "leases.coordination.k8s.io in namespace default to our service account (HTTP 403)"
    )
    assert caplog.messages == [f"cannot lead: {refusal}"]
    assert stage.candidates["a"].election.contact.refusal == refusal
    stage.cluster.heal()
    stage.run(RETRY)
    assert stage.leaders() == ["a"]
    assert stage.candidates["a"].election.contact.refusal == ""


def test_a_namespace_that_is_not_there_is_said(caplog):
    name = LeaseName("nowhere", LEASE, "a")
    transport, log = DirectTransport(MemoryCluster(seed=0)), []
    election = Election(
        transport, name, clock=ManualClock(), chance=lambda: 0.5, led=lambda: log.append("led"), lost=lambda: None
    )
    election.step()
    election.step()
    assert "leases at the kubernetes API: NotFound (HTTP 404)" in election.contact.refusal
    assert caplog.messages == [f"cannot lead: {election.contact.refusal}"]
    assert log == []


def test_how_long_it_surely_leads_is_known(pair):
    a, b = (pair.candidates[name].election for name in "ab")
    assert RENEW - RETRY <= a.remaining <= RENEW
    assert b.remaining == 0.0
    pair.kill("a")
    pair.clock.advance(RENEW)
    assert (a.remaining, a.leading) == (0.0, False)


def test_a_leader_waits_for_no_answer_that_comes_after_its_time(pair):
    link = pair.links["a"]
    link.before = lose()
    link.timeouts.clear()
    pair.run(RENEW + RETRY)
    in_time = [seconds for seconds in link.timeouts if seconds < TIMEOUT]
    assert link.timeouts[0] == TIMEOUT
    assert in_time == sorted(in_time, reverse=True)
    assert in_time[-1] < RETRY


# -- replies that are lost


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_write_that_took_effect_unseen_is_known_as_ones_own(stage, method):
    if method == "PUT":
        stage.add("x")
        stage.run(1.0)
        stage.candidates["x"].election.resign()
        stage.kill("x")
    one = stage.add("a")
    stage.links["a"].after = lambda done: done == method and lose()(done)
    one.election.step()
    assert not one.leading
    assert stage.spec()["holderIdentity"] == "a"
    stage.links["a"].after = lambda done: None
    one.election.step()
    assert one.log == ["led"]


def test_lost_replies_count_as_failures_until_one_comes(pair):
    pair.links["a"].after = lambda method: method == "PUT" and lose()(method)
    pair.run(RENEW - RETRY)
    assert pair.leaders() == ["a"]
    pair.run(2 * RETRY)
    assert pair.leaders() == []
    pair.links["a"].after = lambda method: None
    pair.run(2 * RETRY)
    assert pair.leaders() == ["a"], "nobody else could take what it kept renewing"
    assert pair.candidates["a"].log == ["led", "lost", "led"]


def test_a_takeover_that_stops_unseen_is_given_back(stage):
    one = stage.add("a")
    stage.links["a"].after = lambda method: method == "POST" and lose()(method)
    one.election.step()
    stage.links["a"].after = lambda method: None
    one.election.resign()
    assert stage.spec()["holderIdentity"] == ""
    assert one.log == []


# -- others write


def test_a_conflict_is_looked_into_and_does_not_end_a_leader(pair):
    writes: list[str] = []

    def label(method: str) -> None:
        if method == "PUT" and not writes:
            writes.append(method)
            pair.cluster.patch("leases", LEASE, {"metadata": {"labels": {"seen": "yes"}}})

    pair.links["a"].before = label
    pair.run(30.0)
    assert writes
    assert pair.candidates["a"].log == ["led"]


def test_who_finds_another_in_its_place_stops_at_once(stage):
    one = stage.add("a")
    one.election.step()
    stage.cluster.delete("leases", LEASE)
    other = stage.add("b")
    stage.links["a"].before = lambda method: method == "POST" and other.election.step()
    one.election.step()
    assert one.log == ["led", "lost"]
    assert stage.leaders() == ["b"]


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"holderIdentity": "b"}, id="to the standby"),
        pytest.param({"holderIdentity": "foreign"}, id="to a stranger"),
        pytest.param({"holderIdentity": ""}, id="to nobody"),
        pytest.param({"holderIdentity": None}, id="to none"),
    ],
)
def test_a_holder_that_somebody_edits_ends_the_leader_and_begins_nobody_before_its_time(pair, spec):
    pair.edit(**spec)
    for _ in range(20):
        pair.run(0.1)  # the stage fails if two lead
    assert pair.leaders() == []
    assert pair.candidates["a"].log == ["led", "lost"]
    pair.run(DURATION)
    assert len(pair.leaders()) == 1


@pytest.mark.parametrize("duration", [1, None, 14])
def test_a_duration_that_somebody_shortens_shortens_nothing(pair, duration):
    pair.links["a"].before = lose()
    pair.edit(leaseDurationSeconds=duration)
    assert DURATION <= pair.until("b") <= 17.0


def test_a_longer_duration_is_waited_for(pair):
    pair.links["a"].before = lose()
    pair.edit(leaseDurationSeconds=40)
    assert 40.0 <= pair.until("b") <= 42.0


def test_a_deleted_lease_is_made_anew_by_its_leader(pair):
    pair.cluster.delete("leases", LEASE)
    pair.candidates["b"].next = pair.clock.monotonic()  # the standby sees it first
    pair.candidates["a"].next = pair.clock.monotonic() + 1.0
    pair.run(30.0)
    assert pair.leaders() == ["a"]
    assert pair.candidates["a"].log == ["led"]


def test_a_deleted_lease_of_a_leader_that_is_cut_off_is_waited_for(pair):
    pair.links["a"].before = lose()
    pair.cluster.delete("leases", LEASE)
    assert RENEW < pair.until("b") <= 17.0


def test_what_was_free_long_ago_is_not_free_because_it_is_gone(pair):
    third = pair.add("c")
    pair.run(2.0)
    pair.kill("a")
    pair.run(DURATION)
    third.next = pair.clock.monotonic() + 2 * DURATION  # paused; b takes over meanwhile, unseen by c
    pair.until("b")
    pair.run(third.next - pair.clock.monotonic() - 0.1)
    pair.candidates["b"].next = third.next + 1.0
    pair.cluster.delete("leases", LEASE)
    pair.run(0.2)
    assert pair.leaders() == ["b"]
    pair.run(5.0)
    assert third.log == []


def test_a_lease_of_the_original_program_is_taken_over_when_it_ends(stage):
    spec = {"holderIdentity": "host_3f", "leaseDurationSeconds": 15, "leaseTransitions": 4}
    stage.cluster.create("leases", {"metadata": {"name": LEASE}, "spec": spec})
    stage.add("a")
    assert stage.until("a") == pytest.approx(DURATION, abs=0.2)
    assert stage.spec()["leaseTransitions"] == 5


# -- pauses and clocks


@pytest.mark.parametrize("pause", [RENEW, 14.0, 16.0, 60.0])
def test_a_process_that_was_paused_does_not_lead_when_it_wakes_up(pair, pause):
    one, other = pair.candidates["a"], pair.candidates["b"]
    one.next = pair.clock.monotonic() + pause
    pair.run(pause - 0.01)
    pair.clock.advance(0.01)
    assert not one.leading
    one.election.step()
    other.election.step()
    assert len(pair.leaders()) == 1
    assert one.log[:2] == ["led", "lost"], "who led meanwhile, if anybody, is not known"


def test_a_takeover_that_took_too_long_is_none(stage):
    one = stage.add("a")
    stage.links["a"].after = lambda method: stage.clock.advance(RENEW)
    one.election.step()
    assert one.log == []
    stage.links["a"].after = lambda method: None
    one.election.step()
    assert one.log == ["led"]


def test_clocks_that_differ_change_nothing(stage):
    class Skewed(ManualClock):
        def monotonic(self) -> float:
            return stage.clock.monotonic() + 1e6

        def now(self):
            return stage.clock.now() - timedelta(days=400)

    stage.add("a", clock=Skewed())
    stage.add("b")
    stage.run(120.0)
    assert stage.leaders() == ["a"]
    stage.kill("a")
    assert RENEW < stage.until("b") <= 17.0


def test_the_moment_a_lease_runs_out_is_met(pair):
    pair.kill("a")
    election = pair.candidates["b"].election
    pair.run(RETRY)
    left = election._seen.free_at - pair.clock.monotonic()
    assert RETRY < left < DURATION
    assert election._wait() == pytest.approx(0.9 * RETRY)
    pair.run(left - 0.2)
    assert election._wait() == pytest.approx(0.2)


# -- what the work does


def test_who_cannot_begin_gives_the_lease_back(stage, caplog):
    def failing() -> None:
        raise ValueError("canary-04d2")

    one = stage.add("a", led=failing)
    one.election.step()
    assert one.log == ["led", "lost"]
    assert stage.spec()["holderIdentity"] == ""
    assert "cannot lead by lease cf2b8c44.lux.network, by a fault of ours: ValueError" in caplog.text
    assert "canary" not in caplog.text


def test_a_fault_while_ending_ends_nothing_else(stage, caplog):
    def failing() -> None:
        raise ValueError("canary-04d3")

    one = stage.add("a")
    one.election._lost = failing
    one.election.step()
    one.election.resign()
    assert stage.spec()["holderIdentity"] == ""
    assert "canary" not in caplog.text


# -- in its thread


def elected(cluster: MemoryCluster, led: Event, lost: Event) -> Election:
    name = LeaseName("default", LEASE, "a")
    transport = DirectTransport(cluster)
    return Election(transport, name, clock=ManualClock(), chance=lambda: 0.5, led=led.set, lost=lost.set)


def test_it_leads_in_a_thread_and_gives_the_lease_back_at_its_stop():
    cluster, led, lost = MemoryCluster(), Event(), Event()
    election = elected(cluster, led, lost)
    election.start()
    assert led.wait(PATIENCE)
    assert election.leading
    election.stop()
    assert not election._thread.is_alive()
    assert lost.is_set()
    assert cluster.get("leases", LEASE)["spec"]["holderIdentity"] == ""


def test_stop_before_start_is_fine():
    lost = Event()
    elected(MemoryCluster(), Event(), lost).stop()
    assert not lost.is_set()


def test_names_become_paths():
    assert LeaseName("ops", LEASE, "a").path == LEASES.path("ops", LEASE)


def test_a_lead_counts_from_the_start_of_its_renewal(pair):
    link = pair.links["a"]
    link.after = lambda method: pair.clock.advance(2.0 if method == "PUT" else 0.0)
    pair.candidates["a"].election.step()
    assert pair.candidates["a"].election.remaining <= RENEW - 2.0


def test_a_renewal_is_one_request() -> None:
    stage = Stage()
    stage.add("a")
    stage.until("a")
    stage.cluster.requests.clear()
    stage.run(60.0)
    assert {one.verb for one in stage.cluster.requests} == {"update"}
    assert len(stage.cluster.requests) <= 60.0 / (RETRY * 0.8)


def test_a_leader_whose_lease_somebody_edited_renews_in_the_same_round() -> None:
    stage = Stage()
    stage.add("a")
    stage.until("a")
    stage.edit(leaseTransitions=7)
    stage.run(RETRY)
    assert stage.leaders() == ["a"]
    assert stage.spec()["leaseTransitions"] == 7
    assert stage.candidates["a"].log == ["led"]
