"""Templates in the language of Go's text/template, rendered by compiled Python.

    template = parse("greeting", "Hello {{ .name | printf `%q` }}!")
    template.render({"name": "world"})

On the way from text to text:

    lexer → parser → nodes → compiler (statements), expressions (pipelines), scope (variables)
        → emitter: Python source and places
    templates (what is rendered, and where errors belong), runtime (the slow paths), limits, errors
    functions, builtins, comparison, dialects; values, printing (`%v`), quoting; printf: a module for each verb family
    sprig: Sprig's functions, a module for each chapter of its documentation; sources: time and chance
    gotime, gojson, gourl, gobase64, pem, semver: what those functions have of Go's libraries

Nothing of Python is within a template's reach: values are strings, numbers, booleans, mappings, sequences and
`Record`s, and the only functions are those of its dialect.
"""

from __future__ import annotations

from .dialects import GO, GO_1_23, GO_SPRIG, Dialect
from .errors import ExecutionError, FunctionError, LimitExceeded, ParseError, TemplateError
from .functions import ANY, VALUE, Function
from .limits import Limits
from .sources import SYSTEM, Sources
from .templates import Template, TemplateSet, parse, parse_set
from .values import MISSING, Record, StandIn, Undecided

__all__ = [
    "ANY",
    "GO",
    "GO_1_23",
    "GO_SPRIG",
    "MISSING",
    "SYSTEM",
    "VALUE",
    "Dialect",
    "ExecutionError",
    "Function",
    "FunctionError",
    "LimitExceeded",
    "Limits",
    "ParseError",
    "Record",
    "Sources",
    "StandIn",
    "Template",
    "TemplateError",
    "TemplateSet",
    "Undecided",
    "parse",
    "parse_set",
]
