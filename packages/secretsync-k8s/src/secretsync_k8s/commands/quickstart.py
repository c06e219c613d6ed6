"""`secretsync quickstart`: the whole line on this machine, told step by step."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from secretsync.cli.command import Command


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("--show-values", action="store_true", help="show the secrets' values, not only their keys")
    parser.add_argument("--keep", action="store_true", help="leave everything running, for kubectl and curl")


def _run(args: Namespace) -> int:
    from .stage import Stage
    from .story import tell

    with Stage() as stage:
        return tell(stage, show_values=args.show_values, keep=args.keep)


command = Command("quickstart", "watch the operator do its main job, without a cluster", _configure, _run)
