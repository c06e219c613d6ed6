"""The parser: from tokens to trees, one for each named template.

`define` and `block` bodies are trees of their own: they see neither the variables nor the loops around them. Where
Go names a line in an error, it is the line of the last token looked at, which may be one ahead; so is ours.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from . import nodes
from .errors import LimitExceeded, ParseError
from .lexer import Token, tokens
from .literals import BadSyntax, unquoted
from .nodes import Node, Tree
from .numbers import number
from .quoting import quote

_OPERANDS: Final = frozenset(
    ["bool", "character", "complex", ".", "field", "identifier", "number", "nil", "string", "variable", "("]
)
_PLAIN: Final = (nodes.Bool, nodes.Dot, nodes.Nil, nodes.Number, nodes.String)
_BRANCHES: Final[Mapping[str, type[nodes.Branch]]] = {"if": nodes.If, "range": nodes.Range, "with": nodes.With}
MAX_PARENTHESES: Final = 100
"""How deep parentheses may nest; Go stops at 10,000, at which Python's own stack would be at its end."""

MAX_BLOCKS: Final = 150
"""How deep blocks may nest, for the same reason; Go has no bound."""


def parse_trees(
    name: str, text: str, *, functions: Collection[str], delimiters: tuple[str, str] = ("", "")
) -> dict[str, Tree]:
    """Return the trees of a text by name: those that it defines, and its own under `name`.

    Raises:
        ParseError: In Go's words.
        LimitExceeded: Its blocks are nested too deeply.
    """
    words = frozenset(word for word in ("break", "continue") if word in functions)
    source = _Source(name, text, tokens(text, delimiters=delimiters, words=words), functions)
    try:
        _Parser(source).whole(name)
    except RecursionError:
        raise ParseError(f"template: {name}:{source.line()}: max expression depth exceeded") from None
    return source.trees


class _Source:
    """What all parsers of one text share."""

    def __init__(self, name: str, text: str, made: list[Token], functions: Collection[str]) -> None:
        self.name = name
        self.text = text
        self.tokens = made
        self.functions = functions
        self.index = 0
        self.trees: dict[str, Tree] = {}

    def line(self) -> int:
        return self.tokens[min(self.index, len(self.tokens) - 1)].line


class _Parser:
    """Reads one tree."""

    def __init__(self, source: _Source) -> None:
        self.source = source
        self.seen = 0
        self.action_line = 0
        self.loops = 0
        self.parentheses = 0
        self.blocks = 0
        self.variables = ["$"]
        self.assigned: set[str] = set()
        self.looped: set[str] = set()
        self.calls: set[str] = set()

    # Tokens.

    def next(self) -> Token:
        source = self.source
        at = min(source.index, len(source.tokens) - 1)
        source.index += 1
        self.seen = max(self.seen, at)
        return source.tokens[at]

    def peek(self) -> Token:
        token = self.next()
        self.source.index -= 1
        return token

    def next_beyond_space(self) -> Token:
        token = self.next()
        while token.kind == "space":
            token = self.next()
        return token

    def peek_beyond_space(self) -> Token:
        token = self.next_beyond_space()
        self.source.index -= 1
        return token

    def expect(self, kind: str, context: str) -> Token:
        token = self.next_beyond_space()
        if token.kind != kind:
            raise self.unexpected(token, context)
        return token

    # Errors.

    def error(self, text: str) -> ParseError:
        return ParseError(f"template: {self.source.name}:{self.source.tokens[self.seen].line}: {text}")

    def unexpected(self, token: Token, context: str) -> ParseError:
        if token.kind != "error":
            return self.error(f"unexpected {token} in {context}")
        extra = ""
        if self.action_line not in (0, token.line):
            extra = f" in action started at {self.source.name}:{self.action_line}"
            if token.text.endswith(" action"):
                extra = extra.removeprefix(" in action")
        return self.error(f"{token.text}{extra}")

    # Trees and lists.

    def whole(self, name: str) -> None:
        """Read the text to its end."""
        body: list[Node] = []
        while self.peek().kind != "EOF":
            if self._begins_definition():
                _Parser(self.source).definition()
                continue
            found = self.text_or_action()
            if isinstance(found, Token):
                raise self.error(f"unexpected {{{{{found.kind}}}}}")
            body.append(found)
        self.add(name, body)

    def _begins_definition(self) -> bool:
        before = self.source.index
        if self.next().kind == "{{" and self.next_beyond_space().kind == "define":
            return True
        self.source.index = before
        return False

    def definition(self) -> None:
        context = "define clause"
        name = self.template_name(self.next_beyond_space(), context)
        self.expect("}}", context)
        self.body_until_end(name, context, self)

    def body_until_end(self, name: str, context: str, outer: _Parser) -> None:
        """Read the body of a template; where that ends is for the parser of what is around to say, as in Go."""
        body, end = self.items()
        if end.kind != "end":
            raise outer.error(f"unexpected {{{{{end.kind}}}}} in {context}")
        self.add(name, body)

    def add(self, name: str, body: list[Node]) -> None:
        tree = Tree(
            name,
            source=self.source.name,
            text=self.source.text,
            body=body,
            assigned=self.assigned,
            looped=self.looped,
            calls=self.calls,
        )
        known = self.source.trees.get(name)
        if known is None or known.is_empty:
            self.source.trees[name] = tree
        elif not tree.is_empty:
            raise self.error(f"template: multiple definition of template {quote(name)}")

    def items(self) -> tuple[list[Node], Token]:
        """Return the nodes up to `end` or `else`, and that keyword."""
        body: list[Node] = []
        while self.peek_beyond_space().kind != "EOF":
            found = self.text_or_action()
            if isinstance(found, Token):
                return body, found
            body.append(found)
        raise self.error("unexpected EOF")

    def text_or_action(self) -> Node | Token:
        token = self.next_beyond_space()
        if token.kind == "text":
            return nodes.Text(token.pos, token.text)
        if token.kind != "{{":
            raise self.unexpected(token, "input")
        self.action_line = token.line
        found = self.action()
        self.action_line = 0
        return found

    # Actions.

    def action(self) -> Node | Token:
        token = self.next_beyond_space()
        kind = token.kind
        if kind in _BRANCHES:
            return self.branch(kind)
        if kind in ("break", "continue"):
            return self.leave(token)
        if kind in ("template", "block"):
            return self.call(kind)
        if kind == "end":
            self.expect("}}", "end")
            return token
        if kind == "else":
            if self.peek_beyond_space().kind not in ("if", "with"):
                self.expect("}}", "else")
            return token
        self.source.index -= 1
        return nodes.Action(token.pos, self.pipeline("command", "}}"))

    def leave(self, token: Token) -> Node:
        following = self.next_beyond_space()
        if following.kind != "}}":
            raise self.unexpected(following, f"{{{{{token.kind}}}}}")
        if not self.loops:
            raise self.error(f"{{{{{token.kind}}}}} outside {{{{range}}}}")
        return nodes.Break(token.pos) if token.kind == "break" else nodes.Continue(token.pos)

    def branch(self, context: str) -> Node:
        """Read a condition or a loop; `else if` and `else with` are links of a chain that one `end` closes."""
        declared, is_loop = len(self.variables), context == "range"
        if self.blocks >= MAX_BLOCKS:
            raise LimitExceeded("the blocks of the template are nested too deeply", "nesting")
        links: list[tuple[nodes.Pipe, list[Node]]] = []
        self.blocks += 1
        while True:
            pipe = self.pipeline(context, "}}")
            self.loops += is_loop
            body, end = self.items()
            self.loops -= is_loop
            links.append((pipe, body))
            if end.kind != "else" or is_loop or self.peek().kind != context:
                break
            self.next()
        otherwise = self.otherwise() if end.kind == "else" else []
        self.blocks -= 1
        del self.variables[declared:]
        for pipe, body in reversed(links):
            made = _BRANCHES[context](pipe.pos, pipe, body, otherwise)
            otherwise = [made]
        return made

    def otherwise(self) -> list[Node]:
        """Read what follows `else`."""
        body, end = self.items()
        if end.kind != "end":
            raise self.error(f"expected end; found {{{{{end.kind}}}}}")
        return body

    def call(self, kind: str) -> Node:
        context = f"{kind} clause"
        token = self.next_beyond_space()
        name = self.template_name(token, context)
        self.calls.add(name)
        if kind == "block":
            pipe = self.pipeline(context, "}}")
            _Parser(self.source).body_until_end(name, context, self)
            return nodes.Call(token.pos, name, pipe)
        if self.peek_beyond_space().kind == "}}":
            self.next_beyond_space()
            return nodes.Call(token.pos, name, None)
        return nodes.Call(token.pos, name, self.pipeline(context, "}}"))

    def template_name(self, token: Token, context: str) -> str:
        if token.kind != "string":
            raise self.unexpected(token, context)
        return self.string(token)

    # Pipelines.

    def pipeline(self, context: str, end: str) -> nodes.Pipe:
        pos = self.peek_beyond_space().pos
        variables, assigns = self.declarations(context)
        commands: list[nodes.Command] = []
        while True:
            token = self.next_beyond_space()
            if token.kind == end:
                break
            if token.kind not in _OPERANDS:
                raise self.unexpected(token, context)
            self.source.index -= 1
            commands.append(self.command())
        self.check(commands, context)
        return nodes.Pipe(pos, variables=variables, assigns=assigns, commands=commands)

    def check(self, commands: list[nodes.Command], context: str) -> None:
        if not commands:
            raise self.error(f"missing value for {context}")
        for stage, command in enumerate(commands[1:], start=2):
            if isinstance(command.terms[0], _PLAIN):
                raise self.error(f"non executable command in pipeline stage {stage}")

    def declarations(self, context: str) -> tuple[list[nodes.Variable], bool]:
        declared: list[nodes.Variable] = []
        while self.peek_beyond_space().kind == "variable":
            before = self.source.index
            token = self.next_beyond_space()
            sign = self.next_beyond_space()
            if sign.kind not in (":=", "=") and sign.text != ",":
                self.source.index = before
                break
            declared.append(nodes.Variable(token.pos, token.text))
            self.variables.append(token.text)
            if context == "range":
                self.looped.add(token.text)
            if sign.text != ",":
                assigns = sign.kind == "="
                self.assigned.update(variable.name for variable in declared if assigns)
                return declared, assigns
            self.check_list(context, declared)
        return declared, False

    def check_list(self, context: str, declared: list[nodes.Variable]) -> None:
        """Refuse what may not stand after a comma between variables."""
        if context != "range" or len(declared) > 1:
            raise self.error(f"too many declarations in {context}")
        if self.peek_beyond_space().kind not in ("variable", "}}", ")"):
            raise self.error("range can only initialize variables")

    def command(self) -> nodes.Command:
        pos = self.peek_beyond_space().pos
        terms: list[Node] = []
        while True:
            self.peek_beyond_space()
            term = self.operand()
            if term is not None:
                terms.append(term)
            token = self.next()
            if token.kind == "space":
                continue
            if token.kind in ("}}", ")"):
                self.source.index -= 1
            elif token.kind != "|":
                raise self.unexpected(token, "operand")
            break
        if not terms:
            raise self.error("empty command")
        return nodes.Command(pos, terms)

    def operand(self) -> Node | None:
        term = self.term()
        if term is None or self.peek().kind != "field":
            return term
        pos = self.peek().pos
        names: list[str] = []
        while self.peek().kind == "field":
            names.append(self.next().text[1:])
        if isinstance(term, nodes.Field):
            return nodes.Field(pos, (*term.names, *names))
        if isinstance(term, nodes.Variable):
            return nodes.Variable(pos, term.name, (*term.names, *names))
        if isinstance(term, _PLAIN):
            raise self.error(f"unexpected . after term {quote(str(term))}")
        return nodes.Chain(pos, term, names)

    def term(self) -> Node | None:  # noqa: PLR0911  # one for each kind of term
        token = self.next_beyond_space()
        match token.kind:
            case "identifier":
                return self.identifier(token)
            case ".":
                return nodes.Dot(token.pos)
            case "nil":
                return nodes.Nil(token.pos, "nil")
            case "bool":
                return nodes.Bool(token.pos, token.text, token.text == "true")
            case "field":
                return nodes.Field(token.pos, [token.text[1:]])
            case "string":
                return nodes.String(token.pos, token.text, self.string(token))
            case "variable":
                return self.variable(token)
            case "character" | "complex" | "number":
                return self.number(token)
            case "(":
                return self.parenthesised()
        self.source.index -= 1
        return None

    def identifier(self, token: Token) -> Node:
        if token.text not in self.source.functions:
            raise self.error(f"function {quote(token.text)} not defined{self.nearest(token.text)}")
        return nodes.Identifier(token.pos, token.text)

    def nearest(self, name: str) -> str:
        from difflib import get_close_matches  # only for an error

        near = get_close_matches(name, self.source.functions, n=1)
        return f"; did you mean {quote(near[0])}?" if near else ""

    def variable(self, token: Token) -> Node:
        if token.text not in self.variables:
            raise self.error(f"undefined variable {quote(token.text)}")
        return nodes.Variable(token.pos, token.text)

    def number(self, token: Token) -> Node:
        try:
            return number(token.pos, token.text, token.kind)
        except BadSyntax as error:
            raise self.error(str(error)) from None

    def string(self, token: Token) -> str:
        try:
            return unquoted(token.text)
        except BadSyntax as error:
            raise self.error(str(error)) from None

    def parenthesised(self) -> Node:
        if self.parentheses >= MAX_PARENTHESES:
            raise self.error("max expression depth exceeded")
        self.parentheses += 1
        pipe = self.pipeline("parenthesized pipeline", ")")
        self.parentheses -= 1
        return pipe
