"""Variables that are declared where the run may not come through: what a name stands for then."""

from __future__ import annotations

from typing import Any, Final

from error_cases import Cases, filled

DATA: Final[dict[str, Any]] = {"l": [1, 0, 2], "z": 0, "t": True, "s": "text", "p": {"$pair": ["key", 1]}}
SKIPPED: Final = (
    "{{and .z ($v := 2)}}",
    "{{and .t ($v := 2)}}",
    "{{or .t ($v := 2)}}",
    "{{and . .z ($v := 2)}}{{or .z ($v := 3)}}",
    "{{and .z ($v := 2)}}{{and .z ($v := 3)}}",
    "{{and .t (and .z ($v := 2)) ($w := 3)}}",
    "{{and (and .z ($v := 2)) ($w := 3)}}",
    "{{.p.Greet ($v := `x`)}}",
    "{{.none.Greet ($v := `x`)}}",
    "{{$w := and .z ($v := 2)}}",
    "{{if and .z ($v := 2)}}{{else}}{{$v}}{{end}}",
    "{{if .z}}{{else if and .z ($v := 2)}}{{else}}{{$v}}{{$v = 4}}{{end}}",
    "{{if .z}}" + "{{else if and .z ($v := 2)}}" * 12 + "{{else}}{{$v}}{{$v = 4}}{{end}}",
)
USES: Final = (
    "@{{$v}}",
    "{{$v := 1}}@{{$v}}",
    "{{$v := 1}}@{{$v = 9}}{{$v}}",
    "@{{$v = 9}}{{$v}}",
    "{{$v := 1}}{{if .t}}@{{$v = 9}}{{$v}}{{end}}{{$v}}",
    "{{$v := 1}}{{range $.l}}@{{$v}}{{$v = 9}}{{end}}{{$v}}",
    "{{range $v := .l}}{{and $v ($v := `x`)}}@{{$v.x}}{{end}}",
    "{{range $v := .l}}{{with $}}@{{end}}{{$v = 7}}{{$v.x}}{{end}}",
    "{{$v := 1}}{{range $v = .l}}{{and . ($v := `x`)}}{{with $}}@{{end}}{{$v.x}}{{end}}",
    "{{$v := 1}}@" + "{{if .t}}" * 45 + "{{$v}}{{$v = 8}}" + "{{end}}" * 45 + "{{$v}}",
    "{{define `in`}}{{$v := 1}}@{{$v}}{{end}}{{template `in` .}}",
)


def declarations() -> Cases:
    yield from filled(USES, SKIPPED, DATA)
    yield from filled(
        ["{{@ nil}}", "{{@ $.none}}", "{{@ nil nil}}", "{{nil | @}}"],
        [".p.Greet", ".p.Size", ".none.Greet", ".s.Greet", ".p.Key", "now.Equal", "now.Format", "now.Add"],
        DATA,
        functions="sprig",
    )
