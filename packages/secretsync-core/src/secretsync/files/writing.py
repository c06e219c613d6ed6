"""A file written whole: a new one beside it, on the disk before it takes the old one's name.

A file that is mounted by itself (a container's bind mount) cannot be replaced and is written in place: a reader may
meet a part of it, which nothing can help. If that fails half-way, what it held is written back.
"""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE
from typing import Final

from ..classes import frozen
from .locks import lock
from .paths import is_mounted

PREFIX: Final = ".secretsync-"
SUFFIX: Final = ".tmp"
"""How names of files begin and end that are not whole yet; nothing in them comes from anywhere."""

_UNREPLACEABLE: Final = frozenset({errno.EBUSY, errno.EXDEV})
_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.EMLINK})
_NO_SYNC: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF})
_NEW: Final = 0o666
_LEFT_ALONE: Final = -1


@frozen(kw_only=True)
class Form:
    """What a file gets beside its bytes, in the system's terms.

    Attributes:
        mode: None: as it is, or what the umask leaves of 0666.
        uid: None: as it is, as far as the system lets us.
        gid: The same.
        backup: What is replaced stays as `NAME.bak`.
        umask: Of the process.
    """

    mode: int | None
    uid: int | None
    gid: int | None
    backup: bool
    umask: int


def write(real: str, data: bytes, form: Form) -> int:
    """Write a file that nobody else holds; return its descriptor, which is the caller's to close.

    A new file is locked before it has the name; one that is written in place must be held by the caller.

    Raises:
        OSError: The file is as it was.
    """
    old = status(real)
    if old and is_mounted(real):
        return _overwrite(real, data, form)
    try:
        return _replace(real, data, form, old)
    except OSError as error:
        if not old or error.errno not in _UNREPLACEABLE:
            raise
    return _overwrite(real, data, form)


def change(real: str, form: Form) -> None:
    """Give a file its mode and owner, and leave its bytes."""
    descriptor = os.open(real, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _shape(descriptor, form, os.fstat(descriptor))
    finally:
        os.close(descriptor)


def status(real: str) -> os.stat_result | None:
    """Return what is there; None: nothing."""
    try:
        return Path(real).stat()
    except FileNotFoundError:
        return None


def _replace(real: str, data: bytes, form: Form, old: os.stat_result | None) -> int:
    folder = Path(real).parent
    descriptor, temporary = tempfile.mkstemp(SUFFIX, PREFIX, folder)  # nobody else may read it, from the start
    try:
        lock(descriptor)
        _fill(descriptor, data)
        _shape(descriptor, form, old)
        os.fsync(descriptor)
        if old and form.backup:
            _back_up(real, temporary, old)
        Path(temporary).replace(real)
        _sync(folder)
    except BaseException:
        os.close(descriptor)
        Path(temporary).unlink(missing_ok=True)
        raise
    return descriptor


def _overwrite(real: str, data: bytes, form: Form) -> int:
    descriptor = os.open(real, os.O_RDWR | os.O_CLOEXEC)
    try:
        old, before = os.fstat(descriptor), _bytes(descriptor)
        if form.backup:
            _copy(before, real, old)
        _shape(descriptor, form, old)
        try:
            _fill(descriptor, data)
        except OSError:
            _fill(descriptor, before)  # takes no more room than it had
            raise
        os.fsync(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _shape(descriptor: int, form: Form, old: os.stat_result | None) -> None:
    if old:
        for uid, gid in ((old.st_uid, _LEFT_ALONE), (_LEFT_ALONE, old.st_gid)):
            with suppress(PermissionError):  # only root gives files away
                os.fchown(descriptor, uid, gid)
    if form.uid is not None or form.gid is not None:
        os.fchown(
            descriptor,
            _LEFT_ALONE if form.uid is None else form.uid,
            _LEFT_ALONE if form.gid is None else form.gid,
        )
    kept = S_IMODE(old.st_mode) if old else _NEW & ~form.umask
    os.fchmod(descriptor, kept if form.mode is None else form.mode)  # last, because a change of owner takes bits away


def _back_up(real: str, temporary: str, old: os.stat_result) -> None:
    """Give what is about to be replaced a second name."""
    spare = Path(temporary.removesuffix(SUFFIX) + "-old" + SUFFIX)
    try:
        spare.hardlink_to(real)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _copy(Path(real).read_bytes(), real, old)
        return
    spare.replace(_backup(real))
    spare.unlink(missing_ok=True)  # it is there still where both were one file already


def _copy(data: bytes, real: str, old: os.stat_result) -> None:
    form = Form(mode=S_IMODE(old.st_mode), uid=None, gid=None, backup=False, umask=0)
    os.close(_replace(_backup(real), data, form, old))


def _backup(real: str) -> str:
    return f"{real}.bak"


def _fill(descriptor: int, data: bytes) -> None:
    """Make these the bytes of an open file."""
    rest, at = memoryview(data), 0
    while at < len(data):
        at += os.pwrite(descriptor, rest[at:], at)
    os.ftruncate(descriptor, len(data))


def _bytes(descriptor: int) -> bytes:
    with os.fdopen(os.dup(descriptor), "rb") as file:
        return file.read()


def _sync(folder: Path) -> None:
    """Have the new name on the disk too, where a file system can tell."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(descriptor)
