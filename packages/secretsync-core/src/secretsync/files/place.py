"""How files look to the engine, and what is done to them."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE, S_ISDIR, S_ISREG
from typing import Any, ClassVar, Final, assert_never

from attrs import field

from ..classes import frozen
from ..clock import Deadline
from ..digest import Digester
from ..errors import TargetConflict, TargetError, TargetInvalid, TargetMoved
from ..ports import AnyQuery, AnyWire
from ..queries import UNCHANGED, Absent, Failed, Found
from ..targets import Action, Create, Delete, Observe, Observed, Ref, Release, Update
from ..values import SecretValue, Version
from . import CONTENT, KIND, MARK, Rules, attributes
from .locks import Locks, Taken, sweep
from .paths import is_mounted, real_path
from .trouble import refusal
from .writing import PREFIX, SUFFIX, Form, change, status, write

_FOLDER: Final = 0o755

_log = logging.getLogger("secretsync.files")


def _umask() -> int:
    """Return the process's umask, which only shows when it is set."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


@frozen
class Files:
    """The files of this machine: a `Backend` of `Observe` and the `Place` that writes them.

    Safe to call from several threads, never with the same file at once. To be made before there are threads, and once
    a process: what the process keeps is locked in here, so a second one would find every file taken.

    Attributes:
        rules: How each file comes to be; of one that is not named, as `Rules` says by itself.
        looks_only: Nobody's lock is minded or taken, for a look beside a process that works.
        umask: Of the process.
    """

    digest: Digester
    rules: Mapping[Ref, Rules] = field(factory=dict)
    looks_only: bool = False
    umask: int = field(factory=_umask)
    _locks: Locks = field(factory=Locks, init=False, repr=False)

    answers: ClassVar[frozenset[type[AnyQuery]]] = frozenset({Observe})
    kinds: ClassVar[frozenset[str]] = frozenset({KIND})

    def start(self, refs: Iterable[Ref]) -> None:
        """Remove what writes that were killed have left beside these files, and say which are written in place."""
        paths = [real for ref in refs if (real := _real(ref))]
        for folder in dict.fromkeys(Path(real).parent for real in paths):
            if removed := sweep(folder, f"{PREFIX}*{SUFFIX}"):
                _log.info("%s: %d files removed that were never finished", folder, removed)
        for real in filter(is_mounted, paths):
            _log.warning("%s is mounted by itself and written in place: who reads it just then may see a part", real)

    def forget(self, ref: Ref) -> None:
        """Let others keep a file that is wanted no more."""
        self._locks.drop(_real(ref))

    def close(self) -> None:
        """Let others keep what was ours."""
        self._locks.close()

    # -- reading

    def read(
        self,
        queries: Sequence[AnyQuery],
        *,
        known: Mapping[AnyQuery, Version],
        credential: Found[Any] | None,  # noqa: ARG002 - needs none
        deadline: Deadline,  # noqa: ARG002 - the system has none for files
    ) -> Mapping[AnyQuery, AnyWire]:
        """Return what each file looks like, without its bytes; one that nobody keeps is kept by us from now on."""
        return {query: self._answer(query, known.get(query)) for query in queries}

    def _answer(self, query: AnyQuery, known: Version | None) -> AnyWire:
        if not isinstance(query, Observe):
            raise TypeError(f"{type(query).__name__} is not answered by files")
        try:
            return self._observed(query.ref, known)
        except Taken:  # a failure and not a mark, because it is looked for again: whoever holds it may end
            return Failed(
                TargetConflict(f"{query.ref} belongs to another process, which holds its lock; end one of them")
            )
        except TargetError as error:
            return Failed(error)
        except OSError as error:
            return Failed(refusal(query.ref, error, verb="read"))

    def _observed(self, ref: Ref, known: Version | None) -> AnyWire:
        real = real_path(ref.name)
        found = _regular(ref, real)
        if found is None:
            return Absent()
        version, ours = _version(found), self.looks_only or self._locks.holds(real, found)
        if ours and version == known:
            return UNCHANGED
        if not ours:
            self._locks.take(real)
        return Found(self._look(real, found), version)

    def _look(self, real: str, found: os.stat_result) -> Observed:
        content = SecretValue(Path(real).read_bytes())
        look = attributes(mode=S_IMODE(found.st_mode), user=found.st_uid, group=found.st_gid)
        return Observed({CONTENT: self.digest(content)}, version=_version(found), mark=MARK, attributes=look)

    # -- writing

    def perform(self, ref: Ref, action: Action, *, subject: str) -> Found[Observed] | Absent:
        """Write, remove or let go of one file; see `Place.perform` for what it raises."""
        try:
            result = self._perform(ref, real_path(ref.name), action)
        except Taken:
            raise TargetMoved(f"{ref} is kept by another process since it was looked at") from None
        except OSError as error:
            raise refusal(ref, error) from None
        _log.debug("%s: %s for %s", ref, action.change.value, subject)
        return result

    def _perform(self, ref: Ref, real: str, action: Action) -> Found[Observed] | Absent:
        _expect(ref, _regular(ref, real), action)
        match action:
            case Create() | Update():
                return self._write(ref, real, action)
            case Delete():
                Path(real).unlink(missing_ok=True)
            case Release():
                pass
            case _:
                assert_never(action)
        self._locks.drop(real)
        return Absent() if isinstance(action, Delete) else self._now(real)

    def _write(self, ref: Ref, real: str, action: Create | Update) -> Found[Observed]:
        rules = self.rules.get(ref, Rules())
        content = action.content if isinstance(action, Create) else action.put
        form = _form(action.attributes, backup=rules.backup, umask=self.umask)
        if rules.create_directories:
            _make(Path(real).parent)
        if CONTENT in content:
            self._locks.keep(real, write(real, content[CONTENT].reveal(), form))
        else:
            change(real, form)
        return self._now(real)

    def _now(self, real: str) -> Found[Observed]:
        seen = self._look(real, Path(real).stat())
        return Found(seen, seen.version)


def _expect(ref: Ref, found: os.stat_result | None, action: Action) -> None:
    """Refuse to act on another file than was looked at."""
    version = None if isinstance(action, Create) else action.version
    if (None if found is None else _version(found)) != version:
        raise TargetMoved(f"{ref} changed since it was looked at")


def _make(folder: Path) -> None:
    """Create a folder and those above it, each with the same mode."""
    if not folder.exists():
        _make(folder.parent)
        folder.mkdir(_FOLDER, exist_ok=True)


def _real(ref: Ref) -> str:
    """Return where a file is, "" where nobody can tell, which each look at it reports."""
    with suppress(OSError):
        return real_path(ref.name)
    return ""


def _regular(ref: Ref, real: str) -> os.stat_result | None:
    found = status(real)
    if found and S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "")
    if found and not S_ISREG(found.st_mode):
        raise TargetInvalid(f"{ref} is no file but a device, a pipe or a socket; name a file")
    return found


def _version(found: os.stat_result) -> Version:
    parts = found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
    return Version("-".join(f"{part:x}" for part in parts))


def _form(wanted: Mapping[str, str | None], *, backup: bool, umask: int) -> Form:
    mode, user, group = (wanted.get(name) for name in ("mode", "user", "group"))
    return Form(
        mode=int(mode, 8) if mode else None,
        uid=int(user) if user else None,
        gid=int(group) if group else None,
        backup=backup,
        umask=umask,
    )
