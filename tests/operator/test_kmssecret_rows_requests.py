"""How a person hurries a KMSSecret or has it rest (kmssecret §4.3)."""

from __future__ import annotations

import pytest

from canaries import canary
from stand import NAMESPACE, PROJECT, eventually, kmssecret

FORCE_SYNC, PAUSED = "secrets.lux.network/force-sync", "secrets.lux.network/paused"


def annotate(stand, **annotations):
    stand.cluster.patch("kmssecrets", "app", {"metadata": {"annotations": annotations}}, namespace=NAMESPACE)


@pytest.mark.row("kmssecret-61")
@pytest.mark.parametrize("texts", [("1", "2", None)], ids=["set, changed and removed"])
def test_every_change_of_a_request_brings_a_fresh_look_at_once(stand, texts):
    kms = stand.kms({"/app": {"A": canary()}})
    stand.operator("--max-interval", "1h")
    stand.apply(kmssecret("app", kms.url, interval=3600))
    stand.until_ready("app")
    for text in texts:
        fresh = canary("fresh")
        kms.model.put(PROJECT.slug, "prod", "/app", {"A": fresh})
        asked = len(kms.asked("list"))
        annotate(stand, **{FORCE_SYNC: text})
        stand.until("secrets", lambda fresh=fresh: stand.data("app") == {"A": fresh})
        assert len(kms.asked("list")) == asked + 1, "asked once, not again and again"


@pytest.mark.row("kmssecret-61")
def test_a_paused_object_is_left_alone_until_it_is_not(stand):
    kms = stand.kms({"/app": {"A": canary()}})
    operator = stand.operator()
    stand.apply(kmssecret("app", kms.url), kmssecret("other", kms.url, path="/app", environment="prod"))
    stand.until_ready("app", "other")
    annotate(stand, **{PAUSED: "true"})
    operator.line("KMSSecret shop/app is paused")
    changed = canary("changed")
    kms.model.put(PROJECT.slug, "prod", "/app", {"A": changed})
    stand.cluster.patch("secrets", "app", {"data": {"A": "bWluZQ=="}}, namespace=NAMESPACE)
    stand.until("secrets", lambda: stand.data("other") == {"A": changed})
    asked = len(kms.asked("list"))
    eventually(lambda: len(kms.asked("list")) >= asked + 3)
    assert stand.data("app") == {"A": "mine"}

    annotate(stand, **{PAUSED: None})
    stand.until("secrets", lambda: stand.data("app") == {"A": changed})
    operator.line("KMSSecret shop/app goes on")


def test_a_paused_object_can_be_deleted(stand):
    stand.cluster.create("namespaces", {"metadata": {"name": "other"}})
    kms = stand.kms({"/app": {"A": canary()}})
    stand.operator()
    manifest = kmssecret("app", kms.url, policy="Owner")
    manifest["spec"]["managedSecretReference"]["secretNamespace"] = "other"
    stand.apply(manifest)
    stand.until_ready("app")
    annotate(stand, **{PAUSED: "true"})
    stand.cluster.delete("kmssecrets", "app", namespace=NAMESPACE)
    stand.until("secrets", lambda: stand.data("app", namespace="other") is None)
    eventually(lambda: not stand.cluster.list("kmssecrets")["items"])


def test_a_paused_object_rests_from_the_start_too(stand):
    kms = stand.kms({"/app": {"A": canary()}})
    paused = kmssecret("app", kms.url)
    paused["metadata"]["annotations"] = {PAUSED: "true"}
    stand.apply(paused)
    stand.operator()
    stand.apply(kmssecret("other", kms.url))
    stand.until_ready("other")
    assert "status" not in stand.object("app")
    assert stand.data("app") is None
