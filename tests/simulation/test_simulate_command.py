"""`secretsync simulate`: manifests in, lives and a report out; what is wrong with them is said at once."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from secretsync.cli.main import main
from secretsync_k8s.commands import inputs
from secretsync_k8s.kinds.kmssecret import reading
from secretsync_k8s.testing.simulation.built import build
from secretsync_k8s.testing.simulation.scenario import Login, Place, manifest
from secretsync_k8s.testing.simulation.simulation import plan

SHORT = ("--hours", "3.77")
HOST = "https://gate.example/kms"
LOGIN = {"credentialsRef": {"secretName": "login", "secretNamespace": "common"}}
BELOW = Place(HOST, "/top/below", "1234-56", "dev")


def kmssecret(name: str, *, scope: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """Return a manifest in a form that the drawn ones never have."""
    made = manifest(name, "shop", Place(HOST, "/"), interval=60, policy="Orphan")
    made["spec"]["authentication"] = {"universalAuth": {**LOGIN, "secretsScope": {"envSlug": "dev", **scope}}}
    made["spec"] |= spec
    return made


def several() -> dict[str, Any]:
    """As typed clients write it: several targets, and the block of the single one there and empty."""
    empty = {"secretName": "", "secretNamespace": "", "secretType": "", "creationPolicy": ""}
    targets = [{"secretName": "one", "secretNamespace": "shop"}, {"secretName": "two", "secretNamespace": "other"}]
    scope = {"projectId": BELOW.project, "secretsPath": "top/", "recursive": True}
    spec = {"managedSecretReference": empty, "managedKubeSecretReferences": targets}
    return kmssecret("several", scope=scope, syncConfig={"resyncInterval": "5m"}, **spec)


def single(name: str = "single") -> dict[str, Any]:
    return kmssecret(name, scope={"projectId": BELOW.project, "secretsPath": BELOW.path})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    listed = {
        "apiVersion": "v1",
        "kind": "List",
        "items": [several(), {"kind": "ConfigMap", "metadata": {"name": "x"}}],
    }
    (tmp_path / "listed.json").write_text(json.dumps(listed))
    (tmp_path / "single.yaml").write_text(yaml.safe_dump_all([single(), None]))
    (tmp_path / "README.md").write_text("no manifest: {")
    return tmp_path


# -- what is read


def test_a_folder_holds_documents_and_lists_and_other_kinds_are_named(folder: Path) -> None:
    read = inputs.load([folder])
    assert [obj["metadata"]["name"] for obj in read.objects] == ["several", "single"]
    assert read.others == ("ConfigMap x",)


def test_files_are_read_as_kubernetes_does(tmp_path: Path) -> None:
    made = single()
    made["metadata"] |= {"uid": "u", "resourceVersion": "7", "managedFields": []}
    text = yaml.safe_dump(made).replace("namespace: shop", "namespace: shop\n  annotations: {day: 2024-01-01}", 1)
    (tmp_path / "one.yaml").write_text(text.replace("  resyncInterval: 60\n", ""))
    (read,) = inputs.load([tmp_path / "one.yaml"]).objects
    assert read["metadata"] == {"name": "single", "namespace": "shop", "annotations": {"day": "2024-01-01"}}
    assert read["spec"]["resyncInterval"] == 60


def test_everything_that_is_wrong_is_said_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken, twice, vague = single("broken"), single("single"), kmssecret("vague", scope={"secretsPath": "/"})
    broken["spec"]["resyncInterval"] = 5
    old = {**single("old"), "apiVersion": "secrets.lux.network/v1alpha0"}
    nameless = {**single(), "metadata": {}}
    documents = [single(), broken, twice, vague, old, nameless]
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all(documents, sort_keys=False))
    assert main(["simulate", "-f", str(tmp_path)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    problems = [line.split(": ", 2) for line in told.err.splitlines()]
    lines = (tmp_path / "all.yaml").read_text().splitlines()
    fields = [(lines[int(place.split(":")[1]) - 1].strip(), path) for place, path, _ in problems]
    assert fields == [
        ("resyncInterval: 5", "spec.resyncInterval"),
        ("name: single", "metadata.name"),
        ("spec:", "spec"),
        ("secretsScope:", "spec.authentication.universalAuth.secretsScope"),
        ("apiVersion: secrets.lux.network/v1alpha0", "apiVersion"),
        ("metadata: {}", "metadata.name"),
    ]
    assert problems[1][2].startswith("KMSSecret shop/single is taken by ")
    assert problems[3][2] == "names neither projectSlug nor projectId; give one of them"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "not valid YAML"),
        ("a: \x01", "not valid YAML"),
        ("- 1", "not an object; write apiVersion, kind, metadata and spec"),
        ("kind: Secret", "there is no KMSSecret in these files"),
        ("", "there is no KMSSecret in these files"),
    ],
)
def test_what_is_no_manifest_is_refused(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.yaml").write_text(text)
    assert main(["simulate", "-f", str(tmp_path / "one.yaml")]) == 2
    assert said in capsys.readouterr().err


def test_files_that_cannot_be_read_are_all_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"\xff")
    (tmp_path / "empty").mkdir()
    named = [tmp_path / "none.yaml", tmp_path / "latin.yaml", tmp_path / "empty"]
    assert main(["simulate", *(word for path in named for word in ("-f", str(path)))]) == 2
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == list(map(str, named))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--deeds", "1"], "say which by --seed"),
        (["--seed", "1", "--hours", "1"], "--hours: 1 is too short for a storm and the recovery; take 3.8 or more"),
        (["--seed", "1", "--deeds", "0,999"], "--deeds: 999 is none of 0 to "),
        (["--seed", "1", "--objects", "x/y"], "--objects: there is no x/y"),
    ],
)
def test_wrong_options_are_refused(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", *words]) == 2
    assert said in capsys.readouterr().err


# -- what is simulated


def test_folders_logins_and_namespaces_are_made_up_for_what_manifests_name(folder: Path) -> None:
    built = build(inputs.load([folder]).objects)
    assert list(built.scenario.folders) == [Place(HOST, "/top", "1234-56", "dev"), BELOW]
    assert built.scenario.logins == (Login("common", "login"),)
    assert set(built.scenario.namespaces) == {"shop", "common", "other"}
    assert built.scenario.ids == {"1234-56"}
    assert built.scenario.longest == 300.0
    assert built.notes == ()


def test_what_is_left_out_is_said() -> None:
    paused, typed = single("paused"), single("typed")
    paused["metadata"]["annotations"] = {"secrets.lux.network/paused": "true"}
    typed["spec"]["managedSecretReference"]["secretType"] = "kubernetes.io/tls"
    typed["spec"]["tls"] = {"caRef": {"secretName": "ca", "secretNamespace": "shop", "key": "ca.crt"}}
    built = build([paused, typed])
    (obj,) = built.scenario.objects
    assert "tls" not in obj["spec"]
    assert obj["spec"]["managedSecretReference"]["secretType"] == "Opaque"
    assert built.notes == (
        "paused, and so not simulated: shop/paused",
        "simulated without TLS: shop/typed",
        "simulated with Secrets of type Opaque: shop/typed",
    )


# -- lives


@pytest.mark.parametrize("seed", [1, 2])
def test_a_life_of_manifests_breaks_no_invariant(seed: int, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "-f", str(folder), "--seed", str(seed), *SHORT]) == 0
    assert capsys.readouterr().out == f"seed {seed}: 3.77 hours, and nothing that must not happen did\n"


def test_the_command_of_a_story_shows_the_same_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reading, "_check", lambda spec, rows, host: None)  # empty is as good as any
    scenario = build(inputs.load([folder]).objects).scenario
    seeds = (seed for seed in range(100) if "kms empty list" in {deed.kind for deed in plan(seed, 3.77, scenario)})
    commands = (["simulate", "-f", str(folder), "--seed", str(seed), *SHORT] for seed in seeds)
    assert any(main(words) == 1 for words in commands)
    story = capsys.readouterr().out.splitlines()
    first = next(n for n, line in enumerate(story) if "nothing is removed without proof" in line)
    _, _, again = story[-1].partition(": ")
    program, *words = shlex.split(again)
    assert program == "secretsync"
    assert "--deeds" in words
    assert main(words) == 1
    assert capsys.readouterr().out.splitlines() == story[first:]
    assert main([*words, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert f"seed {told['seed']}: {told['violated']}" == story[first]


def test_lives_are_followed_by_a_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "-f", str(folder), "--seeds", "2", *SHORT, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [life["seed"] for life in told["lives"]] == [0, 1]
    assert told["violations"] == []
    assert told["notes"] == ["no KMSSecret, and so left out: ConfigMap x"]
    measured = told["measured"]
    assert measured["objects"] == 2
    assert set(measured["quiet_day"]) == {HOST, "the API server"}
    assert {"get leases", "update leases"} <= set(measured["quiet_day"]["the API server"])
    assert [each["interval"] for each in measured["propagation"]] == [60.0, 300.0]
    assert [each["backend"] for each in measured["outages"]] == [HOST, "the API server"]


def test_without_greenlet_the_extra_is_named() -> None:
    program = (
        "import sys; sys.modules['greenlet'] = None; from secretsync.cli.main import main; sys.exit(main(['simulate']))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert 'pip install "secretsync-k8s[simulation]"' in ended.stderr
