"""Cases for Sprig's random texts and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

CLASSES = {"randAlpha": "[A-Za-z]", "randAlphaNum": "[A-Za-z0-9]", "randAscii": "[ -~]", "randNumeric": "[0-9]"}


def cases() -> Iterator[dict[str, Any]]:
    for name, chars in CLASSES.items():
        for count in [1, 2, 20, 300]:
            yield {"text": f"{{{{{name} {count}}}}}", "shape": f"{chars}{{{count}}}"}
        yield {"text": f"{{{{{name} 0}}}}|{{{{{name} -1}}}}"}
        yield {"text": f"{{{{5 | {name} | len}}}}"}
        yield {"text": f'{{{{{name} 3 | printf "%T"}}}}'}
    for count in [0, 1, 2, 3, 4, 30]:
        length = (count + 2) // 3 * 4
        yield {"text": f"{{{{randBytes {count}}}}}", "shape": f"[A-Za-z0-9+/=]{{{length}}}"}
    yield {"text": "{{randBytes -1}}"}
    yield {"text": "{{randBytes 10 | b64dec | len}}"}
    for name in [*CLASSES, "randBytes"]:
        for arguments in ["", '"1"', "1.5", "nil", "1 2", ".x", ".s", "true"]:
            yield {"text": f"{{{{{name} {arguments}}}}}", "data": {"s": "1"}}
    for least, end, shape in [(0, 1, "0"), (5, 6, "5"), (-3, 0, "-[123]"), (0, 10, "[0-9]"), (-5, 5, "-?[0-5]")]:
        yield {"text": f"{{{{randInt {least} {end}}}}}", "shape": shape}
    for bounds in ["0 0", "1 0", "5 -5", "-9223372036854775808 9223372036854775807"]:
        yield {"text": f"{{{{randInt {bounds}}}}}"}
    for arguments in ["", "1", '"a" 1', "1 nil", "1 2 3", "1.5 2", ".x 1", "1 .s"]:
        yield {"text": f"{{{{randInt {arguments}}}}}", "data": {"s": "1"}}
    yield {"text": '{{randInt 1 2 | printf "%T %d"}}'}
