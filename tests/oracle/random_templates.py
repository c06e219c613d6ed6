"""Templates by chance: what nobody would think of writing, most of it wrong in one way or another."""

from __future__ import annotations

from random import Random
from typing import Any, Final

DATA: Final[dict[str, Any]] = {
    "s": "str",
    "e": "",
    "n": None,
    "t": True,
    "f": False,
    "i": 3,
    "z": 0,
    "fl": 2.5,
    "l": [1, "b", None, [1]],
    "el": [],
    "m": {"a": 1, "b": {"c": "d"}, "n": None},
    "em": {},
    "u": "hé",
    "p": {"$pair": ["key", {"a": 1}]},
    "ps": [{"$pair": ["one", "two"]}, {"$pair": ["x", None]}],
    "ss": {"$texts": ["b", "a"]},
    "is": {"$numbers": [0, 2]},
    "ms": {"$named": {"a": "A", "b": "B"}},
}
LITERALS: Final = ("1", "0", "-2", "1.5", '"s"', '"%s-%v"', "`r`", "true", "false", "'a'", '"b"', '""', "nil", "2")
FUNCTIONS: Final = {
    "and": 2, "or": 2, "not": 1, "len": 1, "index": 2, "slice": 2, "print": 2, "printf": 3, "println": 1, "html": 2,
    "js": 1, "urlquery": 1, "call": 1, "eq": 2, "ne": 2, "lt": 2, "le": 2, "gt": 2, "ge": 2,
}  # fmt: skip
NAMES: Final = ("a", "b", "c", "n", "x", "Key", "Value", "Size", "Nope", "Greet")
VARIABLES: Final = ("$", "$", "$v", "$w", "$k")
LOOPS: Final = (".l", ".m", "3", ".el", ".i", ".ss", ".is", ".ms", ".ps", ".z", "$k", "$v")
FORMATS: Final = ('"%v"', '"%s %d"', '"%q"', '"%5v|"', '"%T"')


class Author:
    """Writes templates; the same seed, the same templates."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)

    def template(self) -> str:
        """Return a template, sometimes with a slip of the pen."""
        defined = "".join(
            f'{{{{define "{name}"}}}}{self.body(1, in_loop=False)}{{{{end}}}}'
            for name in ("q", "r")
            if self.chance.random() < 0.4
        )
        variables = self.chance.choice(
            ["", "{{$v := .m}}{{$w := 1}}{{$k := .l}}", "{{$v := .i}}{{$w := .s}}{{$k := .n}}"]
        )
        text = defined + variables + self.body(3, in_loop=False)
        return self.slip(text) if text and self.chance.random() < 0.15 else text

    def slip(self, text: str) -> str:
        at = self.chance.randrange(len(text))
        return text[:at] + self.chance.choice(["", "{", "}", "(", ")", "|", '"', " "]) + text[at + 1 :]

    def body(self, depth: int, *, in_loop: bool) -> str:
        return "".join(self.node(depth, in_loop=in_loop) for _ in range(self.chance.choice([0, 1, 1, 2, 3])))

    def node(self, depth: int, *, in_loop: bool) -> str:
        kinds = ["text", "action", "action", "declaration", "if", "with", "range", "template", "comment"]
        kind = self.chance.choice([*kinds, "leave"] if in_loop else kinds) if depth else "text"
        match kind:
            case "text":
                return self.chance.choice(["x", "\n", " y ", "é"])
            case "action":
                return self.tag(self.pipe(2))
            case "declaration":
                return self.tag(self.chance.choice(["$v := ", "$w := ", "$v = ", "$k := "]) + self.pipe(1))
            case "template":
                name = self.chance.choice(["q", "q", "r", "nope"])
                return self.tag(f'template "{name}" ' + self.chance.choice(["", self.pipe(1)]))
            case "comment":
                return "{{/* c */}}"
            case "leave":
                return self.chance.choice(["{{break}}", "{{continue}}"])
        return self.branch(kind, depth, in_loop=in_loop)

    def tag(self, text: str) -> str:
        return "{{" + self.chance.choice(["", "", "- "]) + text + self.chance.choice(["", " ", " -"]) + "}}"

    def branch(self, kind: str, depth: int, *, in_loop: bool) -> str:
        variables = {"with": ["", "$w := "], "range": ["", "$v := ", "$k, $v := ", "$v = ", "$w, $v = "]}
        declared = self.chance.choice(variables.get(kind, [""]))
        loops = [self.pipe(1), *LOOPS] if kind == "range" else [self.pipe(1)]
        parts = [self.tag(f"{kind} {declared}{self.chance.choice(loops)}")]
        parts.append(self.body(depth - 1, in_loop=in_loop or kind == "range"))
        if kind != "range" and self.chance.random() < 0.4:
            parts += ["{{else " + kind + " " + self.pipe(1) + "}}", self.body(depth - 1, in_loop=in_loop)]
        if self.chance.random() < 0.5:
            parts += ["{{else}}", self.body(depth - 1, in_loop=in_loop)]
        return "".join(parts) + "{{end}}"

    def pipe(self, depth: int) -> str:
        declared = self.chance.choice(["$v := ", "$w = ", "$v = "]) if self.chance.random() < 0.05 else ""
        count = self.chance.choice([1, 1, 1, 2, 3])
        return declared + " | ".join(self.command(depth, first=at == 0) for at in range(count))

    def command(self, depth: int, *, first: bool) -> str:
        if self.chance.random() < (0.4 if first else 0.05):
            return self.term(depth)
        name = self.chance.choice(list(FUNCTIONS))
        count = FUNCTIONS[name] - (not first)
        if self.chance.random() < 0.08:
            count = self.chance.randint(0, 4)
        args = [self.term(depth) for _ in range(count)]
        if name == "printf" and first and args and self.chance.random() < 0.8:
            args[0] = self.chance.choice(FORMATS)
        return " ".join([name, *args])

    def term(self, depth: int) -> str:
        kinds = ["literal", "literal", "field", "field", "variable", "."]
        match self.chance.choice([*kinds, "pipe", "pipe", "function"] if depth else kinds):
            case "literal":
                return self.chance.choice(LITERALS)
            case "field":
                names = [*DATA, "x", "a"]
                more = [self.chance.choice(NAMES) for _ in range(self.chance.choice([0, 0, 0, 1, 1, 2]))]
                return "." + ".".join([self.chance.choice(names), *more])
            case "variable":
                return self.chance.choice(VARIABLES) + self.chance.choice(["", "", ".a", ".m.b", ".Value"])
            case "pipe":
                return f"({self.pipe(depth - 1)})" + self.chance.choice(["", "", "", ".a", ".b.c"])
            case "function":
                return self.chance.choice(list(FUNCTIONS))
        return "."
