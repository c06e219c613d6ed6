"""How soon what happens in the cluster is answered, in virtual time: events are gathered for a second (kmssecret §4.3).

That whole processes do so too, and not at their next look, is told elsewhere, where time is the machine's.
"""

from __future__ import annotations

from base64 import b64decode

import pytest

from canaries import canary
from stand import CLIENT_ID, CLIENT_SECRET, CREDENTIALS, NAMESPACE, PROJECT, kmssecret
from virtual import Line

SOON = 2.0
VALUE = canary("value")


def value(line):
    return b64decode(line.secret("app")["data"]["A"]).decode()


def credentials(line, **keys):
    if line.exists("secrets", CREDENTIALS):
        line.cluster.delete("secrets", CREDENTIALS, namespace=NAMESPACE)
    line.cluster.create("secrets", {"metadata": {"name": CREDENTIALS}, "stringData": keys}, namespace=NAMESPACE)


@pytest.fixture
def line():
    """An operator with one object in step, which it looks at once an hour."""
    with Line({"/app": {"A": VALUE}}) as line:
        line.apply(kmssecret("app", line.url, interval=3600))
        line.run(100.0)
        yield line


@pytest.mark.row("kmssecret-34")
def test_a_target_that_is_deleted_comes_back(line):
    line.cluster.delete("secrets", "app", namespace=NAMESPACE)
    line.run(SOON)
    assert value(line) == VALUE


@pytest.mark.row("kmssecret-35")
def test_a_value_that_is_edited_is_put_right(line):
    line.cluster.patch("secrets", "app", {"stringData": {"A": canary("theirs")}}, namespace=NAMESPACE)
    line.run(SOON)
    assert value(line) == VALUE


@pytest.mark.row("kmssecret-61")
def test_a_request_brings_a_fresh_look(line):
    changed = canary("changed")
    line.kms.model.put(PROJECT.slug, "prod", "/app", {"A": changed})
    line.run(100.0)
    assert value(line) == VALUE, "nobody looks by himself"
    force = {"metadata": {"annotations": {"secrets.lux.network/force-sync": "1"}}}
    line.cluster.patch("kmssecrets", "app", force, namespace=NAMESPACE)
    line.run(SOON)
    assert value(line) == changed


@pytest.mark.row("kmssecret-17", "kmssecret-18")
def test_credentials_that_come_late_are_taken():
    with Line({"/app": {"A": VALUE}}) as line:
        line.cluster.delete("secrets", CREDENTIALS, namespace=NAMESPACE)
        line.apply(kmssecret("app", line.url, interval=3600))
        line.run(100.0)
        credentials(line, clientId=CLIENT_ID)
        line.run(SOON)
        assert "clientSecret missing" in line.condition("app")["message"]
        credentials(line, clientId=CLIENT_ID, clientSecret=CLIENT_SECRET)
        line.run(SOON)
        assert value(line) == VALUE


@pytest.mark.row("kmssecret-19")
def test_credentials_that_are_put_right_are_used():
    with Line({"/app": {"A": VALUE}}, secret=canary("old")) as line:
        line.apply(kmssecret("app", line.url, interval=3600))
        line.run(100.0)
        assert line.condition("app")["reason"] == "AuthenticationFailed"
        tried = len(line.kms.asked("login"))
        credentials(line, clientId=CLIENT_ID, clientSecret=CLIENT_SECRET)
        line.run(SOON)
        assert value(line) == VALUE
        assert len(line.kms.asked("login")) == tried + 1
