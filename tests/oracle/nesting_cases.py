"""Blocks deep within each other, where Python needs functions of their own: variables, `break`, `continue`, errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

DATA: Final[dict[str, Any]] = {
    "t": True,
    "one": [1],
    "two": [1, 2],
    "m": {"m": None, "t": True, "two": [1, 2]},
    "n": None,
}
BLOCKS: Final = {
    "if": "{{if $.t}}",
    "with": "{{with $.m}}",
    "range": "{{range $.one}}",
    "variables": "{{range $i, $e := $.one}}",
    "declared": "{{with $w := $.m}}",
    "else": "{{if $.n}}no{{else}}",
}
LEAVES: Final = (
    "{{.}}{{$x}}",
    "{{$x = 2}}{{$x}}",
    "{{$y := 3}}{{$y}}{{$x = $y}}",
    "{{range $.two}}{{.}}{{break}}{{end}}",
    "{{range $.two}}{{if eq . 1}}{{continue}}{{end}}{{.}}{{end}}",
    "{{.nope.x.y}}{{$.t.x}}",
    "{{index $.two 9}}",
    "{{template `in` $x}}",
    '{{$x = printf "%v." $x}}',
    "{{and true ($x = 5)}}{{or false ($y := 6)}}{{$y}}",
)


def nesting() -> Iterator[dict[str, Any]]:
    define = "{{define `in`}}<{{.}}>{{end}}{{$x := 1}}"
    for depth in (12, 45, 100):
        for begin in BLOCKS.values():
            for leaf in LEAVES:
                yield {"text": f"{define}{begin * depth}{leaf}{'{{end}}' * depth} {{{{$x}}}}", "data": DATA}
    for leave in ("break", "continue"):
        for depth in (11, 42, 70):
            for begin in BLOCKS.values():
                inner = begin * depth + f"a{{{{$x = 2}}}}{{{{{leave}}}}}b" + "{{end}}" * depth
                yield {"text": f"{define}{{{{range $.two}}}}[{inner}]{{{{end}}}} {{{{$x}}}}", "data": DATA}
                yield {
                    "text": f"{define}{{{{range $.two}}}}{{{{range $.n}}}}{{{{else}}}}[{inner}]{{{{end}}}}{{{{end}}}}",
                    "data": DATA,
                }
    yield {
        "text": "{{$n := 0}}" + "{{range 2}}" * 12 + "{{$n = len (print $n `x`)}}" + "{{end}}" * 12 + "{{$n}}",
        "data": None,
    }
    yield {"text": "{{range $i := 2}}" * 11 + "{{$i}}{{if $i}}{{continue}}{{end}}," + "{{end}}" * 11, "data": None}
    for depth in (12, 45, 100):
        inner = "{{if .t}}" * depth + "{{.t}}{{.nope}}{{$w.t}}" + "{{end}}" * depth
        yield {"text": f"{{{{with $w := .m}}}}{{{{.t}}}}{inner}{{{{.two}}}}{{{{end}}}}", "data": DATA}
    mixed = "".join(BLOCKS.values()) * 20
    for leaf in LEAVES:
        yield {"text": f"{define}{mixed}{leaf}{'{{end}}' * 120} {{{{$x}}}}", "data": DATA}
