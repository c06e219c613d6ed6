"""Files where the system is in the way: mounted by themselves, on a full disk, on one that may only be read.

Each runs in a namespace of its own, where this user may mount.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from canaries import canary, shown

MAY_MOUNT = subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode == 0
pytestmark = pytest.mark.skipif(not MAY_MOUNT, reason="unshare -rm is not allowed here")

PROGRAM = """
import logging, os, sys
sys.path[:0] = {path!r}
from pathlib import Path
from disk import DIGEST, leftovers, look, put, seen
from secretsync.errors import TargetError
from secretsync.files import Rules, target
from secretsync.files.place import Files

logging.basicConfig(level="INFO", format="log: %(message)s", stream=sys.stdout)
folder = Path({folder!r})
path = folder / "app.env"
files = Files(DIGEST, umask=0o022)
"""


def run(folder: Path, mounts: str, code: str) -> list[str]:
    program = PROGRAM.format(path=sys.path, folder=str(folder)) + code
    script = f'set -e\n{mounts}\nexec "$0" -c "$1"'
    ran = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, sys.executable, program],
        capture_output=True, text=True, check=False, cwd=folder,
    )  # fmt: skip
    assert not ran.stderr, ran.stderr
    return ran.stdout.splitlines()


BIND = "echo old > real; touch app.env; mount --bind real app.env"


@pytest.mark.row("agent-40")
def test_a_file_that_is_mounted_by_itself_is_written_in_place_and_that_is_said(tmp_path):
    said = run(
        tmp_path,
        BIND,
        """
files.start([target(str(path))])
before = path.stat().st_ino
put(files, path, "a new and longer text")
put(files, path, "short", mode="0600")
print(path.stat().st_ino == before, path.read_text(), oct(path.stat().st_mode & 0o777), leftovers(folder))
other = Files(DIGEST, umask=0)
print(type(seen(other, path)).__name__)
""",
    )
    assert said == [
        f"log: {tmp_path}/app.env is mounted by itself and written in place: who reads it just then may see a part",
        "True short 0o600 []",
        "Failed",
    ]
    assert (tmp_path / "real").read_text() == "short"


def test_a_mounted_file_in_a_folder_that_may_only_be_read_is_written(tmp_path):
    mounts = "mkdir ro; touch ro/app.env; echo old > real; mount --bind ro ro; mount -o remount,bind,ro ro; "
    run(tmp_path, mounts + "mount --bind real ro/app.env", 'put(files, folder / "ro" / "app.env", "new")')
    assert (tmp_path / "real").read_text() == "new"


FULL = "mount -t tmpfs -o size=64k none ."


def test_a_full_disk_leaves_the_file(tmp_path):
    said = run(
        tmp_path,
        FULL + " && cd .",
        f"""
put(files, path, "old")
for text in ({canary()!r} * 10_000, "new"):
    try:
        put(files, path, text)
    except TargetError as error:
        print(error)
    print(path.read_text(), leftovers(folder))
""",
    )
    assert said == [
        f"File {tmp_path}/app.env cannot be written: the disk is full; make room there",
        "old []",
        "new []",
    ]
    assert not shown("\n".join(said))


def test_a_full_disk_below_a_mounted_file_has_its_text_written_back(tmp_path):
    said = run(
        tmp_path,
        "mkdir small; mount -t tmpfs -o size=64k none small; echo old > small/real; touch app.env; "
        "mount --bind small/real app.env",
        """
try:
    put(files, path, "x" * 100_000)
except TargetError as error:
    print(error)
print(repr(path.read_text()))
""",
    )
    assert said == [f"File {tmp_path}/app.env cannot be written: the disk is full; make room there", "'old\\n'"]


def test_a_disk_that_may_only_be_read_leaves_the_file(tmp_path):
    said = run(
        tmp_path,
        "mkdir ro; echo old > ro/app.env; mount --bind ro ro; mount -o remount,bind,ro ro",
        """
for name in ("app.env", "new.env", "below/new.env"):
    try:
        put(files, folder / "ro" / name, "new")
    except TargetError as error:
        print(type(error).__name__, error)
print(repr((folder / "ro" / "app.env").read_text()))
""",
    )
    why = "the file system is read-only; mount it writable, or name another path"
    assert said == [
        f"TargetForbidden File {tmp_path}/ro/{name} cannot be written: {why}"
        for name in ("app.env", "new.env", "below/new.env")
    ] + ["'old\\n'"]


def test_a_link_into_another_file_system_is_written_there(tmp_path):
    said = run(
        tmp_path,
        "mkdir other; mount -t tmpfs none other; echo old > other/real; ln -s other/real app.env",
        """
put(files, path, "new")
print(path.is_symlink(), (folder / "other" / "real").read_text(), leftovers(folder), leftovers(folder / "other"))
""",
    )
    assert said == ["True new [] []"]
