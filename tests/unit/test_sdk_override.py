"""Values for tests in place of a KMS."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

import secretsync
from secretsync import overrides
from secretsync.devserver import DevServer
from secretsync.errors import PathNotFound, SecretNotFound
from secretsync.values import SecretValue

DB = ("shop", "prod", "/db")


def texts(fields: Mapping[str, SecretValue] | None) -> dict[str, str]:
    return {key: value.text() for key, value in (fields or {}).items()}


def read(*place: str) -> dict[str, str]:
    """Read a folder as a program would that knows nothing of tests: with a client of its own."""
    with secretsync.open() as kms:
        return texts(kms.folder(*place))


def test_what_is_given_is_served_without_a_server() -> None:
    given: overrides.Given = {DB: {"PASSWORD": "x", "KEY": b"\xff", "USER": SecretValue("u")}}
    with secretsync.override(given), secretsync.open() as kms:
        assert kms.secret(*DB, "PASSWORD").text() == "x"
        assert kms.secret("shop", "prod", "db/", "KEY").reveal() == b"\xff"
        assert set(kms.folder(*DB)) == {"KEY", "PASSWORD", "USER"}


def test_a_client_that_was_open_before_sends_nothing_until_the_end(secretsync_kms: DevServer) -> None:
    secretsync_kms.model.put("test", "prod", "/", {"A": "real"})
    with secretsync.open(secretsync_kms.url, client_id="test", client_secret="test") as kms:
        with secretsync.override({("test", "prod", "/"): {"A": "given"}}):
            assert kms.secret("test", "prod", "/", "A").text() == "given"
        assert secretsync_kms.asked() == ()
        assert kms.secret("test", "prod", "/", "A").text() == "real"


def test_what_is_not_given_is_not_found() -> None:
    with secretsync.override({DB: {"A": "a"}}), secretsync.open() as kms:
        with pytest.raises(PathNotFound, match=r"secretsync\.override"):
            kms.folder("shop", "prod", "/other")
        with pytest.raises(SecretNotFound, match=r"secretsync\.override"):
            kms.secret(*DB, "NONE")


def test_the_folders_below_count_on_request() -> None:
    given = {
        DB: {"A": "a", "B": "b"},
        ("shop", "prod", "/db/deep"): {"B": "deep"},
        ("shop", "prod", "/dbs"): {"C": "c"},
    }
    with secretsync.override(given), secretsync.open() as kms:
        assert texts(kms.folder(*DB)) == {"A": "a", "B": "b"}
        assert texts(kms.folder(*DB, recursive=True)) == {"A": "a", "B": "deep"}
        assert texts(kms.folder("shop", "prod", recursive=True)) == {"A": "a", "B": "deep", "C": "c"}


def test_they_nest_and_an_error_restores_what_was() -> None:
    def fails() -> None:
        with secretsync.override({DB: {"B": "inner"}}):
            assert read(*DB) == {"B": "inner"}
            assert read("shop", "dev", "/") == {"D": "d"}
            raise ZeroDivisionError

    with secretsync.override({DB: {"A": "outer"}, ("shop", "dev", "/"): {"D": "d"}}):
        with pytest.raises(ZeroDivisionError):
            fails()
        assert read(*DB) == {"A": "outer"}


def test_other_threads_see_them_and_may_have_their_own() -> None:
    def own(number: int) -> dict[str, str]:
        place = ("shop", "prod", f"/{number}")
        with secretsync.override({place: {"N": f"{number}"}}):
            return read(*place)

    with secretsync.override({DB: {"A": "a"}}), ThreadPoolExecutor(8) as pool:
        assert list(pool.map(own, range(32))) == [{"N": f"{number}"} for number in range(32)]
        assert pool.submit(read, *DB).result() == {"A": "a"}


def test_a_watch_sees_what_is_given() -> None:
    with secretsync.override({DB: {"A": "a"}}), secretsync.open() as kms, kms.watch(*DB) as watch:
        assert texts(watch.next(1)) == {"A": "a"}
        assert watch.next(0) is None
        with kms.watch("shop", "prod", "/other") as other, pytest.raises(PathNotFound):
            other.next(1)


def test_what_is_given_does_not_show() -> None:
    with secretsync.override({DB: {"A": "canary"}}):
        assert "canary" not in repr(overrides.active())
