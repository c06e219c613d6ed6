"""Files as targets: whole at every moment, and as they were when something goes wrong (agent §6, §7, §18).

A file's content is one value under the key `CONTENT`. Attributes, flat texts as those of every target:

    mode     permission bits, four octal digits: `0640`
    user     number of the owner
    group    number of the group

Whoever wants one of them puts it into its target; what is not named stays as it is. How a file comes to be (folders, a
backup) is no property that it has afterwards, so it is told to the place beforehand, as `Rules` by the file's `Ref`.

    place       Files: the `Backend` that answers `Observe` of files, and the `Place` that writes them
    writing     a new file beside the old one, renamed over it; in place only where it is mounted by itself
    locks       who keeps a file: a lock on the very file, which goes with the process
    sealed      entries that only who has the key can read: no targets, but what a process leaves to the next
    paths       what a path leads to
    trouble     what the system says, as one clear error
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..classes import frozen
from ..targets import Ref

HOST: Final = "disk"
KIND: Final = "File"
MARK: Final = "file"
"""The mark of every target and of every file that is observed: nobody's name can be written on a file."""
CONTENT: Final = "content"


@frozen
class Rules:
    """How a file comes to be.

    Attributes:
        create_directories: Make the folders above it, with mode 0755; else a missing one is an error.
        backup: Keep what it held before in a file of the same name with `.bak` behind it.
    """

    create_directories: bool = True
    backup: bool = False


def target(path: str) -> Ref:
    """Return the name of a file as a target; the path is absolute."""
    return Ref(HOST, KIND, path)


def attributes(*, mode: int | None = None, user: int | None = None, group: int | None = None) -> Mapping[str, str]:
    """Return the attributes of a target that wants these."""
    wanted = {"mode": None if mode is None else f"{mode:04o}", "user": user, "group": group}
    return {name: str(value) for name, value in wanted.items() if value is not None}
