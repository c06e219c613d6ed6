"""Errors and forms that the other groups have too seldom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

Cases = Iterator[dict[str, Any]]
DATA: Final = {"a": 1, "l": [1, 2], "s": "text", "n": None}


def filled(forms: Sequence[str], fillers: Sequence[str], data: Any = DATA, **more: Any) -> Cases:
    """Yield every form with every filler in the place of `@`."""
    for filler in fillers:
        for form in forms:
            yield {"text": form.replace("@", filler), "data": data, **more}


def errors() -> Cases:
    yield from filled(
        ["@", "{{if 1}}@{{end}}", "{{range .l}}x{{end}}@", "{{with .l}}@{{end}}", "{{range .l}}{{else}}@{{end}}"],
        ["{{break}}", "{{continue}}"],
    )
    yield from filled(
        ["{{@.x}}", "{{print @.x}}"], ["1", "1.5", "'a'", '"s"', "`r`", "true", "false", "nil", "0x10", "1i"]
    )
    comments = ["", " a", " a *", " a }}", " a */ b}}", " a */1}}", "**/", "\nb", " a */ }}", " a */ -"]
    yield from filled(["{{/*@", "x\n{{- /*@"], comments)
    slices = [".s 2 1", ".l 2 1", ".s 4 0", ".l 1 0", ".l 0 2 1", ".l 1 2 1", ".l 2 0 2", '"abc" 3 2']
    yield from filled(["{{slice @}}", "{{print (slice @)}}"], slices)
    declared = ["1", "", ".a", "$y, $z", "(1)", '"s"', "$y, 1"]
    yield from filled(["{{range $x, @ := .l}}{{end}}"], declared)
    yield from filled(["{{@ $x, $y := .l}}{{end}}"], ["if", "with", "template `in`", "print"])
    fields = [".x", ".x.y", ".a.x.y", ".x.a.b", ".x.x.x", ".n.x"]
    yield from filled(
        ["{{@.z}}", "{{print @.z}}", "{{if @.z}}{{end}}"], fields, {"a": {}, "n": None}, missingkey="error"
    )
    without_data = ["{{$@}}", "{{(.).q@}}", "{{with .@}}{{.x}}{{end}}"]
    yield from filled(without_data, ["", ".x", ".x.y"], None, missingkey="error")
    places = [
        "@",
        "x@",
        "{{if 1}}{{end}}@",
        "{{define `in`}}{{end}}@",
        "{{define `in`}}@{{end}}",
        "{{range .l}}{{end}}@",
    ]
    yield from filled(places, ["{{end}}", "{{else}}", "{{else if 1}}", "{{else with 1}}"])
    begun = ["{{if 1}}", "{{range .l}}", "{{with 1}}", "{{define `in`}}", "{{block `in` .}}", "{{if 1}}{{else if 2}}"]
    yield from filled(["@", "a@\nb", "@{{else}}"], begun)
    yield from definitions()
    calls = ["", " | len", " 1", ".x", " | upper | quote", " | list | first", " | print hello", " | eq hello"]
    yield from filled(["{{hello@}}", "{{if hello@}}{{end}}"], calls, functions="sprig")


def definitions() -> Cases:
    """Yield two definitions of one name, as templates and as blocks."""
    for first, second in [("a", "b"), ("a", " "), (" ", "b"), ("{{.}}", "{{1}}")]:
        for one in ["define `in`", "block `in` ."]:
            for other in ["define `in`", "block `in` ."]:
                yield from filled(
                    ["{{@}}" + second + "{{end}}{{template `in` 5}}"], [f"{one}}}}}{first}{{{{end}}}}{{{{{other}"]
                )
