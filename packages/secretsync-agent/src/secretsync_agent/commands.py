"""Commands that run after files have changed: child processes, each the head of its own group (agent §7)."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Lock, Thread
from time import monotonic, sleep
from typing import Final, final

from .children import begin, without, words
from .settings import TOGETHER, Command

log: Final = logging.getLogger("secretsync.agent")

GRACE: Final = 5.0
_LOOK: Final = 0.02


@final
class Commands:
    """Runs each distinct command on a thread of its own, never twice at once. Safe to call from several threads.

    Args:
        shell: Runs lines.
        environ: What the children inherit.
        credentials: Names of variables that those do not get who are not to have them.
        grace: Seconds between asking a group to end and ending it.
        pause: Waits so many seconds for what else changes in the same pass.
    """

    def __init__(
        self,
        shell: str,
        environ: Mapping[str, str],
        credentials: frozenset[str],
        *,
        grace: float = GRACE,
        pause: Callable[[float], object] = sleep,
    ) -> None:
        self._shell = shell
        self._environ = dict(environ)
        self._credentials = credentials
        self._grace = grace
        self._pause = pause
        self._lock = Lock()
        self._wanted: set[Command] = set()
        self._threads: dict[Command, Thread] = {}

    def run(self, command: Command) -> None:
        """Have it run soon; one that waits already runs once for both."""
        with self._lock:
            self._wanted.add(command)
            if command not in self._threads:
                thread = self._threads[command] = Thread(target=self._work, args=(command,), daemon=True)
                thread.start()

    def join(self, seconds: float) -> None:
        """Return when nothing runs, or after so many seconds."""
        end = monotonic() + seconds
        with self._lock:
            threads = tuple(self._threads.values())
        for thread in threads:
            thread.join(max(0.0, end - monotonic()))

    def _work(self, command: Command) -> None:
        while self._next(command):
            self._pause(TOGETHER)
            with self._lock:
                self._wanted.discard(command)
            self._execute(command)

    def _next(self, command: Command) -> bool:
        with self._lock:
            if command not in self._wanted:
                del self._threads[command]
            return command in self._wanted

    def _execute(self, command: Command) -> None:
        args = words(command.line, self._shell)
        shown = command.line if isinstance(command.line, str) else " ".join(command.line)
        hidden = frozenset() if command.inherit_credentials else self._credentials
        log.info("executing command: %s", shown)
        try:
            child = begin(args, without(self._environ, hidden))
        except OSError as error:
            log.error("unable to execute command because %s: %s", args[0], error.strerror)  # noqa: TRY400 - no frames
            return
        _await(child, command.timeout, self._grace)


def _await(child: subprocess.Popen[bytes], timeout: float, grace: float) -> None:
    try:
        code = child.wait(timeout or None)
    except subprocess.TimeoutExpired:
        _end(child, grace)
        log.error("unable to execute command because it timed out after %g s; its process group was ended", timeout)  # noqa: TRY400
        return
    if code > 0:
        log.error("unable to execute command because it exited with status %d", code)
    elif code < 0:
        log.error("unable to execute command because it was ended by signal %d", -code)


def _end(child: subprocess.Popen[bytes], grace: float) -> None:
    """End a whole group: ask, wait, and end what is left."""
    with suppress(ProcessLookupError):  # nobody of it is left
        os.killpg(child.pid, signal.SIGTERM)
        end = monotonic() + grace
        while monotonic() < end:
            child.poll()
            os.killpg(child.pid, 0)
            sleep(_LOOK)
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
