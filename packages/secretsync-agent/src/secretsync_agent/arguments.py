"""The command line: ours, and every word that the KMS Agent took (agent §1)."""

from __future__ import annotations

import logging
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NoReturn

from secretsync import durations
from secretsync.errors import InvalidInput

from .settings import PROGRAM, Arguments, Mode

_COMMANDS: Final = {"agent": Mode.RUN, "validate": Mode.VALIDATE}
_FORMATS: Final = ("console", "plain", "json")
_DESTINATIONS: Final = ("stderr", "stdout")
_TRACE: Final = 5
_LEVELS: Final = {
    "trace": _TRACE,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "err": logging.ERROR,
    "error": logging.ERROR,
    "fatal": logging.CRITICAL,
}
_FLAGS: Final = (
    *("--config", "--once", "--dry-run", "--strict", "--timeout", "--help"),
    *("--log-level", "--log-format", "--log-destination"),
)
_SWITCHES: Final = {"--silent": False, "--telemetry": True}
"""Of the KMS Agent, without effect here, by what they are when they are not given."""
_TRUTH: Final = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False}

_ABOUT: Final = """\
Keeps files made from secrets, and runs commands when they change.

  agent       work until a signal comes; may be left out
  validate    check the configuration, say what is wrong with it, and do nothing else
"""
_CODES: Final = """\
Exit status: 0 done or stopped by a signal, 1 failed, 2 wrong usage or configuration.
The environment may hold the whole configuration, in base64, as SECRETSYNC_AGENT_CONFIG_BASE64
(or KMS_…, INFISICAL_…); then no file is opened.
"""


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InvalidInput([f"{message}; {PROGRAM} --help lists what there is"])


def parse(argv: Sequence[str], environ: Mapping[str, str]) -> Arguments | None:
    """Return what a command line (without the program's name) says; None after help was shown.

    Raises:
        InvalidInput: It makes no sense.
    """
    parser = _parser()
    told, unknown = parser.parse_known_intermixed_args(list(_without_switches(argv)))
    if told.help:
        sys.stdout.write(parser.format_help())
        return None
    for word in (*unknown, *(word for word in told.words if word.startswith("-"))):
        name, _, _ = word.partition("=")  # what stands behind it may be a secret
        parser.error(f"{name} is no flag{_near(name)}")
    if told.words not in ([], *([command] for command in _COMMANDS)):
        parser.error("there is no such command")
    return _arguments(told, environ)


def _parser() -> _Parser:
    parser = _Parser(
        PROGRAM,
        description=_ABOUT,
        epilog=_CODES,
        formatter_class=RawDescriptionHelpFormatter,
        add_help=False,
        allow_abbrev=False,
    )
    parser.add_argument("words", nargs="*", metavar="agent | validate", help=SUPPRESS)
    parser.add_argument("-h", "--help", action="store_true", help="show this and end")
    parser.add_argument(
        "--config", metavar="FILE", default="agent-config.yaml", help="the configuration (default: %(default)s)"
    )
    parser.add_argument(
        "--once", action="store_true", help="write everything once and end, whatever the configuration says"
    )
    parser.add_argument("--dry-run", action="store_true", help="say once which files would change, and change none")
    parser.add_argument(
        "--strict", action="store_true", help="unknown keys and other oddities of the configuration are errors"
    )
    parser.add_argument(
        "--timeout",
        metavar="DURATION",
        default="180s",
        help="how long a run may take that ends by itself (default: %(default)s)",
    )
    parser.add_argument(
        "-l",
        "--log-level",
        metavar="LEVEL",
        help="trace, debug, info, warn, error or fatal (default: LOG_LEVEL, else info)",
    )
    parser.add_argument(
        "--log-format",
        metavar="FORMAT",
        choices=_FORMATS,
        help="console, plain or json (default: LOG_FORMAT, else console)",
    )
    parser.add_argument(
        "--log-destination",
        metavar="PLACE",
        choices=_DESTINATIONS,
        help="stderr or stdout (default: LOG_DESTINATION, else stderr)",
    )
    parser.add_argument("--domain", help=SUPPRESS)  # the configuration says where the KMS is, and always did
    return parser


def _without_switches(argv: Sequence[str]) -> Iterator[str]:
    """Yield the words that argparse is to see: a switch with `=` is none that it knows."""
    for word in argv:
        name, _, value = word.partition("=")
        if name not in _SWITCHES:
            yield word
        elif value.lower() not in {"", *_TRUTH}:
            raise InvalidInput([f'{name}: "{value}" is no truth value; write true or false'])


def _arguments(told: Namespace, environ: Mapping[str, str]) -> Arguments:
    timeout = durations.seconds(told.timeout)
    if timeout is None:
        raise InvalidInput([f'--timeout: "{told.timeout}" is no duration; write one such as 90s or 3m'])
    return Arguments(
        mode=_COMMANDS[told.words[0] if told.words else "agent"],
        config=told.config,
        strict=told.strict,
        once=told.once or told.dry_run,
        dry_run=told.dry_run,
        timeout=timeout,
        log_level=_LEVELS.get((told.log_level or environ.get("LOG_LEVEL", "")).lower(), logging.INFO),
        log_format=told.log_format or _known(environ.get("LOG_FORMAT", ""), _FORMATS),
        log_destination=told.log_destination or _known(environ.get("LOG_DESTINATION", ""), _DESTINATIONS),
    )


def _near(name: str) -> str:
    from difflib import get_close_matches  # only for an error

    near = get_close_matches(name, _FLAGS, n=1)
    return f", did you mean {near[0]}?" if near else ""


def _known(word: str, words: Sequence[str]) -> str:
    """Return a word of the environment, or the default: other programs have variables of that name too."""
    return word if word in words else words[0]
