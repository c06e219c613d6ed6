"""Cases for Sprig's checksums."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

TEXTS: list[Any] = [
    "",
    "a",
    "abc",
    "h\u00e9llo \U0001f600",
    "\x00\x01\n",
    "x" * 1000,
    {"$raw": base64.b64encode(b"\xff\x80").decode()},
]


def cases() -> Iterator[dict[str, Any]]:
    for name in ["sha1sum", "sha256sum", "sha512sum", "adler32sum"]:
        for text in TEXTS:
            yield {"text": f"{{{{{name} .}}}}", "data": text}
        for arguments in ["", "1", "nil", ".x", '"a" "b"', "true", ".l"]:
            yield {"text": f"{{{{{name} {arguments}}}}}", "data": {"l": [1]}}
        yield {"text": f'{{{{"a" | {name} | {name} | printf "%T %s"}}}}'}
