"""Cases for Sprig's chapter on encoding."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

PLAIN: list[Any] = [
    "",
    "a",
    "ab",
    "abc",
    "abcd",
    "abcde",
    "abcdef",
    "h\u00e9llo \U0001f600",
    "\x00\x01\n",
    {"$raw": base64.b64encode(b"\xff\xfe\x00\x80").decode()},
    "x" * 100,
]
BASE_64: list[Any] = [
    "",
    "YQ==",
    "YWI=",
    "YWJj",
    "YWJjZA==",
    "/+8=",
    "_-8=",
    "Y",
    "YQ",
    "YQ=",
    "YQ=x",
    "YQ===",
    "YQ==YQ==",
    "YWI",
    "YWI==",
    "YWI=x",
    "=",
    "Y=",
    "====",
    "YR==",
    "Y Q==",
    "YQ= =",
    "YW\nJj\r\n",
    "Y\nQ\n=\n=\n",
    "YQ\n=\n",
    "YQ==\nx",
    "YQ=\n\nx",
    "\nYWJ\n",
    "YWJjZ",
    "YWJj!!!!",
    "YWJjZGVmZ2hpamts*",
    "YWJjZGVmZ2hpamtsbW5vcA==",
    "\u00e9",
    "YWJ\u00e9",
    "\n",
    "\u212aWJj",
]
BASE_32: list[Any] = [
    "",
    "ME======",
    "MFRA====",
    "MFRGG===",
    "MFRGGZA=",
    "MFRGGZDF",
    "MFRGGZDFMY======",
    "M",
    "ME",
    "ME=",
    "ME=====",
    "ME=======",
    "ME======ME======",
    "ME======x",
    "M=======",
    "MFR=====",
    "MFRGGZ==",
    "MFRGGZDFM",
    "me======",
    "M1======",
    "ME==x===",
    "ME=====x",
    "MFRA===x",
    "MF\nRG\r\nG===",
    "========",
    "=",
    "MFRGGZDF=",
    "\u00e9",
    "MFRGGZDF\n",
    "ME======  ======",
]


def cases() -> Iterator[dict[str, Any]]:
    for text in PLAIN:
        for template in ["{{b64enc .}}", "{{b32enc .}}", "{{b64enc . | b64dec}}", "{{b32enc . | b32dec}}"]:
            yield {"text": template, "data": text}
    for text in BASE_64:
        yield {"text": "{{b64dec .}}", "data": text}
    for text in BASE_32:
        yield {"text": "{{b32dec .}}", "data": text}
    for name in ["b64enc", "b64dec", "b32enc", "b32dec"]:
        for arguments in ["", "1", ".", ".x", "nil", '"a" "b"', "true"]:
            yield {"text": f"{{{{{name} {arguments}}}}}", "data": {}}
    yield {"text": '{{"a" | b64enc | b32enc | b64enc | len}}'}
    yield {"text": '{{with b64dec "YTE="}}{{.}}{{end}}{{printf "%T" (b32dec "")}}'}
