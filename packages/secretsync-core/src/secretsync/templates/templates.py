"""Templates to be rendered: a set of named ones, and how an error finds its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Final

from .comparison import ComparisonError
from .compiler import FILE, Program, compile_trees, globals_of
from .dialects import GO, Dialect
from .emitter import Place, chosen
from .errors import Excess, ExecutionError, Failure, FunctionError, LimitExceeded, TemplateError
from .functions import Function
from .limits import DEFAULT, Limits
from .nodes import Tree
from .parser import parse_trees
from .quoting import quote
from .runtime import MissingKey, Run
from .scope import Options
from .sources import SYSTEM, Sources
from .values import MISSING, StandIn, Undecided

_ERRORS: Final = (Failure, FunctionError, ComparisonError, RecursionError)


class Template:
    """A template and those that it can call. Immutable; any thread may render it."""

    __slots__ = ("_set", "name")

    def __init__(self, name: str, among: TemplateSet) -> None:
        self.name: str = name
        self._set = among

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all templates of the set, sorted."""
        return tuple(sorted(self._set.program.entries))

    def render(self, data: object = None, *, sources: Sources = SYSTEM) -> str:
        """Return the text that the template makes of the data.

        Args:
            data: What the dot is at first.
            sources: Where functions have their time and chance from.

        Raises:
            ExecutionError: In Go's words; where Go quotes data, it says `[redacted]`.
            LimitExceeded: The template asked for more than it may have.
            Undecided: A function gave a stand-in: the text is not known yet. As much of the template as could be has
                been run, so that all questions it can ask without the answers have been asked.
        """
        return self._set.render(self.name, data, sources)


class TemplateSet:
    """Templates that can call each other, compiled."""

    __slots__ = ("_careful", "_quick", "limits", "program", "trees")

    def __init__(self, trees: Mapping[str, Tree], options: Options, limits: Limits) -> None:
        self.trees: Mapping[str, Tree] = trees
        self.limits: Limits = limits
        self.program: Program = compile_trees(trees, options, limits)
        self._quick = _namespace(self.program, _asking)
        self._careful: dict[str, object] | None = None

    def __getitem__(self, name: str) -> Template:
        """Return a template.

        Raises:
            TemplateError: There is none of that name.
        """
        if name not in self.program.entries:
            raise TemplateError(f"template: no template {quote(name)}")
        return Template(name, self)

    def render(self, name: str, data: object, sources: Sources = SYSTEM) -> str:
        """See `Template.render`."""
        try:
            return self._run(self._quick, name, data, sources)
        except _Missed:
            pass  # below, what misses goes on to the end, so that all of it is asked for at once
        if self._careful is None:
            self._careful = _namespace(self.program, _noting, len=_length)
        raise Undecided(self._failure(self._careful, name, data, sources))

    def _failure(self, namespace: Mapping[str, object], name: str, data: object, sources: Sources) -> Exception | None:
        try:
            self._run(namespace, name, data, sources)
        except TemplateError as error:
            return error
        except Undecided:
            pass  # it stopped at what only an answer decides, and has asked for all before that
        return None

    def _run(self, namespace: Mapping[str, object], name: str, data: object, sources: Sources) -> str:
        run = Run(self.limits, sources)
        pieces = run.pieces
        entry: Callable[..., None] = namespace[self.program.entries[name]]  # type: ignore[assignment]
        try:
            entry(MISSING if data is None else data, pieces.append, pieces.extend, run, 0)
            return run.finish()
        except _ERRORS as error:
            found = self._told(error)
        try:
            raise found  # outside of `except`: the first error would drag the run's values along
        finally:
            del found

    def _told(self, error: Exception) -> TemplateError:
        if isinstance(error, RecursionError):
            return LimitExceeded(f"exceeded maximum template depth ({self.limits.depth})", "depth")
        place = self._place(error.__traceback__)
        if isinstance(error, Excess):
            asked = place and Place(place.tree, place.call or place.node)
            return LimitExceeded(_worded(asked, str(error)), error.limit)
        if isinstance(error, FunctionError | ComparisonError) and place is not None:
            called = Place(place.tree, place.call)
            return ExecutionError(_worded(called, f"error calling {place.name}: {error}"))
        return ExecutionError(_worded(place, str(error)))

    def _place(self, traceback: TracebackType | None) -> Place | None:
        """Return the place of the innermost line of a template that the error came through."""
        found = None
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == FILE:
                found = self._resolved(traceback.tb_lineno, traceback.tb_frame.f_locals) or found
            traceback = traceback.tb_next
        return found

    def _resolved(self, line: int, values: Mapping[str, object]) -> Place | None:
        place = self.program.places.get(line)
        if place is None:
            return None
        return Place(place.tree, chosen(place.node, values), chosen(place.call, values), place.name)


def _worded(place: Place | None, text: str) -> str:
    if place is None:
        return f"template: {text}"
    tree = place.tree
    node = chosen(place.node, {})
    if node is None:
        return f"template: {text}"
    return f"template: {tree.place(node)}: executing {quote(tree.name)} at <{node}>: {text}"


class _Missed(Exception):
    """A function that asks has no answer yet."""


def _namespace(
    program: Program, bound: Callable[[Function], Callable[..., object]], **more: object
) -> dict[str, object]:
    """Execute the module with functions bound in one way or another."""
    namespace = {**globals_of(program.options), **more}
    for name, value in program.constants.items():
        namespace[name] = bound(value) if isinstance(value, Function) else value
    exec(program.code, namespace)  # noqa: S102  # the source is ours, whatever the template says
    return namespace


def _asking(function: Function) -> Callable[..., object]:
    """Bind a function for a run that ends at the first answer that is not there yet."""
    call = function.call
    if not function.asks:
        return call

    def ask(*args: object) -> object:
        answer = call(*args)
        if isinstance(answer, StandIn):
            raise _Missed
        return answer

    return ask


def _length(made: str | StandIn) -> int:
    return 0 if isinstance(made, StandIn) else len(made)


def _noting(function: Function) -> Callable[..., object]:
    """Bind a function for a run that goes on with stand-ins."""
    call = function.call
    if function.decides:
        return call

    def pass_on(*args: object) -> object:
        stand_in = next((arg for arg in args if isinstance(arg, StandIn)), None)
        if stand_in is None:
            return call(*args)
        if function.asks:
            raise Undecided
        return stand_in

    return pass_on


def parse(
    name: str,
    text: str,
    *,
    functions: Mapping[str, Function] | None = None,
    delimiters: tuple[str, str] = ("{{", "}}"),
    missing_key: MissingKey = "default",
    dialect: Dialect = GO,
    limits: Limits = DEFAULT,
) -> Template:
    """Return a template.

    Args:
        name: What errors call it.
        text: The template; a byte that is no UTF-8 is a surrogate escape.
        functions: What it may call besides those of the dialect.
        delimiters: What begins and ends an action.
        missing_key: What a key means that a map has not: `<no value>`, nil, or an error.
        dialect: The language, and the functions that are part of it.
        limits: How much one rendering may have.

    Raises:
        ParseError: The text is no template; in Go's words.
        LimitExceeded: Its blocks are nested too deeply.
        MissingExtra: It names a function that needs a library which is not installed.
    """
    texts = {name: text}
    return parse_set(
        texts, functions=functions, delimiters=delimiters, missing_key=missing_key, dialect=dialect, limits=limits
    )[name]


def parse_set(
    texts: Mapping[str, str],
    *,
    functions: Mapping[str, Function] | None = None,
    delimiters: tuple[str, str] = ("{{", "}}"),
    missing_key: MissingKey = "default",
    dialect: Dialect = GO,
    limits: Limits = DEFAULT,
) -> TemplateSet:
    """Return templates that can call each other. A later definition of a name replaces an earlier one, unless empty.

    Arguments and errors are those of `parse`.
    """
    known = dialect.with_functions(functions) if functions else dialect
    trees: dict[str, Tree] = {}
    for name, text in texts.items():
        for found, tree in parse_trees(name, text, functions=known.functions, delimiters=delimiters).items():
            if found not in trees or not tree.is_empty:
                trees[found] = tree
    options = Options(functions=known.functions, missing_key=missing_key, integers=known.integers)
    return TemplateSet(trees, options, limits)
