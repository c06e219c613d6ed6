"""Errors that name a type: that of a value, or `interface {}` where Go holds the value in one."""

from __future__ import annotations

from typing import Any, Final

from error_cases import Cases, filled

DATA: Final[dict[str, Any]] = {
    "i": 3,
    "l": [1, "b", {"a": 1}],
    "m": {"a": 1, "b": "x"},
    "s": "text",
    "texts": {"$texts": ["a", "b"]},
    "numbers": {"$numbers": [1, 2]},
    "named": {"$named": {"a": "A", "b": "B"}},
    "p": {"$pair": ["key", {"a": 1}]},
    "q": {"$pair": ["key", 5]},
    "pairs": [{"$pair": ["one", "two"]}],
    "held": {"texts": {"$texts": ["a"]}, "i": 2},
    "none": None,
}
MANY: Final = (".i", ".l", ".m", ".texts", ".numbers", ".named", ".pairs", ".p.Value", ".none", ".held.texts", "3")
LOOPS: Final = (
    "{{range @}}{{.x}}{{end}}",
    "{{range @}}{{.x.y 1}}{{end}}",
    "{{range @}}{{.x 1}}{{end}}",
    "{{range @}}{{1 | .x}}{{end}}",
    "{{range $e := @}}{{$e.x}}{{end}}",
    "{{range $i, $e := @}}{{$e.x}}{{end}}",
    "{{range $i, $e := @}}{{$i.x}}{{end}}",
    "{{range @}}{{with .}}{{.x}}{{end}}{{end}}",
    "{{range @}}{{$x := .}}{{$x.x}}{{end}}",
    "{{range @}}{{(.).x}}{{end}}",
    "{{range @}}{{range 1}}{{$.s.x}}{{end}}{{end}}",
    "{{define `t`}}{{.x}}{{end}}{{range @}}{{template `t` .}}{{end}}",
    "{{range $ = @}}{{$.x}}{{end}}",
    "{{$v := `s`}}{{range $v = @}}{{$v.x}}{{end}}",
    "{{$v := `s`}}{{range $v = @}}{{end}}{{$v.x}}",
    "{{$v := `s`}}{{range $v = @}}{{break}}{{end}}{{$v.x}}",
    "{{$v := `s`}}{{range $v = @}}{{else}}{{$v.x}}{{end}}",
    "{{$v := `s`}}{{range $v = .l}}{{end}}{{range $v = @}}{{else}}{{$v.x}}{{end}}",
    "{{$v := `s`}}{{range 2}}{{if .}}{{$v.x}}{{end}}{{range $v = @}}{{end}}{{end}}",
    "{{$v := `s`}}{{range $i, $v = @}}{{$v.x}}{{end}}",
    "{{$i := 1}}{{$v := `s`}}{{range $i, $v = @}}{{$v.x}}{{end}}",
    "{{range $v := @}}{{$v = 1}}{{$v.x}}{{end}}",
    "{{range $v := @}}{{if false}}{{$v = 1}}{{end}}{{$v.x}}{{end}}",
    "{{$v := @}}{{range $v}}{{$v = 1}}{{.x}}{{end}}",
    "{{$v := @}}{{range $v = $v}}{{$v.x}}{{end}}",
    "{{and 1 ($v := @) | len}}{{range $v}}{{.x}}{{end}}",
    "{{range @}}" + "{{if true}}" * 45 + "{{.x}}" + "{{end}}" * 46,
    "{{$v := 1}}{{range $v = @}}" + "{{if true}}" * 45 + "{{$v.x}}" + "{{end}}" * 46,
    "{{$v := 1}}" + "{{if true}}" * 45 + "{{range $v = @}}{{end}}" + "{{end}}" * 45 + "{{$v.x}}",
    "{{range $v := @}}" + "{{if true}}" * 45 + "{{$v = true}}" + "{{end}}" * 45 + "{{$v.x}}{{end}}",
    "{{range @}}{{slice $.l .}}{{end}}",
    "{{range $i, $e := @}}{{slice `abc` $i}}{{slice `abc` $e}}{{end}}",
)
CHAINS: Final = (
    ".p.Key", ".p.Value", ".p.Size", ".q.Value", ".q.Size", "(.p).Key", "(.q.Value)", "(.p.Greet `x`)", ".named.a",
    ".named.c", ".m.a", ".m.c", ".i", ".texts", "(index .texts 0)", "(index .l 0)", "(index .pairs 0)", "$", "$.q.Value",
    "$.q.Key", "(slice .l 1)", "(and 1 .i)", "(or .none .i)", ".pairs", "(index .pairs 0).Value", ".held.i",
)  # fmt: skip


def holders() -> Cases:
    yield from filled(LOOPS, MANY, DATA)
    chained = ["{{@.x}}", "{{@.x 1}}", "{{print @.x.y}}", "{{with @}}{{.x}}{{end}}", "{{$x := @}}{{$x.x}}"]
    yield from filled(chained, CHAINS, DATA)
    yield from filled(["{{slice .l @}}", "{{slice .s 0 @}}", "{{@ | slice .l}}"], CHAINS, DATA)
    yield from methods()
    yield from called()


def methods() -> Cases:
    """Yield calls of methods, and of what is none: whether the arguments are evaluated, and what was last."""
    arguments = ["(index .l 9)", "($v = `set`)", "($w := `new`)", "`a` (index .l 9)", "1", ".none", "`x` | print"]
    callees = [".nokey.x", ".none.x", ".s.x", ".m.a", ".p.Key", ".p.Nope", ".p.Greet", ".q.Value.x", "$v.x", "$.l.x"]
    yield from filled([f"{{{{$v := 1}}}}{{{{{one} @}}}}{{{{$v}}}}" for one in callees], arguments, DATA)
    yield from filled(["{{.nokey.x @}}", "{{.p.Greet @ | len | print}}"], arguments, DATA, missingkey="error")
    yield from filled(["{{@.x}}", "{{@.x 1}}", "{{print @.x}}"], ["(.p.Greet `x`)", "(.nokey.Greet `x`)"], DATA)


def called() -> Cases:
    """Yield calls at the end of the depth, and blocks that end as they must not."""
    small = "{{define `s`}}x{{end}}"
    yield from filled([small + "{{define `t`}}@{{template `t`}}{{end}}{{template `t`}}"], ["{{template `s`}}", "x", ""])
    yield from filled(
        ["{{block `in` .}}@{{else}}{{end}}", "\n{{block `in` .}}\n@{{else if 1}}", "{{define `in`}}\n@{{else}}"],
        ["", "\nx", "{{if 1}}\n{{end}}", "\n{{range .}}{{else}}\n{{end}}\n"],
    )
