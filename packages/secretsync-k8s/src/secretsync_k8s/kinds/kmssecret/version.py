"""The text by which others see that a target's content changed, without seeing what it is (kmssecret §5)."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from zlib import crc32

from secretsync.digest import Digester
from secretsync.targets import Content

Versioning = Callable[[Content], str]


class VersionFormat(Enum):
    V2 = "v2"
    """Keyed with the install key: tells nobody anything."""
    CRC32 = "crc32"
    """As the replaced operator wrote it. Length and checksum let who sees them test guesses of a short secret."""


def versioning(form: VersionFormat, digest: Digester) -> Versioning:
    """Return the function that makes the version text of a target's content."""
    return _crc32 if form is VersionFormat.CRC32 else digest.rendered


def _crc32(content: Content) -> str:
    raw = b"".join(key.encode() + b"\0" + content[key].reveal() + b"\0" for key in sorted(content))
    return f'W/"secrets-{len(raw)}-{crc32(raw):08X}"'
