"""Child processes, each the head of a group of its own: how they begin, and how all that they started ends (agent §7, §18)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Final, Protocol, final

from secretsync.classes import define

from . import deadman

Line = str | tuple[str, ...]
"""A line for the shell, or a program and its arguments."""

_BY_SIGNAL: Final = 128
"""What shells add to the number of a signal, to tell an exit code by it."""


def words(line: Line, shell: str) -> list[str]:
    """Return what is run."""
    return [shell, "-c", line] if isinstance(line, str) else list(line)


def without(environ: Mapping[str, str], hidden: Collection[str]) -> dict[str, str]:
    """Return an environment without these variables."""
    return {name: value for name, value in environ.items() if name not in hidden}


def begin(argv: list[str], env: Mapping[str, str] | Mapping[bytes, bytes]) -> subprocess.Popen[bytes]:
    """Start a program that has nothing to read and whose group can be ended with all that it has started.

    Raises:
        OSError: It cannot be started.
    """
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, env=env, start_new_session=True)  # noqa: S603 - as configured


class Child(Protocol):
    """A program that was started. Belongs to one thread."""

    def poll(self) -> int | None:
        """Return its exit code, 128 and n if signal n ended it; None while it runs."""
        ...

    def remains(self) -> bool:
        """Whether something is left that it has started, once it has ended itself."""
        ...

    def signal(self, number: int) -> None: ...
    def kill(self) -> None:
        """End it and all that it has started."""
        ...


@final
@define(eq=False)
class Tethered:
    """A `Child` that ends with this process, however that ends: see `deadman`."""

    _process: subprocess.Popen[bytes]
    _deadman: subprocess.Popen[bytes]
    _whole: bool
    """Signals go to all that it runs."""

    @classmethod
    def start(cls, line: Line, *, shell: str, env: Mapping[bytes, bytes], ending: tuple[int, float]) -> Tethered:
        """Start a program, as `begin` does.

        Args:
            line: What is run. Signals for a line go to its whole group, because shells pass none on.
            shell: Runs a line.
            env: Its whole environment.
            ending: What it is ended by if this process is gone: a signal and, so many seconds later, another.

        Raises:
            OSError: It cannot be started.
        """
        guard = _guard(ending)
        try:
            process = begin(words(line, shell), env)
        except OSError:
            _dismiss(guard)
            raise
        whole = isinstance(line, str)
        _arm(guard, -process.pid if whole else process.pid)
        return cls(process, guard, whole)

    def poll(self) -> int | None:
        code = self._process.poll()
        if code is not None:
            self._whole = True  # from now on the others are meant
        return code if code is None or code >= 0 else _BY_SIGNAL - code

    def remains(self) -> bool:
        with suppress(ChildProcessError):  # its orphans are children of the first process, which may be this one
            while os.waitpid(-self._process.pid, os.WNOHANG)[0]:
                pass
        if self._is_there():
            return True
        _dismiss(self._deadman)
        return False

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):  # it has ended by itself
            os.kill(-self._process.pid if self._whole else self._process.pid, number)

    def kill(self) -> None:
        with suppress(ProcessLookupError):  # nobody of it is left
            os.killpg(self._process.pid, signal.SIGKILL)
        if self._process.returncode is not None:
            _dismiss(self._deadman)

    def _is_there(self) -> bool:
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return False
        return True


def _guard(ending: tuple[int, float]) -> subprocess.Popen[bytes]:
    # Of the interpreter alone, without site-packages: it starts in no time and stays small. In a session of its own,
    # and without our output: whoever ends us must not end it, and whoever reads us must not wait for it.
    argv = [sys.executable, "-I", "-S", deadman.__file__, *map(str, ending)]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, env={}, start_new_session=True)  # noqa: S603


def _arm(guard: subprocess.Popen[bytes], target: int) -> None:
    assert guard.stdin  # noqa: S101 - a pipe, see above
    with suppress(BrokenPipeError):  # somebody ended it; the program runs all the same
        guard.stdin.write(b"%d\n" % target)
        guard.stdin.flush()


def _dismiss(guard: subprocess.Popen[bytes]) -> None:
    guard.kill()
    assert guard.stdin  # noqa: S101 - as above
    guard.stdin.close()
    guard.wait()
