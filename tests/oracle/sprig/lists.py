from __future__ import annotations

from arguments import Cases, calls, each

ONE = ["first", "last", "rest", "initial", "reverse", "uniq", "compact"]
LISTS = [
    "(list)",
    "(list 1)",
    "(list 1 2 3)",
    "(list nil 0 `` false (list) (dict) 1)",
    "(list 1 1 1.0 `a` `a` nil nil (list 1) (list 1) (dict `a` 1) (dict `a` 1) (int64 1))",
    "(until 3)",
    "(splitList `,` `a,b,,a`)",
    "(rest list)",
    "(chunk 2 (list 1 2 3))",
    "(split `,` `a,b`)",
    "(add 1 2)",
]

USUAL = {
    "append": ("(list 1 2)", "3"),
    "push": ("(list 1 2)", "3"),
    "prepend": ("(list 1 2)", "3"),
    "without": ("(list 1 2 3)", "2"),
    "has": ("2", "(list 1 2)"),
    "chunk": ("2", "(list 1 2 3)"),
    "slice": ("(list 1 2 3)", "1", "2"),
}


def cases() -> Cases:
    for name in both([*ONE, "append", "push", "prepend", "without", "has", "chunk", "slice"]):
        yield from calls(name, *USUAL.get(name.removeprefix("must").lower(), ("(list 1 2 2)",)))
    for name in ONE:
        yield from each([f"{{{{{name} {values}}}}}" for values in LISTS])
        yield from each([f"{{{{printf `%T %#v` ({name} {values})}}}}" for values in LISTS])
    for name in ["append", "push", "prepend"]:
        yield from each([f"{{{{{name} {values} `x` | printf `%#v`}}}}" for values in LISTS])
    yield from searches()
    yield from parts()
    yield from several()


def searches() -> Cases:
    yield from each([f"{{{{without {values} 1 nil `a` (list 1)}}}}" for values in LISTS])
    yield from each(["{{without (list 1 2)}}", "{{without}}", "{{2 | without (list 1 2)}}"])
    for needle in ["1", "nil", "`a`", "(list 1)", "1.0", "(int64 1)"]:
        yield from each([f"{{{{has {needle} {values}}}}}" for values in LISTS])


def parts() -> Cases:
    for size in [-5, -2, -1, 0, 1, 2, 3, 9]:
        yield from each([f"{{{{chunk {size} {values}}}}}" for values in LISTS])
    yield from each([f"{{{{printf `%T %#v` (chunk 2 {values})}}}}" for values in LISTS])
    for bounds in ["", "0", "1", "3", "4", "-1", "1 2", "2 1", "0 0", "`1` 2.9", "nil", "1 2 3", "0 -1"]:
        yield from each([f"{{{{slice {values} {bounds}}}}}" for values in LISTS[:1] + LISTS[2:3] + LISTS[5:8]])
    yield from each([f"{{{{printf `%T` (slice {values} 0)}}}}" for values in LISTS])


def both(names: list[str]) -> list[str]:
    return [form for name in names for form in (name, f"must{name[0].upper()}{name[1:]}")]


def several() -> Cases:
    for name in ["list", "tuple"]:
        yield from calls(name, "1", "`a`")
        yield from each([f"{{{{{name}}}}}", f"{{{{{name} nil}}}}", f"{{{{{name} | len}}}}", f"{{{{1 | {name} 2}}}}"])
        yield from each([f"{{{{range {name} 1 nil `a`}}}}[{{{{.}}}}]{{{{end}}}}", f"{{{{printf `%T` ({name})}}}}"])
    yield from calls("concat", "(list 1)", "(list 2)")
    yield from each([f"{{{{concat {values} (list 1)}}}}" for values in LISTS])
    yield from each(
        ["{{concat}}", "{{printf `%T %#v` (concat) (concat)}}", "{{concat (until 2) (until 2)}}", "{{concat nil}}"]
    )
    yield from each(
        [
            "{{range chunk 2 (until 5)}}{{.}}{{len .}}{{.x}}{{end}}",
            "{{(first (list (dict `a` 1))).a}}{{(first (list 1)).a}}",
            "{{(first list).a}}",
            "{{$l := list 1}}{{$m := append $l 2}}{{$l}}{{$m}}",
            "{{$l := list}}{{range until 3}}{{$l = append $l .}}{{end}}{{$l}}",
            "{{index (rest (list 1 2)) 0}}{{index (rest list) 0}}",
            "{{without (splitList `,` `a,b`) `a` | join `-`}}",
            "{{first (until 3) | printf `%T`}}{{last (splitList `,` `a`) | printf `%T`}}",
            "{{len (rest list)}}{{if rest list}}T{{else}}F{{end}}{{range rest list}}x{{else}}none{{end}}",
            "{{slice `abc` 1 2}}",
            "{{index (list 1 2) 5}}",
            "{{compact (list 0 1 `` `a` nil) | toString}}",
        ]
    )
