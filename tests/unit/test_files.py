"""Files as targets: what is observed, what is written, and what goes wrong."""

from __future__ import annotations

import errno
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISDIR

import pytest

from canaries import canary, shown
from disk import DIGEST, content, leftovers, look, mode, put, seen
from secretsync.errors import TargetError, TargetInvalid, TargetMoved
from secretsync.files import CONTENT, MARK, Rules, attributes, target
from secretsync.files.place import Files
from secretsync.policies import Policy
from secretsync.queries import UNCHANGED, Absent, Failed, Found
from secretsync.reconcile.plan import plan
from secretsync.targets import Create, Delete, Release, Target, Update
from secretsync.values import NO_VERSION, SecretValue

ROOT = os.geteuid() == 0


@pytest.fixture
def files() -> Iterator[Files]:
    made = Files(DIGEST, umask=0o022)
    yield made
    made.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.env"


def refused(files: Files, path: Path, text: str = "new") -> TargetError:
    with pytest.raises(TargetError) as caught:
        put(files, path, text)
    assert str(path) in str(caught.value)
    return caught.value


# -- what is observed


def test_a_file_shows_digest_mode_and_owner_but_not_its_bytes(files, path):
    path.write_text(text := canary())
    path.chmod(0o640)
    observed = look(files, path)
    assert observed.keys == {CONTENT: DIGEST(SecretValue(text))}
    assert observed.attributes == attributes(mode=0o640, user=os.getuid(), group=path.stat().st_gid)
    assert observed.mark == MARK
    assert not shown(repr(observed))


def test_no_file_is_absence(files, path):
    assert seen(files, path) == Absent()


def test_an_untouched_file_is_unchanged_and_a_touched_one_is_not(files, path):
    put(files, path, "one")
    version = look(files, path).version
    assert seen(files, path, version) is UNCHANGED
    path.chmod(0o600)
    assert seen(files, path, version) is not UNCHANGED


def test_a_file_that_is_as_it_should_be_needs_no_action(files, path):
    wanted = Target(target(str(path)), content("one"), Policy("File"), MARK, attributes(mode=0o640))
    put(files, path, "one", mode="0640")
    assert plan(wanted, look(files, path), DIGEST).action is None


def test_a_folder_that_cannot_be_synced_leaves_no_file_locked(files, path, monkeypatch):
    sync = os.fsync

    def broken(descriptor: int) -> None:
        if S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", broken)
    refused(files, path, "one")
    monkeypatch.undo()
    put(files, path, "two")
    assert path.read_text() == "two"


@pytest.mark.skipif(ROOT, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_a_failure(files, path):
    path.write_text("secret")
    path.chmod(0o200)
    answer = seen(files, path)
    assert isinstance(answer, Failed)
    assert "let them read it" in str(answer.error)


# -- what is written


def test_a_file_is_created_and_rewritten_as_another_file(files, path):
    put(files, path, "one")
    assert (path.read_text(), mode(path)) == ("one", 0o644)
    first = path.stat().st_ino
    put(files, path, "two")
    assert path.read_text() == "two"
    assert path.stat().st_ino != first
    assert not leftovers(path.parent)


def test_a_rewritten_file_keeps_its_mode(files, path):
    path.write_text("one")
    path.chmod(0o604)
    put(files, path, "two")
    assert mode(path) == 0o604


@pytest.mark.skipif(not ROOT, reason="only root gives files away")
def test_a_rewritten_file_keeps_its_owner_and_may_get_another(files, path):
    path.write_text("one")
    os.chown(path, 1234, 2345)
    put(files, path, "two")
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)
    put(files, path, "three", user="77", mode="4711")
    assert (path.stat().st_uid, path.stat().st_gid, mode(path)) == (77, 2345, 0o4711)


def test_attributes_alone_leave_the_bytes(files, path):
    put(files, path, "one")
    before = path.stat()
    action = Update({}, frozenset(), {"mode": "0600"}, MARK, "", look(files, path).version)
    files.perform(target(str(path)), action, subject="template 1")
    after = path.stat()
    assert (mode(path), after.st_ino, after.st_mtime_ns) == (0o600, before.st_ino, before.st_mtime_ns)


def test_the_umask_is_that_of_the_process(path):
    before = os.umask(0o027)
    try:
        files = Files(DIGEST)
        put(files, path, "one")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
        files.close()
    assert mode(path) == 0o640


def test_folders_are_created_where_they_are_wanted(files, tmp_path):
    path = tmp_path / "a" / "b" / "c"
    put(files, path, "one")
    assert {mode(tmp_path / "a"), mode(tmp_path / "a" / "b")} == {0o755}


def test_folders_are_not_created_where_they_are_not(tmp_path):
    path = tmp_path / "a" / "b"
    files = Files(DIGEST, {target(str(path)): Rules(create_directories=False)}, umask=0)
    assert "create-directories: true" in str(refused(files, path))
    assert not (tmp_path / "a").exists()


def test_what_is_replaced_stays_as_a_backup(tmp_path, path):
    files = Files(DIGEST, {target(str(path)): Rules(backup=True)}, umask=0o022)
    for text in ("one", "two", "three"):
        put(files, path, text)
    assert (path.read_text(), Path(f"{path}.bak").read_text()) == ("three", "two")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["app.env", "app.env.bak"]


def test_a_backup_that_is_the_very_file_is_replaced_too(tmp_path, path):
    path.write_text("one")
    Path(f"{path}.bak").hardlink_to(path)
    put(Files(DIGEST, {target(str(path)): Rules(backup=True)}, umask=0o022), path, "two")
    assert Path(f"{path}.bak").read_text() == "one"
    assert not leftovers(tmp_path)


def test_a_file_is_deleted_and_a_released_one_stays(files, path):
    put(files, path, "one")
    released = files.perform(target(str(path)), Release("", look(files, path).version), subject="s")
    assert isinstance(released, Found)
    assert path.read_text() == "one"
    assert files.perform(target(str(path)), Delete("", look(files, path).version), subject="s") == Absent()
    assert not path.exists()


@pytest.mark.parametrize("action", [Create(content("new"), {}, MARK), Delete("", NO_VERSION)], ids=["create", "delete"])
def test_what_was_looked_at_must_still_be_there(files, path, action):
    path.write_text("of somebody")
    with pytest.raises(TargetMoved):
        files.perform(target(str(path)), action, subject="s")
    assert path.read_text() == "of somebody"


# -- symbolic links


@pytest.mark.parametrize("relative", [True, False])
def test_what_a_link_leads_to_is_replaced_and_the_link_stays(files, tmp_path, relative):
    real, link = tmp_path / "real" / "file", tmp_path / "links" / "link"
    for one in (real, link):
        one.parent.mkdir()
    real.write_text("one")
    link.symlink_to("../real/file" if relative else real)
    put(files, link, "two")
    assert link.is_symlink()
    assert real.read_text() == "two"
    assert not leftovers(tmp_path / "real")
    assert not leftovers(tmp_path / "links")


def test_what_a_dangling_link_leads_to_is_created(files, tmp_path):
    link = tmp_path / "link"
    link.symlink_to("later/file")
    put(files, link, "one")
    assert link.is_symlink()
    assert (tmp_path / "later" / "file").read_text() == "one"


def test_links_in_a_circle_are_an_error(files, tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    answer = seen(files, tmp_path / "a")
    assert isinstance(answer, Failed)
    assert f"{tmp_path}/a" in str(answer.error)
    assert "circle" in str(answer.error)


GUARDED = Path("/proc/sys/fs/protected_symlinks")


@pytest.mark.skipif(
    not ROOT or not GUARDED.exists() or GUARDED.read_text().strip() != "1", reason="the system guards no links here"
)
def test_a_link_that_somebody_laid_where_everybody_may_is_not_followed(files, tmp_path):
    (tmp_path / "precious").write_text("old")
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / "app.env").symlink_to(tmp_path / "precious")
    os.chown(shared / "app.env", 1234, 1234, follow_symlinks=False)
    answer = seen(files, shared / "app.env")
    assert isinstance(answer, Failed)
    assert "not allowed" in str(answer.error)
    assert (tmp_path / "precious").read_text() == "old"


# -- what goes wrong


def test_a_folder_is_no_file(files, tmp_path):
    answer = seen(files, tmp_path)
    assert isinstance(answer, Failed)
    assert "it is a folder; name a file in it" in str(answer.error)


def test_a_pipe_is_no_file(files, path):
    os.mkfifo(path)
    answer = seen(files, path)
    assert isinstance(answer, Failed)
    assert isinstance(answer.error, TargetInvalid)


def test_a_socket_is_no_file(files):
    path = Path(f"/tmp/secretsync-{os.getpid()}.sock")  # short, because the system wants it so
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))
        try:
            assert isinstance(seen(files, path), Failed)
        finally:
            path.unlink()


def test_a_file_is_no_folder(files, path):
    path.write_text("old")
    assert isinstance(seen(files, path / "below"), Failed)
    assert path.read_text() == "old"


def test_a_name_may_be_too_long(files, tmp_path):
    answer = seen(files, tmp_path / ("x" * 300))
    assert isinstance(answer, Failed)
    assert "shorten it" in str(answer.error)


AS_NOBODY = """
import os, sys
sys.path[:0] = {path!r}
import pathlib, disk
from secretsync.files.place import Files
from secretsync.errors import TargetForbidden
os.setgroups([]); os.setgid(65534); os.setuid(65534)
files = Files(disk.DIGEST, umask=0o022)
try:
    disk.put(files, pathlib.Path({target!r}), {text!r}, **{wanted!r})
except TargetForbidden as error:
    print(error)
"""


def as_nobody(path: Path, text: str, **wanted: str) -> str:
    code = AS_NOBODY.format(path=sys.path, target=str(path), text=text, wanted=wanted)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert not ran.stderr, ran.stderr
    return ran.stdout.strip()


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    for folder in (tmp_path, *tmp_path.parents):  # one more of them where tests run in several processes
        if folder.stat().st_mode & 0o005 == 0o005:
            break
        folder.chmod(0o755)
    return tmp_path


@pytest.mark.skipif(not ROOT, reason="only root becomes somebody else")
def test_a_folder_that_may_not_be_written_leaves_the_file(open_folder):
    path = open_folder / "app.env"
    path.write_text("old")
    path.chmod(0o666)
    said = as_nobody(path, text := canary())
    assert f"File {path} cannot be written: not allowed to user 65534" in said
    assert not shown(said)
    assert text not in said
    assert path.read_text() == "old"


@pytest.mark.skipif(not ROOT, reason="only root becomes somebody else")
def test_an_owner_that_cannot_be_given_is_an_error_and_leaves_the_file(open_folder):
    open_folder.chmod(0o777)
    path = open_folder / "app.env"
    path.write_text("old")
    assert "cannot be written: not allowed to user 65534" in as_nobody(path, "new", user="1")
    assert path.read_text() == "old"
    assert not leftovers(open_folder)


@pytest.mark.skipif(not ROOT, reason="only root becomes somebody else")
def test_an_owner_that_cannot_be_kept_does_not_hold_up_a_write(open_folder):
    open_folder.chmod(0o777)
    path = open_folder / "app.env"
    path.write_text("old")
    path.chmod(0o644)
    assert as_nobody(path, "new") == ""
    assert (path.read_text(), path.stat().st_uid, mode(path)) == ("new", 65534, 0o644)


def test_no_error_shows_what_should_be_written(files, tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(TargetError) as caught:
        files.perform(target(str(tmp_path / "a" / "b")), Create(content(canary()), {}, MARK), subject="s")
    assert not shown(str(caught.value))


# -- two processes, one file


def is_taken(files: Files, path: Path) -> bool:
    answer = seen(files, path)
    if not isinstance(answer, Failed):
        return False
    assert str(answer.error) == f"File {path} belongs to another process, which holds its lock; end one of them"
    return True


def test_a_file_that_another_process_keeps_is_a_failure_until_that_one_ends(files, path):
    other = Files(DIGEST, umask=0o022)  # its locks are its own, as those of another process are
    version = put(other, path, "one").version
    assert is_taken(files, path)
    assert isinstance(seen(files, path, version), Failed)
    put(other, path, "three")
    assert is_taken(files, path)
    other.close()
    put(files, path, "four")
    assert path.read_text() == "four"
    assert is_taken(other, path)


def test_a_file_that_is_wanted_no_more_is_free_for_others(files, path):
    put(files, path, "one")
    other = Files(DIGEST, umask=0o022)
    assert is_taken(other, path)
    files.forget(target(str(path)))
    assert not is_taken(other, path)
    other.close()


def test_a_file_that_was_there_is_kept_from_the_first_look_on(files, path):
    path.write_text("old")
    assert not is_taken(files, path)
    assert is_taken(Files(DIGEST, umask=0o022), path)


def test_a_file_that_somebody_put_in_place_of_ours_is_ours_again(files, path, tmp_path):
    put(files, path, "one")
    (tmp_path / "of an editor").write_text("two")
    (tmp_path / "of an editor").replace(path)
    assert look(files, path).mark == MARK
    put(files, path, "three")
    assert path.read_text() == "three"


def test_a_look_minds_no_lock_and_takes_none(files, path):
    put(files, path, "one")
    looker = Files(DIGEST, looks_only=True, umask=0o022)
    assert look(looker, path).mark == MARK
    assert look(files, path).mark == MARK


# -- what was left behind


def test_what_killed_writes_left_is_swept_and_nothing_else(files, path, tmp_path, caplog):
    put(files, path, "one")
    for name in (".secretsync-abc.tmp", ".secretsync-xyz-old.tmp", ".other.tmp"):
        (tmp_path / name).write_text("left")
    with caplog.at_level(logging.INFO):
        Files(DIGEST, umask=0).start([target(str(path)), target("/no/such/folder/file")])
    assert sorted(one.name for one in tmp_path.iterdir()) == [".other.tmp", "app.env"]
    assert caplog.messages == [f"{tmp_path}: 2 files removed that were never finished"]


def test_what_another_process_is_writing_is_not_swept(files, path, tmp_path):
    other = Files(DIGEST, umask=0)
    unfinished = tmp_path / ".secretsync-abc.tmp"
    put(other, unfinished, "half")
    files.start([target(str(path))])
    assert unfinished.exists()
    other.close()
    files.start([target(str(path))])
    assert not unfinished.exists()


def test_an_unfinished_file_is_nobody_elses_to_read(files, path, tmp_path):
    """Its mode is the last thing that a file gets before its name."""
    modes: set[int] = set()

    def note(event: str, args: tuple[object, ...]) -> None:
        if event == "os.chmod" and watching:
            modes.update(mode(one) for one in tmp_path.glob(".secretsync-*"))

    watching = True
    sys.addaudithook(note)
    put(files, path, "one", mode="0666")
    watching = False
    assert modes == {0o600}
    assert mode(path) == 0o666
