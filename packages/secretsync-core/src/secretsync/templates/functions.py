"""A function that templates may call, and the types that it declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ..errors import MissingExtra

ANY: Final = "interface {}"
"""Any value; what is missing arrives as None."""
VALUE: Final = "reflect.Value"
"""Any value; what is missing arrives as `MISSING`."""


class Function:
    """A Python function under Go's rules for calls; as a method of a `Record` too.

    Args:
        call: Takes the arguments by position. It raises `FunctionError` to end the run; what else it raises goes
            through `render` unchanged.
        takes: Go's types of the parameters: `string`, `int`, `float64`, `bool`, `map[string]interface {}`,
            `[]interface {}`, a type of records, `ANY` or `VALUE`. An argument of another type is an error, as in Go;
            a nil map or list arrives as None.
        rest: The type of any number of further ones, if there may be such.
        gives: The type of the result, `ANY` unless it is always the same.
        asks: Whether it answers from what is known so far, and may return a `StandIn`. As an argument of it, a
            stand-in ends the run; any other function is not called with one, and its result is a stand-in too.
        changes: Whether it changes a mapping or a list that it is given, so that what was printed before must be
            written before.
        decides: Whether a stand-in is for the function itself to refuse, as in comparisons.
        needs_run: Whether `call` gets the `Run` before its arguments: for limits, time and chance. A method cannot.
    """

    __slots__ = ("asks", "call", "changes", "decides", "gives", "needs_run", "rest", "takes")

    def __init__(
        self,
        call: Callable[..., object],
        takes: tuple[str, ...] = (),
        *,
        rest: str | None = None,
        gives: str = ANY,
        asks: bool = False,
        changes: bool = False,
        decides: bool = False,
        needs_run: bool = False,
    ) -> None:
        self.call: Callable[..., object] = call
        self.takes: tuple[str, ...] = takes
        self.rest: str | None = rest
        self.gives: str = gives
        self.asks: bool = asks
        self.changes: bool = changes
        self.decides: bool = decides
        self.needs_run: bool = needs_run

    def __call__(self, *args: object) -> object:
        return self.call(*args)

    def parameter(self, at: int) -> str:
        """Return the type of the parameter at a position, if there may be one."""
        return self.takes[at] if at < len(self.takes) else self.rest or ANY

    def wrong_count(self, name: str, given: int, count: int) -> str | None:
        """Return what is wrong with so many arguments, one from the pipeline included in `count` but not in `given`."""
        wanted = len(self.takes)
        if self.rest is not None:
            return f"wrong number of args for {name}: want at least {wanted} got {given}" if count < wanted else None
        return f"wrong number of args for {name}: want {wanted} got {count}" if count != wanted else None


class Layers(Mapping[str, Function]):
    """Functions of several mappings, of which the first that has a name says what it is.

    Nothing is copied: a mapping may load a function only when it is looked up.
    """

    __slots__ = ("_mappings",)

    def __init__(self, *mappings: Mapping[str, Function]) -> None:
        self._mappings = mappings

    def __getitem__(self, name: str) -> Function:
        for mapping in self._mappings:
            if name in mapping:
                return mapping[name]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return any(name in mapping for mapping in self._mappings)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for mapping in self._mappings for name in mapping))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Chapters(Mapping[str, Function]):
    """Functions in modules that are loaded when one of theirs is looked up.

    Args:
        modules: The full name of the module of each function. It has a mapping `FUNCTIONS`.
    """

    __slots__ = ("modules",)

    def __init__(self, modules: Mapping[str, str]) -> None:
        self.modules: Mapping[str, str] = modules

    def __getitem__(self, name: str) -> Function:
        """Return a function.

        Raises:
            MissingExtra: Its module needs a library that is not installed.
        """
        from importlib import import_module

        module = self.modules[name]
        try:
            found: Function = import_module(module).FUNCTIONS[name]
        except ModuleNotFoundError:
            raise MissingExtra(f"the function {name} of templates", "secretsync-core[sprig]") from None
        return found

    def __contains__(self, name: object) -> bool:
        return name in self.modules

    def __iter__(self) -> Iterator[str]:
        return iter(self.modules)

    def __len__(self) -> int:
        return len(self.modules)
