"""`secretsync get REF`: one secret's value, or the names in a folder."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import Final

from attrs import frozen

from ..errors import InvalidInput
from .command import Command

_FORM: Final = "PROJECT/ENVIRONMENT/PATH or PROJECT/ENVIRONMENT/PATH#KEY"
_VARIABLES: Final = ("SECRETSYNC_URL", "SECRETSYNC_CLIENT_ID", "SECRETSYNC_CLIENT_SECRET")


@frozen
class Reference:
    """A folder, or one key of it; `key` is "" for the folder."""

    project: str
    environment: str
    path: str
    key: str

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Return what `shop/prod/db#PASSWORD` means; a folder's path may be left out for the root.

        Raises:
            InvalidInput: It has another form.
        """
        place, hash_, key = text.partition("#")
        project, _, rest = place.partition("/")
        environment, _, path = rest.partition("/")
        if not project or not environment or (hash_ and not key):
            raise InvalidInput([f'"{text}": write {_FORM}, as in shop/prod/db#PASSWORD'])
        return cls(project, environment, "/" + path.strip("/"), key)


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("reference", metavar="REF", help=_FORM)
    parser.add_argument("--show-values", action="store_true", help="of a folder: KEY=VALUE lines instead of names")
    parser.epilog = f"The KMS and the identity come from {', '.join(_VARIABLES)}; `secretsync dev` prints them."


def _run(args: Namespace) -> int:
    from .. import client

    reference = Reference.parse(args.reference)
    url, client_id, client_secret = _credentials(os.environ)
    with client.open(url, client_id=client_id, client_secret=client_secret) as kms:
        place = (reference.project, reference.environment, reference.path)
        if reference.key:
            sys.stdout.buffer.write(kms.secret(*place, reference.key).reveal() + b"\n")
            return 0
        for key, value in kms.folder(*place).items():
            sys.stdout.buffer.write(key.encode() + (b"=" + value.reveal() if args.show_values else b"") + b"\n")
    return 0


def _credentials(environ: Mapping[str, str]) -> tuple[str, ...]:
    if missing := [name for name in _VARIABLES if not environ.get(name)]:
        raise InvalidInput([f"environment variable {name} is not set; `secretsync dev` shows how" for name in missing])
    return tuple(environ[name] for name in _VARIABLES)


command: Final = Command("get", "print one secret, or the names in a folder", _configure, _run)
