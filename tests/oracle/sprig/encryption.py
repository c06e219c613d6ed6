"""Cases for Sprig's AES."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

VECTOR = bytes(range(16))
TEXTS = [b"a", b"sixteen bytes ok", b"seventeen bytes ok", "h\u00e9llo".encode(), b"\xff\x00", b"x" * 100]


def encrypted(key: bytes, padded: bytes) -> str:
    encryptor = Cipher(AES256(key[:32].ljust(32, b"\0")), CBC(VECTOR)).encryptor()
    return base64.b64encode(VECTOR + encryptor.update(padded) + encryptor.finalize()).decode()


def padded(text: bytes) -> bytes:
    missing = 16 - len(text) % 16
    return text + bytes([missing]) * missing


def cases() -> Iterator[dict[str, Any]]:
    for text in TEXTS:
        for key in ["", "key", "k\u00e9y", "k" * 32, "k" * 33]:
            yield {"text": "{{decryptAES .k .t}}", "data": {"k": key, "t": encrypted(key.encode(), padded(text))}}
        length = len(base64.b64encode(VECTOR + padded(text)))
        data = {"t": {"$raw": base64.b64encode(text).decode()}}
        yield {"text": '{{encryptAES "key" .t}}', "data": data, "shape": f"[A-Za-z0-9+/=]{{{length}}}"}
        yield {"text": '{{encryptAES "key" .t | decryptAES "key"}}', "data": data}
    for wrong in [
        "",
        "!",
        "YQ",
        base64.b64encode(b"short").decode(),
        base64.b64encode(VECTOR[:15]).decode(),
        base64.b64encode(VECTOR + b"x").decode(),
        base64.b64encode(VECTOR + b"x" * 17).decode(),
        encrypted(b"key", b"\xff" * 16),
        encrypted(b"key", b"x" * 15 + b"\0"),
        encrypted(b"key", b"x" * 15 + b"\x10"),
        encrypted(b"key", b"x" * 15 + b"\x11"),
        encrypted(b"key", b"x" * 31 + b"\x14"),
    ]:
        yield {"text": '{{decryptAES "key" .}}', "data": wrong}
    yield {"text": '{{encryptAES "key" ""}}|{{decryptAES "" ""}}'}
    for name in ["encryptAES", "decryptAES"]:
        for arguments in ["", '"a"', '1 "a"', '"a" 1', 'nil "a"', '"a" nil', '"a" "b" "c"', '.x "a"']:
            yield {"text": f"{{{{{name} {arguments}}}}}", "data": {}}
