"""Entries on a disk that only who has the key can read."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from disk import leftovers
from secretsync.errors import CredentialsNotFound
from secretsync.files.sealed import Sealed
from secretsync.values import SecretValue

PLAIN = b'{"password": "c4n4ry"}'


def sealed(folder: Path, key: str = "key") -> Sealed:
    return Sealed(str(folder), key=lambda: SecretValue(key), entropy=os.urandom)


def entry(folder: Path) -> Path:
    (path,) = folder.glob("*.sealed")
    return path


def test_what_is_written_is_read_and_shows_nowhere(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "cache"
    assert sealed(folder).write("one", PLAIN)
    assert (sealed(folder).read("one"), sealed(folder).read("other")) == (PLAIN, None)
    assert b"c4n4ry" not in entry(folder).read_bytes()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, entry(folder))] == [0o700, 0o600]


def test_no_two_writes_share_a_salt_or_a_nonce(tmp_path: Path) -> None:
    seen = set()
    for _ in range(3):
        sealed(tmp_path).write("one", PLAIN)
        raw = entry(tmp_path).read_bytes()
        seen |= {raw[20:36], raw[36:48]}
    assert len(seen) == 6


def cut(raw: bytes) -> bytes:
    return raw[:-1]


def short(raw: bytes) -> bytes:
    return raw[:40]


def empty(raw: bytes) -> bytes:
    return b""


def older(raw: bytes) -> bytes:
    return raw.replace(b"sealed-1", b"sealed-0")


def changed(raw: bytes) -> bytes:
    return raw[:-1] + bytes([raw[-1] ^ 1])


@pytest.mark.parametrize("spoil", [cut, short, empty, older, changed], ids=lambda spoil: spoil.__name__)
def test_what_is_no_entry_is_dropped_and_counted(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    sealed(tmp_path).write("one", PLAIN)
    path = entry(tmp_path)
    path.write_bytes(spoil(path.read_bytes()))
    reader = sealed(tmp_path)
    assert (reader.read("one"), reader.dropped, list(tmp_path.iterdir())) == (None, 1, [])


def test_an_entry_of_another_key_is_dropped_and_counted(tmp_path: Path) -> None:
    sealed(tmp_path).write("one", PLAIN)
    reader = sealed(tmp_path, "another")
    assert (reader.read("one"), reader.dropped, reader.names()) == (None, 1, [])


def test_no_entry_takes_the_place_of_another(tmp_path: Path) -> None:
    sealed(tmp_path).write("one", PLAIN)
    entry(tmp_path).rename(tmp_path / "two.sealed")
    assert sealed(tmp_path).read("two") is None


@pytest.mark.parametrize("key", ["", None])
def test_without_a_key_nothing_is_written_and_nothing_lost(tmp_path: Path, key: str | None) -> None:
    def no_key() -> SecretValue:
        if key is None:
            raise CredentialsNotFound("the key is not there")
        return SecretValue(key)

    sealed(tmp_path).write("one", PLAIN)
    keyless = Sealed(str(tmp_path), key=no_key, entropy=os.urandom)
    assert (keyless.write("one", b"new"), keyless.read("one")) == (False, None)
    assert (keyless.unwritten, keyless.dropped) == (1, 1)
    assert sealed(tmp_path).read("one") == PLAIN


def test_a_full_disk_leaves_the_old_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = sealed(tmp_path)
    one.write("one", PLAIN)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    assert (one.write("one", b"new"), one.unwritten) == (False, 1)
    monkeypatch.undo()
    assert (one.read("one"), leftovers(tmp_path)) == (PLAIN, [])


def test_a_folder_that_is_none_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    one = sealed(tmp_path / "file")
    assert (one.write("one", PLAIN), one.read("one"), list(one.names())) == (False, None, [])
    one.remove("one")


def test_what_writes_that_were_killed_have_left_is_removed(tmp_path: Path) -> None:
    sealed(tmp_path).write("one", PLAIN)
    (tmp_path / ".secretsync-x.tmp").write_bytes(b"half")
    assert list(sealed(tmp_path).names()) == ["one"]
    assert leftovers(tmp_path) == []
