"""`secretsync-operator cleanup`: the way back from us (kmssecret §5)."""

from __future__ import annotations

import pytest

from canaries import canary
from secretsync_k8s.operator.cleanup import Cleanup, clean
from secretsync_k8s.testing import DirectTransport, MemoryCluster
from stand import NAMESPACE, kmssecret

FINALIZER = "kmssecret.secrets.lux.network/cleanup"
THEIRS = "example.org/theirs"


def held(name, *finalizers, namespace=NAMESPACE):
    manifest = kmssecret(name, "http://kms.test", namespace=namespace)
    manifest["metadata"]["finalizers"] = list(finalizers)
    return manifest


def finalizers(stand, name, namespace=NAMESPACE):
    return stand.object(name, namespace=namespace)["metadata"].get("finalizers", [])


def cleanup(stand, *argv):
    """Run it as people do, and return its exit code and what it says."""
    process = stand.command("cleanup", *argv)
    return process.wait(), process.lines


@pytest.mark.row("kmssecret-6")
def test_our_finalizers_are_taken_away_and_nothing_else_is_touched(stand):
    stand.namespace("other")
    secret = {"metadata": {"name": "app"}, "stringData": {"A": canary()}}
    stand.cluster.create("secrets", secret, namespace="other")
    stand.apply(
        held("app", "a.example/x", FINALIZER, THEIRS), held("free", THEIRS), held("app", FINALIZER, namespace="other")
    )
    before = stand.secret("app", namespace="other")
    stand.forget()
    code, said = cleanup(stand, "--kind", "KMSSecret", "--namespace", NAMESPACE)
    assert (code, said) == (0, ["KMSSecret shop/app waits for us no longer"])
    assert finalizers(stand, "app") == ["a.example/x", THEIRS]
    assert finalizers(stand, "free") == [THEIRS]
    assert finalizers(stand, "app", namespace="other") == [FINALIZER]
    assert [(one.verb, one.resource, one.subresource, one.name) for one in stand.writes()] == [
        ("patch", "kmssecrets", "", "app")
    ]

    assert cleanup(stand, "--kind=KMSSecret") == (0, ["KMSSecret other/app waits for us no longer"])
    assert cleanup(stand, "--kind=KMSSecret") == (0, [])
    assert stand.secret("app", namespace="other") == before


def test_an_object_that_waited_for_us_is_gone_and_what_it_owned_stays(stand):
    stand.cluster.create("secrets", {"metadata": {"name": "app"}, "stringData": {"A": canary()}}, namespace=NAMESPACE)
    stand.apply(held("app", FINALIZER))
    stand.cluster.delete("kmssecrets", "app", namespace=NAMESPACE)
    assert cleanup(stand, "--kind", "KMSSecret")[0] == 0
    assert stand.cluster.list("kmssecrets")["items"] == []
    assert stand.data("app")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ((), '--kind "" is no kind of ours; write KMSSecret'),
        (("--kind", "Secret"), '--kind "Secret" is no kind of ours; write KMSSecret'),
        (("--kind", "KMSSecret", "all"), 'unexpected argument "all"; every setting is a flag'),
    ],
    ids=["no kind", "another kind", "more words"],
)
def test_what_is_wrong_is_told(stand, argv, said):
    assert cleanup(stand, *argv) == (2, [f"secretsync-operator: {said}"])


def test_help_lists_the_flags_of_the_command(stand):
    code, said = cleanup(stand, "--help")
    assert code == 0
    assert said[0] == "Usage of secretsync-operator cleanup:"


def test_what_could_not_be_taken_away_is_told_and_the_rest_is(stand, capsys):
    stand.apply(held("a", FINALIZER), held("b", FINALIZER))
    assert isinstance(stand.cluster, MemoryCluster)
    stand.cluster.fail(status=403, verb="patch", resource="kmssecrets")
    assert clean(DirectTransport(stand.cluster), Cleanup("", "KMSSecret", "")) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("KMSSecret shop/a: ")
    assert "grant it to our service account" in first
    assert second == "KMSSecret shop/b waits for us no longer"
