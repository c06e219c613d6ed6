"""The fields of a request: several spellings, empty is absent, all that is wrong in one refusal (kms-api §4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .refusals import Issue, invalid

_TRUTH: Final = {"true": True, "false": False}


class Form:
    """Reads one query or body and keeps what was wrong with it; `check` says it.

    Args:
        given: As it came: texts in a query, anything JSON has in a body. Unknown fields are ignored.
        place: Where it stands in the body; begins the path of each issue.
        issues: Where to note what is wrong; a list of its own without one.
    """

    def __init__(self, given: Mapping[str, object], *, place: str = "", issues: list[Issue] | None = None) -> None:
        self._given = given
        self._place = place
        self._issues = [] if issues is None else issues

    def check(self) -> None:
        """Refuse the request if anything in it was wrong.

        Raises:
            Refusal: 422 with every issue.
        """
        if self._issues:
            raise invalid(*self._issues)

    def text(self, *names: str, required: bool = False) -> str:
        """Return the first of these that is not empty, without white space around it."""
        found = next((text for name in names if (text := (self._text(name) or "").strip())), "")
        if required and not found:
            self._refuse(names[0], "Required", "invalid_type")
        return found

    def given(self, name: str) -> str | None:
        """Return a text as it came, None where there is none: to be told from an empty one."""
        return self._text(name)

    def has(self, name: str) -> bool:
        """Whether a field is there and not null."""
        return self._given.get(name) is not None

    def truth(self, *names: str, absent: bool, lenient: bool = False) -> bool:
        """Return the first of these that is given, each of them checked; `lenient` takes capital letters too."""
        found = [self._truth(name, lenient=lenient) for name in names if self._given.get(name) not in (None, "")]
        return next((value for value in found if value is not None), absent)

    def number(self, name: str) -> int | None:
        """Return a whole number of a query or a body."""
        value = self._given.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str) and value.isascii() and value.isdigit():
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self._refuse(name, "expected a whole number")
        return None

    def texts(self, name: str) -> tuple[str, ...] | None:
        """Return a list of texts, None where there is none."""
        value = self._given.get(name)
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self._refuse(name, "expected a list of texts")
        return None

    def forms(self, name: str, *, required: bool = False) -> tuple[Form, ...] | None:
        """Return a list of objects as forms of their own, None where there is none."""
        value = self._given.get(name)
        if value is None and not required:
            return None
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return tuple(Form(item, place=f"{name}.{n}.", issues=self._issues) for n, item in enumerate(value))
        self._refuse(name, "expected a list of objects")
        return ()

    def raw(self, name: str) -> Mapping[str, object]:
        """Return an object as it came; one that is not there is empty."""
        return self.form(name).given_fields

    def raws(self, name: str) -> tuple[Mapping[str, object], ...] | None:
        """Return a list of objects as they came, None where there is none."""
        found = self.forms(name)
        return None if found is None else tuple(one.given_fields for one in found)

    @property
    def given_fields(self) -> Mapping[str, object]:
        return self._given

    def form(self, name: str) -> Form:
        """Return an object as a form of its own; one that is not there has no fields."""
        value = self._given.get(name)
        if value is not None and not isinstance(value, dict):
            self._refuse(name, "expected an object")
        return Form(value if isinstance(value, dict) else {}, place=f"{name}.", issues=self._issues)

    def refuse(self, name: str, message: str) -> None:
        """Note that a field cannot be taken."""
        self._refuse(name, message, "custom")

    def _truth(self, name: str, *, lenient: bool) -> bool | None:
        value = self._given[name]
        if isinstance(value, str):
            value = _TRUTH.get(value.lower() if lenient else value)
        if isinstance(value, bool):
            return value
        self._refuse(name, "expected true or false", "invalid_enum_value")
        return None

    def _text(self, name: str) -> str | None:
        value = self._given.get(name)
        if value is None or isinstance(value, str):
            return value
        self._refuse(name, "expected text")
        return None

    def _refuse(self, name: str, message: str, code: str = "invalid_type") -> None:
        self._issues.append(Issue(f"{self._place}{name}", message, code))
