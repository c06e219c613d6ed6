"""The languages of the programs that are replaced: what the tables of their specifications say of templates."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from secretsync.errors import MissingExtra
from secretsync.templates import (
    Dialect,
    ExecutionError,
    Function,
    FunctionError,
    ParseError,
    Record,
    TemplateError,
    parse,
)
from secretsync.templates.agent import AGENT
from secretsync.templates.kmssecret import KMS_SECRET
from secretsync.templates.syncedsecret import SYNCED_SECRET, parameters, polled

KMS_SECRET_MODULES = "secretsync.templates.kmssecret."


def supplied(dialect: Dialect, answers: Mapping[str, Callable[..., object]]) -> Dialect:
    """Return a dialect with answers to what it declares."""
    declared = dialect.functions
    return dialect.with_functions(
        {
            name: Function(call, declared[name].takes, rest=declared[name].rest, gives=declared[name].gives, asks=True)
            for name, call in answers.items()
        }
    )


# The agent.

SEED = """
{{- with secret "6553ccb2b7da580d7f6e7260" "dev" "/" `{"recursive": false, "expandSecretReferences": true}` }}
{{- range . }}
{{ .Key }}={{ .Value }}
{{- end }}
{{- end }}"""
LEASE = {"PORT": 5432.0, "BIG": 1_000_000.0, "HUGE": 21_000_000.0, "HALF": 1.5, "TINY": 0.000001, "U": "user"}
OBJECT = "models.SingleEnvironmentVariable"


def agent(text: str, data: object = None) -> str:
    """Render a template of the agent, with two secrets A and B and a lease."""
    rows = [Record(OBJECT, {"Key": key, "Value": value}) for key, value in (("A", "1"), ("B", "2"))]
    answers = {
        "secret": lambda *_: rows,
        "getSecretByName": lambda *_: Record(OBJECT, {"Key": "", "Value": ""}),
        "dynamic_secret": lambda *_: LEASE,
    }
    return parse("t", text, dialect=supplied(AGENT, answers)).render(data)


def leased(text: str) -> str:
    return agent('{{ with $m := dynamic_secret "p" "d" "/" "redis" "1m" }}' + text + "{{ end }}")


@pytest.mark.row("agent-golden-1")
def test_the_seeds_example_begins_lines_and_ends_none() -> None:
    assert agent(SEED) == "\nA=1\nB=2"


@pytest.mark.row("agent-golden-2")
@pytest.mark.parametrize("text", ["{{ .Foo }}", "{{ . }}", "{{ $.Foo }}"])
def test_at_the_top_level_there_is_no_value(text: str) -> None:
    assert agent(text) == "<no value>"


@pytest.mark.row("agent-golden-2")
def test_what_a_map_has_not_and_null_are_no_value() -> None:
    assert leased("{{ $m.NOPE }}") == "<no value>"
    assert agent("{{ .null }}", json.loads('{"null": null}')) == "<no value>"


@pytest.mark.row("agent-golden-3")
def test_a_field_that_an_object_has_not_is_an_error() -> None:
    with pytest.raises(ExecutionError, match="can't evaluate field Foo"):
        agent('{{ range secret "p" "d" "/" }}{{ .Foo }}{{ end }}')


@pytest.mark.row("agent-golden-4")
def test_numbers_of_a_lease_are_floats() -> None:
    text = leased("{{ .PORT }} {{ .BIG }} {{ .HUGE }} {{ .HALF }} {{ .TINY }}")
    assert text == "5432 1e+06 2.1e+07 1.5 1e-06"


@pytest.mark.row("agent-golden-5")
def test_a_float_is_formatted_as_one() -> None:
    assert leased('{{ printf "%.0f" .BIG }} {{ printf "%d" .PORT }}') == "1000000 %!d(float64=5432)"


@pytest.mark.row("agent-golden-6")
def test_lists_and_maps_print_as_in_go() -> None:
    assert agent("{{ .l }} {{ .m }}", {"l": [1.0, "a"], "m": {"z": 1.0, "a": 2.0}}) == "[1 a] map[a:2 z:1]"


@pytest.mark.row("agent-golden-7")
def test_an_empty_list_takes_the_else_branch() -> None:
    empty = supplied(AGENT, {"secret": lambda *_: []})
    text = (
        '{{ with secret "p" "d" "/" }}x{{ else }}with{{ end }} {{ range secret "p" "d" "/" }}x{{ else }}range{{ end }}'
    )
    assert parse("t", text, dialect=empty).render() == "with range"


@pytest.mark.row("agent-golden-8")
def test_an_object_is_never_empty() -> None:
    text = '{{ with getSecretByName "p" "d" "/" "n" }}{{ if .Value }}value{{ else }}no value{{ end }}{{ end }}'
    assert agent(text) == "no value"


@pytest.mark.row("agent-golden-9")
@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{{ secret "p" "d" }}', "wrong number of args for secret: want at least 3 got 2"),
        ('{{ getSecretByName "p" "d" "/" }}', "wrong number of args for getSecretByName: want 4 got 3"),
        ('{{ getSecretByName "p" "d" "/" "n" "x" }}', "wrong number of args for getSecretByName: want 4 got 5"),
        ('{{ secret 1 "d" "/" }}', "expected string; found 1"),
        ('{{ $i := 1 }}{{ secret $i "d" "/" }}', "wrong type for value; expected string; got int"),
        ('{{ secret nil "d" "/" }}', "cannot assign nil to string"),
        ('{{ secret .nope "d" "/" }}', "wrong type for value; expected string; got interface {}"),
    ],
)
def test_arguments_of_what_asks_are_checked(text: str, error: str) -> None:
    with pytest.raises(ExecutionError, match=error):
        agent(text, {"nope": None} if "nope" in text else {})


@pytest.mark.row("agent-golden-10")
def test_a_float_is_never_compared_with_an_int() -> None:
    with pytest.raises(ExecutionError, match="incompatible types for comparison"):
        leased("{{ eq $m.PORT 5432 }}")
    assert leased("{{ eq $m.PORT 5432.0 }}") == "true"


@pytest.mark.row("agent-golden-11")
@pytest.mark.parametrize("text", ["{{ nope 1 }}", "{{ if .x }}", "{{ env `HOME` }}", "{{ getHostByName `x` }}"])
def test_an_unknown_function_and_an_open_block_are_no_template(text: str) -> None:
    with pytest.raises(ParseError):
        parse("t", text, dialect=AGENT)


@pytest.mark.row("agent-golden-11")
def test_an_unknown_function_brings_the_nearest_name() -> None:
    with pytest.raises(ParseError, match=r'template: t:1: function "secrets" not defined; did you mean "secret"\?'):
        parse("t", "{{ secrets }}", dialect=AGENT)


@pytest.mark.row("agent-golden-12")
@pytest.mark.parametrize(
    ("text", "result"),
    [
        ('{{ print 1 2 "a" "b" 3 }}', "1 2ab3"),
        ('{{ "<a>&\'" | html }}', "&lt;a&gt;&amp;&#39;"),
        ("{{ range 3 }}{{ . }}{{ end }}", "012"),
    ],
)
def test_built_in_functions_are_those_of_go(text: str, result: str) -> None:
    assert agent(text) == result


@pytest.mark.row("agent-golden-13")
def test_a_lookup_goes_through_what_is_missing_and_not_through_a_text() -> None:
    assert leased("{{ $m.NOPE.x }}") == "<no value>"
    with pytest.raises(ExecutionError, match="can't evaluate field b in type"):
        leased("{{ $m.U.b }}")


@pytest.mark.parametrize("name", ["secret", "listSecrets", "listSecretsByProjectSlug"])
def test_what_is_declared_parses_and_has_no_answer_of_its_own(name: str) -> None:
    template = parse("t", f'{{{{ {name} "p" "d" "/" "{{}}" }}}}', dialect=AGENT)
    with pytest.raises(ExecutionError, match=f"error calling {name}: nobody answers here"):
        template.render()


# SyncedSecret.

VALUES = {"a": '{"port": 5432, "host": "h", "acct": 123456789012}', "b": '{"host": "h2"}', "bad": "no json"}


def synced(text: str, data: Mapping[str, Record] | None = None) -> str:
    """Render a template of a SyncedSecret about the secrets a and b."""

    def value_map(name: str) -> Any:
        try:
            return json.loads(VALUES[name], parse_int=float)
        except KeyError:
            raise FunctionError(f"failed retrieving value for secret {name}") from None
        except ValueError:
            raise FunctionError(f"secret {name} does not contain a valid JSON") from None

    secrets = {"a": polled({"db": "1"}, "v1", 0), "b": polled({}, "v2", 1_600_000_000_000_000_000)}
    answers = {"getSecretValue": VALUES.__getitem__, "getSecretValueMap": value_map}
    dialect = supplied(SYNCED_SECRET, answers)
    return parse("cr", text, dialect=dialect).render(parameters(secrets if data is None else data))


def about(text: str) -> str:
    return synced('{{ $m := getSecretValueMap "a" }}' + text)


@pytest.mark.row("syncedsecret-golden-1")
def test_numbers_of_a_secret_are_floats() -> None:
    assert about("{{ $m.port }} {{ $m.acct }}") == "5432 1.23456789012e+11"


@pytest.mark.row("syncedsecret-golden-2", "syncedsecret-golden-3")
def test_what_a_secret_has_not_is_no_value() -> None:
    assert about('{{ $m.nope }} {{ $m.nope.deeper }} {{ printf "%s" $m.nope }}') == "<no value> <no value> %!s(<nil>)"


@pytest.mark.row("syncedsecret-golden-4", "syncedsecret-golden-5")
def test_a_number_of_a_secret_is_formatted_as_a_float() -> None:
    assert about('{{ printf "%s" $m.port }} {{ printf "%d" $m.port }}') == "%!s(float64=5432) %!d(float64=5432)"
    assert about('{{ printf "%.0f" $m.acct }}') == "123456789012"


@pytest.mark.row("syncedsecret-golden-6")
def test_a_number_of_a_secret_is_not_compared_with_an_int() -> None:
    with pytest.raises(ExecutionError, match="incompatible types for comparison: float64 and int"):
        about("{{ eq $m.port 5432 }}")


@pytest.mark.row("syncedsecret-golden-7")
def test_there_is_nothing_but_secrets() -> None:
    with pytest.raises(ExecutionError, match=r"can't evaluate field Foo in type k8ssecret\.templateParams"):
        synced("{{ .Foo }}")


@pytest.mark.row("syncedsecret-golden-8", "syncedsecret-golden-9")
def test_a_secret_that_is_not_there_is_empty() -> None:
    assert synced('{{ (index .Secrets "nope").CurrentVersionID }}') == ""
    assert synced('{{ (index .Secrets "nope").UpdatedAt }}') == "0001-01-01 00:00:00 +0000 UTC"
    assert synced('{{ index (index .Secrets "a").Tags "missing" }}') == ""
    assert synced('{{ (index .Secrets "a").Tags.missing }}') == "<no value>"


@pytest.mark.row("syncedsecret-golden-10")
def test_a_secret_prints_as_a_map() -> None:
    assert synced('{{ getSecretValueMap "b" }}') == "map[host:h2]"


@pytest.mark.row("syncedsecret-golden-11")
@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("x{{ base64 5 }}", "error calling base64: interface conversion: interface {} is int, not string"),
        ("x{{ base64 nil }}", "error calling base64: interface conversion: interface {} is nil, not string"),
        ('{{ getSecretValueMap "bad" }}', "secret bad does not contain a valid JSON"),
        ('{{ getSecretValueMap "nope" }}', "failed retrieving value for secret nope"),
    ],
)
def test_an_error_in_a_function_is_one_of_the_template(text: str, error: str) -> None:
    with pytest.raises(ExecutionError) as caught:
        synced(text)
    assert error in str(caught.value)


@pytest.mark.row("syncedsecret-golden-12")
def test_an_empty_template_is_an_empty_value() -> None:
    assert synced("") == ""


def test_the_seeds_example_writes_a_line_for_each_tagged_secret() -> None:
    text = (
        '{{- $cfg := "" -}}\n{{- range $secretID, $_ := filterByTagKey .Secrets "tag1" -}}\n'
        "{{- $secretValue := getSecretValueMap $secretID -}}\n"
        '{{- $cfg = printf "%shost=%s user=%s\\n" $cfg $secretValue.host $secretValue.user -}}\n{{- end -}}\n{{- $cfg -}}\n'
    )
    tagged = {name: polled({"tag1": ""}, "v", 0) for name in ("b", "a")} | {"bad": polled({"Tag1": ""}, "v", 0)}
    assert synced(text, tagged) == "host=h user=%!s(<nil>)\nhost=h2 user=%!s(<nil>)\n"
    assert synced(text, {}) == ""


def test_there_are_five_functions_besides_those_of_go() -> None:
    assert synced('{{ base64 "\u00e4" }}{{ len (filterByTagKey .Secrets "db") }}') == "w6Q=1"
    for text in ('{{ upper "a" }}', "{{ $x := 3 }}{{ lower $x }}"):
        with pytest.raises(ParseError, match="not defined"):
            synced(text)


def test_a_go_of_that_age_goes_through_no_integers() -> None:
    with pytest.raises(TemplateError, match="range can't iterate over"):
        synced("{{ range 3 }}{{ . }}{{ end }}")


# What is not installed.


@pytest.mark.parametrize(
    ("library", "name", "dialect"),
    [
        ("re2", "regexMatch", AGENT),
        ("cryptography", "genPrivateKey", AGENT),
        ("bcrypt", "htpasswd", AGENT),
        ("cryptography", "jwkPublicKeyPem", KMS_SECRET),
    ],
)
def test_a_library_that_is_not_installed_is_an_error_that_names_the_extra(
    library: str, name: str, dialect: Dialect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in list(sys.modules):
        if module.partition(".")[0] == library or module.startswith(
            ("secretsync.templates.sprig.", KMS_SECRET_MODULES)
        ):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtra, match=rf'{name} of templates needs .* pip install "secretsync-core\[sprig\]"'):
        parse("t", f"{{{{ {name} `x` `y` }}}}", dialect=dialect)
