"""A `MemoryCluster` as a process: prints `{"url": …}` when it listens, ends at SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import json
import secrets
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from .cluster import MemoryCluster
from .server import ClusterServer
from .status import ApiError, Json


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m secretsync_k8s.testing", description=__doc__, allow_abbrev=False)
    made.add_argument("--port", type=int, default=0, help="port on the loopback interface (0: a free one)")
    crds = "manifest of CRDs to begin with; repeatable"
    made.add_argument("--crd", type=Path, action="append", default=[], metavar="FILE", help=crds)
    made.add_argument("--kubeconfig", type=Path, metavar="FILE", help="write a kubeconfig there")
    locked = "require a random bearer token, which the kubeconfig holds (kubectl sends none over plain HTTP)"
    made.add_argument("--require-token", action="store_true", help=locked)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    # Blocked before any thread starts, so that the signal waits for sigwait instead of ending the process.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        cluster = MemoryCluster(crds=[crd for path in args.crd for crd in _documents(path)])
        token = secrets.token_urlsafe() if args.require_token else None
        with ClusterServer(cluster, port=args.port, token=token) as server:
            if args.kubeconfig:
                server.write_kubeconfig(args.kubeconfig)
            print(json.dumps({"url": server.url}), flush=True)  # noqa: T201 - the answer to who started it
            signal.sigwait({signal.SIGTERM, signal.SIGINT})
    except (ApiError, OSError, yaml.YAMLError) as error:
        sys.stderr.write(f"secretsync_k8s.testing: {error}\n")
        return 1
    return 0


def _documents(path: Path) -> list[Json]:
    return [document for document in yaml.safe_load_all(path.read_text("utf-8")) if document]


if __name__ == "__main__":
    sys.exit(main())
