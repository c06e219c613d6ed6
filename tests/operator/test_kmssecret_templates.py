"""Templates, keys and several targets, from the manifest to the Secrets, and how their failures are told."""

from __future__ import annotations

import pytest

from canaries import canary
from stand import NAMESPACE, PROJECT, kmssecret


def templated(name: str, url: str, **template: object):
    obj = kmssecret(name, url)
    obj["spec"]["managedSecretReference"]["template"] = template
    return obj


@pytest.mark.row("kmssecret-48")
def test_a_template_makes_the_secret_and_its_failure_leaves_it(stand):
    value = canary()
    kms = stand.kms({"/app": {"A": value, "B": canary("b")}})
    stand.operator()
    stand.apply(
        templated("app", kms.url, data={"url": "https://{{ .A.Value }}@x"}),
        templated("bad", kms.url, data={"X": "{{ .A"}),
    )
    stand.until_ready("app")
    assert stand.data("app") == {"url": f"https://{value}@x"}
    assert 'Secret shop/bad: key "X": template: X:1' in stand.until_reason("bad", "TemplateError")["message"]
    assert stand.data("bad") is None
    kms.model.delete(PROJECT.slug, "prod", "/app", ["A"])
    stand.until_reason("app", "TemplateError")
    assert stand.data("app") == {"url": f"https://{value}@x"}, "a failure empties nothing"
    edit = {
        "spec": {"managedSecretReference": {"template": {"includeAllSecrets": True, "data": {"url": "{{ .B.Value }}"}}}}
    }
    stand.cluster.patch("kmssecrets", "app", edit, namespace=NAMESPACE)
    stand.until_ready("app")
    assert set(stand.data("app")) == {"url", "B"}


@pytest.mark.row("kmssecret-59")
def test_the_keys_that_are_named_are_there_or_nothing_is(stand):
    kms = stand.kms({"/app": {"A": canary(), "B": canary(), "C": canary()}})
    stand.operator()
    stand.apply(
        kmssecret("two", kms.url, keys=["A", "B"]),
        kmssecret("lost", kms.url, keys=["A", "D"]),
        kmssecret("one", kms.url, secretName="C"),
    )
    stand.until_ready("two", "one")
    assert set(stand.data("two")) == {"A", "B"}
    assert set(stand.data("one")) == {"C"}
    assert '"D"' in stand.until_reason("lost", "SecretNotFound")["message"]
    assert stand.data("lost") is None
    kms.model.put(PROJECT.slug, "prod", "/app", {"D": canary()})
    stand.until_ready("lost")
    assert set(stand.data("lost")) == {"A", "D"}


@pytest.mark.row("kmssecret-49")
def test_of_two_targets_only_the_failed_one_is_tried_again(stand):
    kms = stand.kms({"/app": {"A": canary()}})
    stand.operator()
    obj = kmssecret("app", kms.url)
    del obj["spec"]["managedSecretReference"]
    first = {"secretName": "first", "secretNamespace": NAMESPACE, "creationPolicy": "Orphan"}
    obj["spec"]["managedKubeSecretReferences"] = [first, {**first, "secretName": "second", "secretNamespace": "later"}]
    stand.apply(obj)
    assert "Secret later/second" in stand.until_reason("app", "TargetNamespaceMissing")["message"]
    assert stand.data("first")
    assert [one["name"] for one in stand.object("app")["status"]["targets"] if one.get("resourceVersion")] == ["first"]
    before = stand.secret("first")["metadata"]["resourceVersion"]
    stand.namespace("later")
    stand.until_ready("app")
    assert stand.data("second", namespace="later") == stand.data("first")
    assert stand.secret("first")["metadata"]["resourceVersion"] == before
