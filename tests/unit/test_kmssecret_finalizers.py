"""One finalizer is added and taken away, whatever others do to the list meanwhile (kmssecret §5)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secretsync.errors import Forbidden, TargetMoved, Unavailable
from secretsync_k8s.cluster.finalizers import Finalizer, add, remove
from secretsync_k8s.cluster.resources import KMSSECRETS
from secretsync_k8s.manifests import crd
from secretsync_k8s.testing import MemoryCluster
from secretsync_k8s.testing.direct import DirectTransport
from stand import kmssecret

OURS = "kmssecret.secrets.lux.network/cleanup"
others = st.lists(st.sampled_from([f"example.org/{n}" for n in range(5)]), unique=True)


class Held:
    """A cluster with one object in it."""

    def __init__(self, finalizers=()):
        self.cluster = MemoryCluster(crds=[crd("kmssecrets")])
        self.cluster.create("namespaces", {"metadata": {"name": "shop"}})
        self.transport = DirectTransport(self.cluster)
        manifest = kmssecret("app", "http://kms.test")
        manifest["metadata"]["finalizers"] = list(finalizers)
        uid = self.cluster.create("kmssecrets", manifest)["metadata"]["uid"]
        self.query = Finalizer(KMSSECRETS, "shop", "app", uid, OURS)

    @property
    def finalizers(self):
        return self.cluster.get("kmssecrets", "app", namespace="shop")["metadata"].get("finalizers", [])

    @property
    def patches(self):
        return sum(one.verb == "patch" for one in self.cluster.requests)


@settings(max_examples=20)  # each makes a cluster
@given(others)
def test_it_joins_those_of_others_and_leaves_them_again(theirs):
    held = Held(theirs)
    add(held.transport, held.query)
    assert held.finalizers == [*theirs, OURS]
    add(held.transport, held.query)
    assert held.patches == 1, "there already: nothing is written"
    remove(held.transport, held.query)
    assert held.finalizers == theirs
    remove(held.transport, held.query)
    assert held.patches == 2


def test_a_write_of_others_in_between_is_seen():
    held = Held(["example.org/theirs"])
    held.cluster.fail(status=409, verb="patch", times=2)
    add(held.transport, held.query)
    assert held.finalizers == ["example.org/theirs", OURS]
    held.cluster.fail(status=409, verb="patch", times=100)
    with pytest.raises(TargetMoved, match="others keep writing it"):
        remove(held.transport, held.query)


def test_nothing_is_added_to_what_is_on_its_way_out():
    held = Held(["example.org/theirs"])
    held.cluster.delete("kmssecrets", "app", namespace="shop")
    with pytest.raises(TargetMoved, match="on its way out"):
        add(held.transport, held.query)
    assert held.finalizers == ["example.org/theirs"]


def test_an_object_of_the_same_name_that_came_later_is_not_touched():
    held = Held([OURS])
    later = Finalizer(KMSSECRETS, "shop", "app", "another uid", OURS)
    with pytest.raises(TargetMoved):
        add(held.transport, later)
    remove(held.transport, later)
    assert held.finalizers == [OURS]


def test_what_is_gone_is_gone():
    held = Held()
    held.cluster.delete("kmssecrets", "app", namespace="shop")
    with pytest.raises(TargetMoved, match="KMSSecret shop/app is gone"):
        add(held.transport, held.query)
    remove(held.transport, held.query)


@pytest.mark.parametrize(("status", "error"), [(403, Forbidden), (503, Unavailable)])
@pytest.mark.parametrize("act", [add, remove])
def test_a_refusal_is_told(act, status, error):
    held = Held([OURS] if act is remove else [])
    held.cluster.fail(status=status, verb="patch")
    with pytest.raises(error):
        act(held.transport, held.query)


def test_a_finalizer_that_others_add_in_between_stays():
    held = Held()

    class Overtaken:
        """A way to the cluster on which others come first, once."""

        def __init__(self, inner):
            self.inner, self.once = inner, [{"metadata": {"finalizers": ["example.org/theirs"]}}]

        def request(self, method, path, **named):
            if method == "PATCH" and self.once:
                held.cluster.patch("kmssecrets", "app", self.once.pop(), namespace="shop")
            return self.inner.request(method, path, **named)

    add(Overtaken(held.transport), held.query)
    assert held.finalizers == ["example.org/theirs", OURS]
