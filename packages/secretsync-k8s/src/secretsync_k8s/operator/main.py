"""`secretsync-operator`: arguments, signals, exit codes. `secretsync-operator cleanup` is in `cleanup`.

0   stopped by a signal
1   cannot start: no configuration of a cluster, a missing optional part; or a clean-up left something
2   wrong flags, an address in use
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import Final

from secretsync.errors import InvalidInput, SecretSyncError
from secretsync.runtime.ending import leave

from . import logs
from .settings import PROGRAM, settings, usage

GRACE: Final = 0.5
"""Seconds that requests under way have to end when the process does."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the operator until a signal stops it; return the exit code, or end the process if threads hang on."""
    code = _main(sys.argv[1:] if argv is None else argv)
    # A write is whole or was never made, and an outcome that went untold is found again at the next start.
    return leave(code, grace=GRACE)


def _main(argv: Sequence[str]) -> int:
    try:
        if argv[:1] == ["cleanup"]:
            from . import cleanup

            return cleanup.run(argv[1:], os.environ)
        told = settings(argv, os.environ)
        if told is None:
            sys.stderr.write(usage())
            return 0
        logs.configure(told.log_level, encoder=told.log_encoder)
        from secretsync.runtime.calls import Calls
        from secretsync.runtime.chance import chance
        from secretsync.runtime.clock import SystemClock

        from ..cluster.client_adapter import connect
        from .app import Operator

        calls: Calls[signal.Signals | SecretSyncError] = Calls()
        with calls:
            for number in (signal.SIGTERM, signal.SIGINT):
                calls.on(number, number)
            transport, lease_transport = (
                connect(kubeconfig=told.kubeconfig, environ=os.environ, user_agent=agent)
                for agent in (PROGRAM, f"{PROGRAM}/lease")
            )
            hostname = os.environ.get("HOSTNAME") or PROGRAM
            Operator(told, transport, lease_transport, SystemClock(), chance, calls, hostname).run()
    except InvalidInput as error:
        print(*(f"{PROGRAM}: {problem}" for problem in error.problems), sep="\n", file=sys.stderr)  # noqa: T201
        return 2
    except SecretSyncError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
