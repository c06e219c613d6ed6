"""Cases for Sprig's UUIDs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

SHAPE = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def cases() -> Iterator[dict[str, Any]]:
    for text in ["{{uuidv4}}", "{{$x := uuidv4}}{{$x}}", '{{uuidv4 | printf "%s"}}', "{{with uuidv4}}{{.}}{{end}}"]:
        yield {"text": text, "shape": SHAPE}
    yield {"text": "{{upper uuidv4}}", "shape": SHAPE.replace("a-f", "A-F").replace("89ab", "89AB")}
    for text in ["{{len uuidv4}}", '{{printf "%T" uuidv4}}', "{{eq uuidv4 uuidv4}}", "{{uuidv4 1}}", "{{1 | uuidv4}}"]:
        yield {"text": text}
