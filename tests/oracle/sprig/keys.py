"""Cases for Sprig's private keys. Those of RSA and DSA take too long for here: tests/unit makes one each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def shape(kind: str) -> str:
    return f"-----BEGIN {kind}-----\n(?:[A-Za-z0-9+/=]{{1,64}}\n)+-----END {kind}-----\n"


def cases() -> Iterator[dict[str, Any]]:
    yield {"text": '{{genPrivateKey "ecdsa"}}', "shape": shape("EC PRIVATE KEY")}
    yield {"text": '{{"ed25519" | genPrivateKey}}', "shape": shape("PRIVATE KEY")}
    for text in ["{{genPrivateKey .k}}", '{{genPrivateKey .k | printf "%q"}}']:
        for kind in ["RSA", "ec", "rsa ", "c4n4ry", "\u00e9"]:
            yield {"text": text, "data": {"k": kind}}
    for arguments in ["", "1", "nil", ".x", '"ecdsa" "x"', "true"]:
        yield {"text": f"{{{{genPrivateKey {arguments}}}}}", "data": {}}
    yield {"text": '{{genPrivateKey "ed25519" | len}} {{genPrivateKey "ecdsa" | len}}'}
