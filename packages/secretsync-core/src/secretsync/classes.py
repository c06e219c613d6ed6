"""attrs' `define` and `frozen`, with one `repr` for all classes.

attrs writes a `__repr__` for each class and has it compiled when the module is imported. With 150 classes that is a
seventh of the imports of a program that is to start at once, for texts that hardly anybody reads. This one is made
when something is shown, and reads the same.
"""

from __future__ import annotations

from collections.abc import Callable
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, Final

import attrs

if TYPE_CHECKING:
    from attrs import define, frozen
else:

    def _with_our_repr(decorate: Callable[..., Any]) -> Callable[..., Any]:
        def decorator(cls: type | None = None, **options: Any) -> Any:
            return made(cls, options) if cls is not None else lambda cls: made(cls, options)

        def made(cls: type, options: dict[str, Any]) -> type:
            shows = options.pop("repr", "__repr__" not in vars(cls))
            cls = decorate(cls, repr=False, **options)
            if shows:
                cls.__repr__ = _repr
            return cls

        return decorator

    define = _with_our_repr(attrs.define)
    frozen = _with_our_repr(attrs.frozen)

__all__ = ["define", "frozen"]

_UNSET: Final = object()


@recursive_repr()
def _repr(self: Any) -> str:
    """Return the class and its fields, but for those that are not to be shown."""
    shown = [_field(self, field) for field in attrs.fields(type(self)) if field.repr]
    name = type(self).__qualname__.rpartition(">.")[2]
    return f"{name}({', '.join(shown)})"


def _field(self: Any, field: attrs.Attribute[Any]) -> str:
    value = getattr(self, field.name, _UNSET)
    if value is _UNSET:  # in the middle of its making
        return f"{field.name}=NOTHING"
    return f"{field.name}={field.repr(value) if callable(field.repr) else repr(value)}"
