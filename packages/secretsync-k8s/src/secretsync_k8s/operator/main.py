"""`secretsync-operator`: arguments, signals, exit codes.

0   stopped by a signal
1   cannot start: no configuration of a cluster, a missing optional part
2   wrong flags, an address in use
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from threading import Event

from secretsync.errors import InvalidInput, SecretSyncError

from . import logs
from .settings import PROGRAM, settings, usage


def main(argv: Sequence[str] | None = None) -> int:
    """Run the operator until a signal stops it; return the exit code."""
    try:
        told = settings(sys.argv[1:] if argv is None else argv, os.environ)
        if told is None:
            sys.stderr.write(usage())
            return 0
        logs.configure(told.log_level)
        from secretsync.runtime.chance import chance
        from secretsync.runtime.clock import SystemClock

        from ..cluster.client_adapter import connect
        from .app import Operator

        stopping = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        transport = connect(kubeconfig=told.kubeconfig, environ=os.environ, user_agent=PROGRAM)
        Operator(told, transport, SystemClock(), chance, stopping).run()
    except InvalidInput as error:
        print(*(f"{PROGRAM}: {problem}" for problem in error.problems), sep="\n", file=sys.stderr)  # noqa: T201
        return 2
    except SecretSyncError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
