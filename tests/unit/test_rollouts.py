"""Which workloads are restarted, as a function of what stands in the cluster (kmssecret §6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secretsync.digest import Digester
from secretsync.queries import Absent, Found
from secretsync.reconcile.plan import plan
from secretsync.targets import Observe, Observed, Ref
from secretsync.values import Version
from secretsync_k8s.cluster import workloads
from secretsync_k8s.cluster.pace import Turn
from secretsync_k8s.cluster.pods import Use
from secretsync_k8s.cluster.stamps import Stamp, Stamped
from secretsync_k8s.kinds import rollouts

WEB = Ref(workloads.HOST, "Deployment", "web", "shop")
APP, FLAGS = Use("Secret", "app"), Use("ConfigMap", "flags")
DIGEST = Digester(b"key")


class Known:
    """What can be asked, by its answers; what was asked."""

    def __init__(self, seen: Observed, versions: dict[Use, str], *, turn: bool = True) -> None:
        self.asked: list[object] = []
        self.turn = turn
        self.answers: dict[object, object] = {Observe(WEB): Found(seen)}
        for use, version in versions.items():
            self.answers[Stamp(use.kind, "shop", use.name)] = Found(Stamped("shop/app", version))

    def __call__(self, query):
        self.asked.append(query)
        return Found(self.turn) if isinstance(query, Turn) else self.answers.get(query, Absent())

    def all(self, queries):
        return tuple(map(self, queries))


def web(*told: dict[str, str], uses: tuple[Use, ...] = (APP,), reload: str = "true", held: str = "") -> Observed:
    attributes = {f"use:{use.kind}/{use.name}": "env" for use in uses} | {"reload": reload}
    attributes |= {"held": held} if held else {}
    for one in told:
        attributes |= one
    return Observed({}, "uid", Version("1"), workloads.MARK, attributes=attributes)


def wanted(known: Known):
    one = rollouts.look(WEB, known)
    (target,) = rollouts.desired(WEB, one, known)
    return target


def written(seen: Observed, known: Known) -> dict[str, str | None]:
    """Return the attributes that would be written."""
    action = plan(wanted(known), seen, DIGEST).action
    return dict(action.attributes) if action else {}


OLD, NEW = workloads.remembers(APP, "old"), workloads.remembers(APP, "new")
OLD_PODS, NEW_PODS = workloads.restarts(APP, "old"), workloads.restarts(APP, "new")
IN_PODS = OLD_PODS.items() - OLD.items()


@pytest.mark.parametrize(
    ("seen", "change"),
    [
        pytest.param(web(), NEW, id="told nothing: it is told, and its pods go on"),
        pytest.param(web(NEW), {}, id="told the same"),
        pytest.param(web(NEW_PODS), {}, id="restarted for it, also by the operator before us", marks=pytest.mark.row("kmssecret-53")),
        pytest.param(web(OLD), NEW_PODS, id="told another version"),
        pytest.param(web(OLD_PODS), NEW_PODS, id="restarted for another version"),
        pytest.param(web(NEW, dict(IN_PODS)), {}, id="rolled back: its pods were started since"),
        pytest.param(web(dict(IN_PODS)), NEW_PODS, id="applied anew with an old version in its pods"),
        pytest.param(web(reload=""), {}, id="does not ask"),
        pytest.param(web(OLD, reload="volume"), {}, id="asks for another way of use"),
        pytest.param(web(OLD, uses=()), {}, id="uses it no more"),
        pytest.param(web(OLD, held="paused"), {}, id="paused"),
    ],
)  # fmt: skip
def test_what_a_workload_is_told(seen, change):
    assert written(seen, Known(seen, {APP: "new"})) == change


@pytest.mark.row("kmssecret-54")
def test_several_changes_are_one_restart():
    seen = web(OLD_PODS, workloads.restarts(FLAGS, "old"), uses=(APP, FLAGS))
    change = written(seen, Known(seen, {APP: "new", FLAGS: "new"}))
    assert change == NEW_PODS | workloads.restarts(FLAGS, "new")


def test_what_is_not_ours_is_nothing_to_wait_for():
    seen = web(OLD)
    assert written(seen, Known(seen, {})) == {}


def test_a_workload_that_is_gone_wants_nothing():
    known = Known(web(), {})
    known.answers.clear()
    assert rollouts.look(WEB, known) is None


def test_it_stands_in_line_only_if_it_is_due():
    for seen in (web(), web(NEW), web(OLD, held="paused")):
        known = Known(seen, {APP: "new"})
        wanted(known)
        assert not any(isinstance(query, Turn) for query in known.asked)


def test_before_its_turn_nothing_of_what_is_due_is_written():
    seen = web(OLD, uses=(APP, FLAGS))
    known = Known(seen, {APP: "new", FLAGS: "first"}, turn=False)
    assert written(seen, known) == workloads.remembers(FLAGS, "first")


@pytest.mark.row("kmssecret-56")
@pytest.mark.parametrize(
    ("why", "words"),
    [("paused", "is paused"), ("OnDelete", "starts pods only when others are deleted")],
)
def test_what_must_not_be_restarted_is_said(why, words):
    (note,) = wanted(Known(web(OLD, held=why), {APP: "new"})).notes
    assert (note.reason, note.message) == (
        "RolloutSkipped",
        f"Deployment shop/web {words}: its pods go on with what they had of Secret app",
    )
    assert wanted(Known(web(NEW, held=why), {APP: "new"})).notes == ()


VERSIONS = st.sampled_from(["", "a", "b"])


@given(own=VERSIONS, pods=VERSIONS, version=st.sampled_from(["a", "b"]), held=st.sampled_from(["", "paused"]))
def test_whoever_was_told_is_left_alone_and_nobody_is_restarted_for_what_is_known(own, pods, version, held):
    name = workloads.annotation(APP)
    before = {f"annotation:{name}": own} if own else {}
    before |= {f"template:{name}": pods} if pods else {}
    seen = web(before, held=held)
    change = written(seen, Known(seen, {APP: version}))
    restarts = any(one.startswith("template:") for one in change)
    # Pods whose template was rolled back to the very version that comes back cannot be started anew by it.
    assert restarts == ((own or pods) not in ("", version) and pods != version and not held)
    after = web(before, change, held=held)
    assert written(after, Known(after, {APP: version})) == {}
