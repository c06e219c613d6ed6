"""`secretsync`: finds the sub-command, runs it, and turns errors into lines and exit statuses.

Exit statuses: 0 done, 1 failed, 2 wrong input or usage, 130 interrupted.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from ..errors import InvalidInput, SecretSyncError
from .command import Command

GROUP: Final = "secretsync.commands"

_FAILED: Final = 1
_WRONG_INPUT: Final = 2
_INTERRUPTED: Final = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command and return its exit status.

    Raises:
        SystemExit: As argparse has it, after `--help` or with wrong usage.
    """
    args = sys.argv[1:] if argv is None else list(argv)
    return run(args, {entry.name: entry for entry in entry_points(group=GROUP)})


def run(args: Sequence[str], entries: Mapping[str, EntryPoint]) -> int:
    """As `main`, with the sub-commands as an argument."""
    try:
        options = _parser(args, entries).parse_args(args)
        status: int = options.run(options)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except InvalidInput as error:
        print(*error.problems, sep="\n", file=sys.stderr)  # noqa: T201 - the command line's voice
        return _WRONG_INPUT
    except SecretSyncError as error:
        print(f"secretsync: {error}", file=sys.stderr)  # noqa: T201 - the command line's voice
        return _FAILED
    return status


def _parser(args: Sequence[str], entries: Mapping[str, EntryPoint]) -> ArgumentParser:
    """Return a parser for the sub-command that is called, or for all if none of them is: only then all are imported."""
    called = next((arg for arg in args if not arg.startswith("-")), "")
    names = [called] if called in entries else sorted(entries)
    parser = ArgumentParser(
        prog="secretsync", description="Delivers secrets to where they are used.", allow_abbrev=False
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in names:
        command = _load(entries[name])
        sub = commands.add_parser(name, help=command.help, description=command.help, allow_abbrev=False)
        command.configure(sub)
        sub.set_defaults(run=command.run)
    return parser


def _load(entry: EntryPoint) -> Command:
    """Return the command of an entry point, or one that says why it cannot be had: the others still can."""
    try:
        command: Command = entry.load()
    except ImportError as error:
        reason = f"cannot be loaded: {error.name or entry.module} is missing or does not import"
        return _broken(entry.name, reason)
    return command


def _broken(name: str, reason: str) -> Command:
    def fail(_: object) -> int:
        raise SecretSyncError(f"{name} {reason}")

    return Command(name, f"({reason})", lambda _: None, fail)
