"""`secretsync get`, against a development KMS."""

from __future__ import annotations

import pytest

from secretsync.cli.get import Reference
from secretsync.cli.main import main
from secretsync.devserver import DevServer
from secretsync.devserver.seed import parse_seed
from secretsync.errors import InvalidInput

SEED = """
projects: [{id: 09eda1f8-85a3-47a9-8a6f-e27f133b2a36, slug: shop, environments: [prod]}]
identities:
  - {id: i, universal: {clientId: cid, clientSecret: s3cret}, grants: [{project: shop}]}
secrets: {shop: {prod: {/: {ROOT: "1"}, /db: {USER: app, PASSWORD: "p w"}}}}
"""


@pytest.fixture
def kms(monkeypatch):
    with DevServer(parse_seed(SEED)) as server:
        monkeypatch.setenv("SECRETSYNC_URL", server.url)
        monkeypatch.setenv("SECRETSYNC_CLIENT_ID", "cid")
        monkeypatch.setenv("SECRETSYNC_CLIENT_SECRET", "s3cret")
        yield server


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shop/prod", Reference("shop", "prod", "/", "")),
        ("shop/prod/", Reference("shop", "prod", "/", "")),
        ("shop/prod/a/b", Reference("shop", "prod", "/a/b", "")),
        ("shop/prod/a#K", Reference("shop", "prod", "/a", "K")),
        ("shop/prod#K", Reference("shop", "prod", "/", "K")),
        ("shop/prod#K#L", Reference("shop", "prod", "/", "K#L")),
    ],
)
def test_a_reference_names_a_folder_or_a_key(text, expected) -> None:
    assert Reference.parse(text) == expected


@pytest.mark.parametrize("text", ["", "shop", "/prod/a", "shop//a", "shop/prod/a#"])
def test_another_form_is_refused_with_the_right_one(text) -> None:
    with pytest.raises(InvalidInput, match="PROJECT/ENVIRONMENT/PATH"):
        Reference.parse(text)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["shop/prod/db#PASSWORD"], "p w\n"),
        (["shop/prod/db"], "PASSWORD\nUSER\n"),
        (["shop/prod/db", "--show-values"], "PASSWORD=p w\nUSER=app\n"),
        (["09eda1f8-85a3-47a9-8a6f-e27f133b2a36/prod#ROOT"], "1\n"),
    ],
)
def test_it_prints_what_was_asked_and_no_more(kms, capfdbinary, arguments, expected) -> None:
    assert main(["get", *arguments]) == 0
    assert capfdbinary.readouterr() == (expected.encode(), b"")


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("shop/prod/db#NONE", "secret not found"),
        ("shop/prod/none", "path not found"),
        ("none/prod/db", "project not found"),
    ],
)
def test_what_is_not_there_is_one_line_and_exit_status_1(kms, capsys, reference, words) -> None:
    assert main(["get", reference]) == 1
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_missing_settings_are_all_named(monkeypatch, capsys) -> None:
    for name in ("SECRETSYNC_URL", "SECRETSYNC_CLIENT_ID", "SECRETSYNC_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    assert main(["get", "shop/prod/db"]) == 2
    assert capsys.readouterr().err.count("is not set") == 3
