"""What the system says about a file, as one clear error: the path, what is wrong, a remedy; never content."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from typing import Final

from ..errors import TargetError, TargetForbidden, TargetInvalid
from ..targets import Ref

_SAID: Final[Mapping[int, tuple[type[TargetError], str]]] = {
    errno.ENOSPC: (TargetError, "the disk is full; make room there"),
    errno.EDQUOT: (TargetError, "the quota of this user is used up; make room there"),
    errno.EFBIG: (TargetInvalid, "the file would be larger than this process may make one; raise its limit"),
    errno.EROFS: (TargetForbidden, "the file system is read-only; mount it writable, or name another path"),
    errno.ENOENT: (TargetError, "the folder is not there; create it, or set create-directories: true"),
    errno.ENOTDIR: (TargetInvalid, "a part of its path is no folder; correct the path"),
    errno.EEXIST: (TargetInvalid, "a part of its path is no folder; correct the path"),
    errno.EISDIR: (TargetInvalid, "it is a folder; name a file in it"),
    errno.ELOOP: (TargetInvalid, "its symbolic links lead in a circle; correct them"),
    errno.ENAMETOOLONG: (TargetInvalid, "its name is longer than the file system takes; shorten it"),
    errno.ETXTBSY: (TargetError, "it is a program that runs; name another path"),
}
_REMEDY: Final = {"read": "let them read it", "written": "let them write to its folder"}
_DENIED: Final = frozenset({errno.EACCES, errno.EPERM})


def refusal(ref: Ref, error: OSError, *, verb: str = "written") -> TargetError:
    """Return the error of a target for one of the system."""
    if error.errno in _DENIED:
        who = f"user {os.geteuid()} and group {os.getegid()}"
        return TargetForbidden(f"{ref} cannot be {verb}: not allowed to {who}; {_REMEDY[verb]}")
    kind, what = _SAID.get(error.errno or 0, (TargetError, os.strerror(error.errno or 0)))
    return kind(f"{ref} cannot be {verb}: {what}")
