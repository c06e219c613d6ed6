"""What the golden cases of tests/oracle cover, and how often.

    python tests/golden_coverage.py

Kinds of nodes, Go's functions, Sprig's, verbs and flags of printf, classes of errors: a case counts once for each of
them that it has.
"""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import golden
from secretsync.templates import ParseError, nodes
from secretsync.templates.builtins import BUILTINS
from secretsync.templates.nodes import Node
from secretsync.templates.parser import parse_trees
from secretsync.templates.sprig import SPRIG

ENOUGH: Final = 10
VERBS: Final = "vTtbcdoOqxXUeEfFgGsp"
FLAGS: Final = "+-# 0"
KINDS: Final = (
    "text", "action", "if", "with", "range", "template", "break", "continue", "pipe", "command", "dot", "nil", "bool", "string",
    "number", "field", "variable", "chain", "identifier", "define", "block", "comment", "trim", "declaration", "assignment", "else", "else if", "else with",
)  # fmt: skip
_NAMES: Final[Mapping[type[Node], str]] = {nodes.Call: "template"}
_WRITTEN: Final = {
    "define": re.compile(r"\{\{-? *define"),
    "block": re.compile(r"\{\{-? *block"),
    "comment": re.compile(r"\{\{(- )?/\*"),
    "trim": re.compile(r"\{\{- | -\}\}"),
    "else": re.compile(r"\{\{-? *else *-?\}\}"),
    "else if": re.compile(r"\{\{-? *else if"),
    "else with": re.compile(r"\{\{-? *else with"),
}
"""What the tree does not tell, by the text."""

ERRORS: Final[Mapping[str, re.Pattern[str]]] = {
    name: re.compile(pattern)
    for name, pattern in {
        "parse: unexpected token": r"unexpected .* in ",
        "parse: unexpected end or else": r"unexpected \{\{",
        "parse: unexpected EOF": "unexpected EOF",
        "parse: unclosed action": "unclosed action",
        "parse: unclosed comment": "unclosed comment|comment ends before",
        "parse: unclosed or extra parenthesis": "unclosed left paren|unexpected right paren",
        "parse: bad character": "bad character|unrecognized character|unexpected bad",
        "parse: unterminated literal": "unterminated",
        "parse: bad number": "bad number syntax|illegal number syntax|number overflow",
        "parse: bad literal": "invalid syntax|malformed character constant",
        "parse: unknown function": r"function \".*\" not defined",
        "parse: unknown variable": r"undefined variable \"",
        "parse: missing value": "missing value for|empty command",
        "parse: not executable": "non executable command",
        "parse: declarations of range": "range can only initialize|too many declarations",
        "parse: outside of range": "outside {{range}}",
        "parse: multiple definition": "multiple definition",
        "parse: field of a constant": "unexpected . after term",
        "no such template": r"template \".*\" not defined",
        "no such field of what is in an interface": r"can't evaluate field \w+ in type interface",
        "no such field of a known type": r"can't evaluate field \w+ in type (?!interface)",
        "field of nil": "nil pointer evaluating",
        "field of missing data": "nil data; no entry",
        "no such key": "map has no entry for key",
        "number of arguments": "wrong number of args",
        "type of an argument": "wrong type for value",
        "nil as an argument": "cannot assign nil",
        "no value as an argument": "invalid value; expected",
        "constant of another type": r"expected \S+; found",
        "constant that no argument can be": "can't handle",
        "nil as a command": "nil is not a command",
        "arguments for what is no function": "can't give argument to non-function",
        "arguments for what is no method": "is not a method but has arguments|cannot be invoked as function",
        "range over what is no list": "range can't iterate over|can't use .* to iterate",
        "variable not set yet": r"undefined variable: \$",
        "integer too large": "overflows int",
        "error calling a function": "error calling",
        "types that do not compare": "incompatible types for comparison|non-comparable type",
        "types without an order": "invalid type for comparison",
        "comparison with nothing": "missing argument for comparison",
        "index out of range": "index out of range",
        "index of a wrong type": "cannot index slice/array|value has type|value is nil",
        "index of a slice in an interface": "cannot index slice/array with type interface",
        "index of what has none": "can't index item|index of untyped nil|index of nil pointer",
        "slice of what has none": "can't slice item|slice of untyped nil|cannot 3-index|too many slice indexes",
        "slice the wrong way round": "invalid slice index",
        "length of what has none": "len of type|len of nil|zero Value",
        "call of what is no function": "non-function|call of nil",
    }.items()
}


def kinds(case: Mapping[str, Any]) -> Iterator[str]:
    """Yield the kinds of nodes, the functions and the forms of a case; some more than once."""
    text = base64.b64decode(case["raw"]).decode("utf-8", "surrogateescape") if "raw" in case else case["text"]
    left, right = case.get("delimiters", ("", ""))
    yield from (name for name, form in _WRITTEN.items() if form.search(text))
    try:
        trees = parse_trees(
            "t", text, functions=golden.dialect(case.get("functions", "")).functions, delimiters=(left, right)
        )
    except ParseError:
        return
    for tree in trees.values():
        for node in tree.body:
            yield from _found(node)


def _found(node: Node) -> Iterator[str]:
    """Yield what a node is, and all within it."""
    yield _NAMES.get(type(node), type(node).__name__.lower())
    if isinstance(node, nodes.Identifier):
        yield f"function {node.name}"
    if isinstance(node, nodes.Pipe) and node.variables:
        yield "assignment" if node.assigns else "declaration"
    for part in _parts(node):
        yield from _found(part)


def _parts(node: Node) -> Iterator[Node]:
    """Yield the nodes right within a node."""
    match node:
        case nodes.Branch():
            yield from (node.pipe, *node.body, *node.otherwise)
        case nodes.Pipe():
            yield from node.commands
        case nodes.Command():
            yield from node.terms
        case nodes.Chain():
            yield node.term
        case nodes.Action(pipe=pipe) | nodes.Call(pipe=pipe) if pipe is not None:
            yield pipe


def errors(case: Mapping[str, Any]) -> Iterator[str]:
    """Yield the classes of a case's error."""
    told = case.get("error", "")
    yield from (name for name, pattern in ERRORS.items() if told and pattern.search(told))


def directives() -> Iterator[tuple[str, str]]:
    """Yield verb and flags of every recorded directive, once for each value it was tried with."""
    for line in (golden.ORACLE / "printf" / "verbs.jsonl").read_text("utf-8").splitlines():
        form, texts = json.loads(line)
        for _ in texts:
            yield form[-1], form[1 : -len(form.lstrip("%" + FLAGS))]


def counted() -> dict[str, Counter[str]]:
    """Return how many cases have each kind, function, verb, flag and class of errors; those that none has, too."""
    wanted = {
        "node kinds": KINDS,
        "Go's functions": tuple(BUILTINS),
        "Sprig's functions": tuple(SPRIG),
        "printf verbs": tuple(VERBS),
        "printf flags": tuple(FLAGS),
        "error classes": tuple(ERRORS),
    }
    seen: Counter[str] = Counter()
    for case in golden.cases("cases"):
        seen.update({f"error {name}" for name in errors(case)} | set(kinds(case)))
    for verb, flags in directives():
        seen.update({f"verb {verb}", *(f"flag {flag}" for flag in flags)})
    prefixes = {"node kinds": "", "printf verbs": "verb ", "printf flags": "flag ", "error classes": "error "}
    return {
        subject: Counter({name: seen[prefixes.get(subject, "function ") + name] for name in names})
        for subject, names in wanted.items()
    }


def table(found: Mapping[str, Counter[str]]) -> Iterator[str]:
    """Yield lines: of each subject the names and counts, the rarest first."""
    for subject, counts in found.items():
        yield f"{subject} ({len(counts)}, each at least {min(counts.values())} times)"
        yield from (f"  {count:6} {name}" for name, count in sorted(counts.items(), key=lambda item: item[1]))


if __name__ == "__main__":
    print(*table(counted()), sep="\n")
