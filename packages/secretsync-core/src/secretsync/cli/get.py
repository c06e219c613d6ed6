"""`secretsync get REF`: one secret's value, or the names in a folder."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import Final

from ..classes import frozen
from ..errors import InvalidInput
from .command import Command

_FORM: Final = "PROJECT/ENVIRONMENT/PATH or PROJECT/ENVIRONMENT/PATH#KEY"
_VARIABLES: Final = "SECRETSYNC_URL, SECRETSYNC_CLIENT_ID and SECRETSYNC_CLIENT_SECRET"


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
    parser.epilog = f"The KMS and the identity come from {_VARIABLES}, or the official clients' variables."


def _run(args: Namespace) -> int:
    from .. import client

    reference = Reference.parse(args.reference)
    with client.open() as kms:
        place = (reference.project, reference.environment, reference.path)
        if reference.key:
            sys.stdout.buffer.write(kms.secret(*place, reference.key).reveal() + b"\n")
            return 0
        for key, value in kms.folder(*place).items():
            sys.stdout.buffer.write(key.encode() + (b"=" + value.reveal() if args.show_values else b"") + b"\n")
    return 0


command: Final = Command("get", "print one secret, or the names in a folder", _configure, _run)
