"""Cases for Sprig's functions of passwords."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

HASH = r"\$2a\$10\$[./A-Za-z0-9]{53}"


def cases() -> Iterator[dict[str, Any]]:
    for text in ["", "secret", "h\u00e9llo", "a" * 72, {"$raw": base64.b64encode(b"\xff\x00a").decode()}]:
        yield {"text": "{{bcrypt .}}", "data": text, "shape": HASH}
        yield {"text": '{{htpasswd "me" .}}', "data": text, "shape": f"me:{HASH}"}
    for text in ["a" * 73, "\u00e9" * 37]:
        yield {"text": '{{bcrypt .}} {{htpasswd "me" .}}', "data": text}
    for text in ["a:b", ":", "a:"]:
        yield {"text": '{{htpasswd . "x"}}', "data": text}
    for arguments in ["", "1", "nil", '"a" "b"', ".x", "true"]:
        yield {"text": f"{{{{bcrypt {arguments}}}}}", "data": {}}
    for arguments in ["", '"a"', '1 "a"', '"a" 1', 'nil "a"', '"a" "b" "c"', '.x "a"']:
        yield {"text": f"{{{{htpasswd {arguments}}}}}", "data": {}}
    for form in ["maximum", "long", "medium", "short", "basic", "pin", "Long", "", "c4n4ry"]:
        yield {"text": '{{derivePassword 1 .f "password" "user" "example.com"}}', "data": {"f": form}}
    for counter in [
        "0",
        "2",
        "4294967296",
        "1.0",
        "1.5",
        "-1",
        '"1"',
        "nil",
        "true",
        ".n",
        ".x",
    ]:
        yield {"text": f'{{{{derivePassword {counter} "long" "p" "u" "s"}}}}', "data": {"n": 1}}
    for arguments in ["", "1", '1 "long"', '1 "long" "p" "u"', '1 "long" 2 "u" "s"', '1 "long" "p" "u" "s" "x"']:
        yield {"text": f"{{{{derivePassword {arguments}}}}}"}
    for password, user, site in [("", "", ""), ("h\u00e9", "\u00fc", "\U0001f600"), ("p" * 100, "u" * 100, "s" * 100)]:
        data = {"p": password, "u": user, "s": site}
        yield {"text": '{{derivePassword 3 "maximum" .p .u .s}}', "data": data}
