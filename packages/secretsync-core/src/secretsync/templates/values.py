"""What a template can hold, and how Go names it.

    Go                        here
    nil                       None
    a key a map has not       MISSING
    bool, int, float64        bool, int, float
    int64, uint8, …           an Integer
    complex128                complex, from a literal such as `2i`
    string                    str; a byte that is no UTF-8 is a surrogate escape (U+DC80 … U+DCFF)
    map[string]interface {}   a mapping with str keys
    []interface {}            a list or a tuple
    []string, map[string]int  a TypedList or a TypedMap, which nil slices and nil maps are too
    a struct, or a pointer    a Record
    an answer not there yet   a StandIn

Nothing else is a value: `type_name` refuses it, so no attribute or method of a Python object is within reach.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import ClassVar, Final, final

MAP: Final = "map[string]interface {}"
LIST: Final = "[]interface {}"
NIL: Final = "<nil>"
NO_VALUE: Final = "<no value>"


@final
class Missing:
    """The type of `MISSING`. As an argument of a function it is nil, as Go has it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()
"""What looking up a key gives that a map has not; compare with `is`."""


@final
class StandIn:
    """Holds the place of an answer that is not there yet: it prints as nothing and decides nothing.

    Args:
        full: Whatever comes is a value with something in it, which counts as true.
    """

    __slots__ = ("full",)

    def __init__(self, *, full: bool = False) -> None:
        self.full: bool = full

    def __bool__(self) -> bool:
        if not self.full:
            raise Undecided
        return True


class Undecided(Exception):
    """A stand-in would have decided something; the run ends here and is made again with the answer.

    Attributes:
        error: What the run with stand-ins failed of nevertheless; no answer will make it succeed.
    """

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error: Exception | None = error


@final
class Record:
    """A Go struct: declared fields, in order, and declared methods. Its `repr` names the type alone.

    Args:
        type_name: As Go words it, `dependency.KeyPair`; with a leading `*` the record is a pointer, which `print`
            writes as `&{…}`, and inside another value as an address.
        fields: Names and values in the order of the declaration.
        methods: Names and functions. A method `Error` or `String` without arguments says how the record prints.
        of_any: The names of those fields that Go declares as `any`; errors tell them from others.
        inner: What it holds besides, which nothing shows; two records are only equal if this is.
        json_names: Of fields that JSON calls otherwise.
    """

    __slots__ = ("fields", "inner", "json_names", "methods", "of_any", "type_name")

    def __init__(
        self,
        type_name: str,
        fields: Mapping[str, object],
        methods: Mapping[str, Callable[..., object]] | None = None,
        of_any: Collection[str] = (),
        inner: object = None,
        *,
        json_names: Mapping[str, str] | None = None,
    ) -> None:
        self.json_names: Mapping[str, str] = json_names or {}
        self.type_name: str = type_name
        self.fields: Mapping[str, object] = fields
        self.methods: Mapping[str, Callable[..., object]] = methods or {}
        self.of_any: Collection[str] = of_any
        self.inner: object = inner

    @property
    def is_pointer(self) -> bool:
        return self.type_name.startswith("*")

    def __repr__(self) -> str:
        return f"Record({self.type_name})"


class Integer(int):
    """An integer of a Go type other than `int`; every such type is a class. Arithmetic gives a plain `int` again.

    Attributes:
        type_name: As Go words it, `int64` or `time.Month`.
        kind: The type underneath, if that is another.
    """

    __slots__ = ()
    type_name: ClassVar[str]
    kind: ClassVar[str]


@final
class Int64(Integer):
    __slots__ = ()
    type_name = kind = "int64"


@final
class Uint8(Integer):
    __slots__ = ()
    type_name = kind = "uint8"


@final
class Uint64(Integer):
    __slots__ = ()
    type_name = kind = "uint64"


class Named(Integer):
    """An integer of a type with methods, of which `String` says how it reads, such as `time.Month`."""

    __slots__ = ()
    fields: ClassVar[Mapping[str, object]] = {}

    @property
    def methods(self) -> Mapping[str, Callable[..., object]]:
        """The names of methods, and functions."""
        raise NotImplementedError


@final
class TypedList(list[object]):
    """A Go slice of a type of its own, such as `[]string`, or a nil slice."""

    __slots__ = ("is_nil", "type_name")

    def __init__(self, type_name: str, elements: Iterable[object] = (), *, is_nil: bool = False) -> None:
        super().__init__(elements)
        self.type_name: str = type_name
        self.is_nil: bool = is_nil


@final
class TypedMap(dict[str, object]):
    """A Go map from strings of a type of its own, such as `map[string]string`, or a nil map.

    Attributes:
        zero: What Go has for a key that is not there.
    """

    __slots__ = ("is_nil", "type_name", "zero")

    def __init__(
        self,
        type_name: str,
        elements: Mapping[str, object] | None = None,
        *,
        is_nil: bool = False,
        zero: object = None,
    ) -> None:
        super().__init__(elements or {})
        self.type_name: str = type_name
        self.is_nil: bool = is_nil
        self.zero: object = "" if type_name == "map[string]string" else zero


_NAMES: Final[dict[type, str]] = {
    type(None): NIL,
    Missing: NIL,
    StandIn: NIL,
    bool: "bool",
    int: "int",
    float: "float64",
    complex: "complex128",
    str: "string",
    dict: MAP,
    list: LIST,
    tuple: LIST,
}


def type_name(value: object) -> str:
    """Return the type of a value as Go words it, such as `string`, `map[string]interface {}` or `<nil>`.

    Raises:
        TypeError: It is no value of a template; the text names its type alone.
    """
    name = _NAMES.get(type(value))
    return name if name is not None else _name_of_another(value)


def _name_of_another(value: object) -> str:
    if isinstance(value, Record | Integer | TypedList | TypedMap):
        return value.type_name
    for known in (str, int, float, list, tuple):
        if isinstance(value, known):
            return _NAMES[known]
    if isinstance(value, Mapping):
        return MAP
    raise TypeError(f"a {type(value).__name__} is no value of a template")


def kind(value: object) -> str:
    """Return the kind of a value as Go's reflection words it, such as `slice`, `struct`, `int64`, or `invalid` for nil.

    Raises:
        TypeError: It is no value of a template.
    """
    if isinstance(value, Record):
        return "ptr" if value.is_pointer else "struct"
    if isinstance(value, Integer):
        return value.kind
    name = type_name(value)
    if name == NIL:
        return "invalid"
    return "map" if name.startswith("map[") else "slice" if name.startswith("[") else name


def is_nil(value: object) -> bool:
    """Return whether Go would call a value nil: no value at all, a nil slice or a nil map."""
    return value is None or value is MISSING or (isinstance(value, TypedList | TypedMap) and value.is_nil)


def part(elements: Sequence[object], begin: int, end: int) -> Sequence[object]:
    """Return elements of a list, as one of the same Go type."""
    taken = elements[begin:end]
    if isinstance(elements, TypedList):
        return TypedList(elements.type_name, taken, is_nil=elements.is_nil)
    return taken


_SCALARS: Final = frozenset({str, int, bool, float, type(None)})


def expanded(value: object) -> int:
    """Return how many values a value holds at all depths, those counted again that it holds twice.

    A list that holds another twice, which does so too, and so on, takes little memory and no end of time to be walked
    through. This looks at each only once.

    Raises:
        RecursionError: It holds itself.
    """
    counts: dict[int, int] = {}

    def count(held: object) -> int:
        if not isinstance(held, Mapping | list | tuple | Record):
            return 1
        parts = held if isinstance(held, list | tuple) else (held.fields if isinstance(held, Record) else held).values()
        if _SCALARS.issuperset(map(type, parts)):
            return 1 + len(parts)
        known = counts.get(id(held))
        if known is None:
            known = counts[id(held)] = 1 + sum(map(count, parts))
        return known

    return count(value)


def encoded(text: str) -> bytes:
    """Return the bytes that Go would hold for a text.

    A surrogate that stands for no byte, which no decoder of ours produces, becomes U+FFFD as in Go's decoding of JSON.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return "".join("\ufffd" if _stands_for_nothing(char) else char for char in text).encode(
            "utf-8", "surrogateescape"
        )


def _stands_for_nothing(char: str) -> bool:
    return "\ud800" <= char < "\udc80" or "\udcff" < char <= "\udfff"


def decoded(raw: bytes) -> str:
    """Return the text that stands for bytes, whatever they are."""
    return raw.decode("utf-8", "surrogateescape")


def well_formed(text: str) -> str:
    """Return the text with one character for each of Go's runes.

    Joined texts may hold a character in pieces: two surrogate escapes that together are one rune.
    """
    return text if text.isascii() else decoded(encoded(text))
