"""Objects with `instantUpdates` hear of changes by the KMS's change feed, however long their interval is."""

from __future__ import annotations

from attrs import evolve

from canaries import canary
from secretsync.devserver.seed import Grant
from stand import PROJECT, eventually, kmssecret

LONG = "10m"


def listener(kms, name: str, *, path: str = "/app", wanted: bool = True):
    """Return an object that asks for changes at once, at a KMS that lets its identity hear of them."""
    identity = evolve(kms.seed.identities[0], grants=(Grant(PROJECT.slug, actions=("read", "subscribe")),))
    kms.model.replace_identity(identity)
    obj = kmssecret(name, kms.url, path=path)
    obj["spec"] |= {"instantUpdates": wanted, "resyncInterval": 600}
    return obj


def open_feeds(operator, kms) -> float | None:
    return operator.metric(f'secretsync_feeds_open{{host="{kms.url}"}}')


def test_a_change_is_delivered_at_once_and_objects_share_a_connection(stand):
    kms = stand.kms({"/app": {"A": canary()}, "/other": {"B": canary()}})
    operator = stand.operator("--max-interval", LONG)
    stand.apply(listener(kms, "app"), listener(kms, "same"), listener(kms, "polls", wanted=False))
    stand.until_ready("app", "same", "polls")
    eventually(lambda: open_feeds(operator, kms) == 1.0)
    text = canary("changed")
    kms.model.put(PROJECT.slug, "prod", "/app", {"A": text})
    stand.until("secrets", lambda: stand.data("app") == stand.data("same") == {"A": text})
    assert len(kms.asked("login")) == 1
    assert (operator.metric('secretsync_told_changes_total{by="feed"}') or 0.0) >= 1.0
    for obj in ("app", "same"):
        stand.cluster.patch("kmssecrets", obj, {"spec": {"instantUpdates": False}}, namespace="shop")
    eventually(lambda: kms.model.feed.connections == 0)
    eventually(lambda: open_feeds(operator, kms) is None)


def test_an_operator_that_stops_ends_its_feeds(stand):
    kms = stand.kms({"/app": {"A": canary()}})
    operator = stand.operator("--max-interval", LONG)
    stand.apply(listener(kms, "app"))
    eventually(lambda: kms.model.feed.connections == 1)
    assert operator.stop() == 0
    eventually(lambda: kms.model.feed.connections == 0)


def test_without_a_feed_the_interval_counts(stand):
    kms = stand.kms({"/app": {"A": canary()}})
    kms.model.feed.plan = False
    operator = stand.operator()
    stand.apply(listener(kms, "app"))
    stand.until_ready("app")
    eventually(lambda: kms.asked("events"))
    text = canary("changed")
    kms.model.put(PROJECT.slug, "prod", "/app", {"A": text})
    stand.until("secrets", lambda: stand.data("app") == {"A": text})
    assert stand.condition("app")["status"] == "True"
    assert open_feeds(operator, kms) == 0.0
