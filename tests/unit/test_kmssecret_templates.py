"""What a KMSSecret's templates, keys and single secrets make of a folder (kmssecret §2.1, §13)."""

from __future__ import annotations

from typing import Any

import pytest

from secretsync.backends.kms.queries import Folder, Secret
from secretsync.cache.store import Store
from secretsync.client_policy import OPERATOR
from secretsync.errors import InvalidKey, InvalidSpec, SecretNotFound
from secretsync.queries import Found
from secretsync.reconcile.ask import Ask, NotYet
from secretsync.targets import Target
from secretsync.templates import TemplateError
from secretsync.values import Document, Row, SecretValue
from secretsync_k8s.kinds.kmssecret import KMSSecret
from stand import kmssecret
from worlds import DIGEST

KIND = KMSSecret(DIGEST, OPERATOR, now=lambda: 1_795_392_000 * 10**9)
ROWS = (Row("A", SecretValue("1"), path="/app"), Row("B-2", SecretValue("c4n4ry"), path="/app"))
IMPORTED = Row("I", SecretValue("3"), path="prod:/shared", block=1)


def manifest(scope: dict[str, Any] | None = None, annotations: dict[str, str] | None = None, **template: Any) -> Any:
    obj = kmssecret("app", "http://kms.test", projectSlug=None, projectId="p1", **(scope or {}))
    obj["metadata"] |= {"uid": "uid-1", "generation": 1, "labels": {"team": "red"}, "annotations": annotations or {}}
    if template:
        obj["spec"]["managedSecretReference"]["template"] = template
    return obj


def wanted(obj: dict[str, Any], *rows: Row) -> Target:
    """Return the one target that an object wants when its folder holds these rows."""
    spec, store = KIND.decode(obj), Store(DIGEST)
    assert spec.credentials
    store.learn(spec.credentials, Found({"clientId": SecretValue("1")}), at=0.0)
    ask = Ask(store, now=0.0, since=0.0, max_age=60.0, permit=lambda what, ask: None)
    with pytest.raises(NotYet):
        KIND.desired(spec, ask)
    (asked,) = (query for query in ask.missed if isinstance(query, Folder | Secret))
    store.learn(asked, Found(Document(rows) if isinstance(asked, Folder) else rows[0]), at=0.0)
    (target,) = KIND.desired(spec, ask)
    return target


def texts(target: Target) -> dict[str, str]:
    return {key: value.text() for key, value in target.content.items()}


@pytest.mark.row("kmssecret-48")
@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param({"data": {"X": "{{ .A.Value }}-{{ .A.SecretPath }}"}}, {"X": "1-/app"}, id="data alone"),
        pytest.param(
            {"includeAllSecrets": True, "data": {"A": "{{ .A.Value }}!"}},
            {"A": "1!", "B-2": "c4n4ry", "I": "3"},
            id="wins",
        ),
        pytest.param({"data": {"X": '{{ (index . "B-2").Value | upper }}'}}, {"X": "C4N4RY"}, id="dashes by index"),
        pytest.param({"data": {"X": "{{ .I.SecretPath }}"}}, {"X": "/shared"}, id="imported"),
        pytest.param({"data": {"X": "{{ .A.Value | encodeBase64 }}"}}, {"X": "MQ=="}, id="functions beyond Sprig"),
        pytest.param({"data": {"X": '{{ now | date "2006" }}'}}, {"X": "2026"}, id="the time"),
        pytest.param(
            {"includeAllSecrets": False, "data": {}}, {"A": "1", "B-2": "c4n4ry", "I": "3"}, id="nothing said"
        ),
        pytest.param({"metadata": {"labels": {"x": "y"}}}, {"A": "1", "B-2": "c4n4ry", "I": "3"}, id="metadata alone"),
    ],
)
def test_what_a_template_makes(template: dict[str, Any], expected: dict[str, str]) -> None:
    assert texts(wanted(manifest(**template), *ROWS, IMPORTED)) == expected


@pytest.mark.row("kmssecret-48")
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{{ .NOPE.Value }}", 'map has no entry for key "NOPE"'),
        ("{{ .A.Value ", "unclosed action"),
        ("{{ .A.Nope }}", "can't evaluate field Nope"),
        ('{{ fail (index . "B-2").Value }}', "error calling fail"),
    ],
)
def test_a_template_that_fails_names_its_key_and_no_value(text: str, problem: str) -> None:
    with pytest.raises(TemplateError) as failed:
        wanted(manifest(data={"X": text}), *ROWS)
    said = str(failed.value)
    assert said.startswith('Secret shop/app: key "X": template: X:1')
    assert problem in said
    assert "c4n4ry" not in said
    assert failed.value.__context__ is None
    assert KIND.reason(failed.value) == "TemplateError"


def test_a_missing_key_may_be_what_it_was_in_the_original() -> None:
    lenient = {"secrets.lux.network/template-missing-key": "default"}
    template = {"X": "{{ .NOPE.Value }}", "Y": '{{ (index . "no-key").Value }}'}
    assert texts(wanted(manifest(annotations=lenient, data=template), *ROWS)) == {"X": "<no value>", "Y": ""}


def test_a_password_that_a_template_makes_stays_while_its_inputs_do() -> None:
    obj = manifest(data={"P": "{{ randAlphaNum 100 }}", "Q": "{{ randAlphaNum 100 }}"})
    first, again, other = wanted(obj, *ROWS), wanted(obj, *ROWS), wanted(obj, ROWS[0])
    assert first.content == again.content
    assert len({*texts(first).values(), *texts(other).values()}) == 4


def test_bytes_that_are_no_text_go_through_a_template() -> None:
    raw = Row("A", SecretValue(b"\xff\x00"), path="/app")
    target = wanted(manifest(data={"X": "{{ .A.Value }}"}), raw)
    assert target.content["X"] == SecretValue(b"\xff\x00")


def test_metadata_of_a_template_takes_the_place_of_the_objects() -> None:
    metadata = {"labels": {"team": "blue"}, "annotations": {"a": "b"}}
    plain, target = wanted(manifest(), *ROWS), wanted(manifest(metadata=metadata), *ROWS)
    assert plain.attributes["label:team"] == "red"
    assert {name: text for name, text in target.attributes.items() if ":" in name and "lux" not in name} == {
        "label:team": "blue",
        "annotation:a": "b",
    }
    with pytest.raises(InvalidSpec, match=r'metadata\.annotations names "secrets\.lux\.network/owner"'):
        KIND.decode(manifest(metadata={"annotations": {"secrets.lux.network/owner": "x/y"}}))


def test_a_key_that_a_template_names_is_checked_as_any_other() -> None:
    with pytest.raises(InvalidKey, match='"has space"'):
        wanted(manifest(data={"has space": "x"}), *ROWS)


@pytest.mark.row("kmssecret-59")
def test_keys_that_are_named_are_all_there_and_nothing_else() -> None:
    obj = manifest({"keys": ["B-2", "A"]})
    assert texts(wanted(obj, *ROWS, IMPORTED)) == {"A": "1", "B-2": "c4n4ry"}
    with pytest.raises(SecretNotFound, match='secret not found: "B-2"; create it, or take it out of keys'):
        wanted(obj, ROWS[0])


def test_a_single_secret_is_read_alone() -> None:
    assert texts(wanted(manifest({"secretName": "A"}), ROWS[0])) == {"A": "1"}


@pytest.mark.parametrize(
    "scope",
    [{"keys": ["A"], "secretName": "A"}, {"secretName": "A", "recursive": True}, {"keys": ["A"], "recursive": True}],
)
def test_what_is_read_is_said_in_one_way(scope: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpec, match="keep one of them"):
        KIND.decode(manifest(scope))
