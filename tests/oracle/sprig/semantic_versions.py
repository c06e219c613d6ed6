"""Cases for Sprig's chapter on semantic versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

VERSIONS = [
    "1.2.3",
    "v1.2.3",
    "1",
    "1.2",
    "v2",
    "1.2.3-beta.1+b345",
    "1.2.3+meta",
    "1-beta",
    "1.2-alpha.1.x-y",
    "0.0.0",
    "01.2.3",
    "1.02.3",
    "1.2.3-01",
    "1.2.3-0a",
    "1.2.3-",
    "1.2.3+",
    "1.2.3-a..b",
    "1.2.3.4",
    "",
    "v",
    "x",
    "V1",
    " 1.2.3",
    "1.2.3\n",
    "1.2.3-b\u00e9ta",
    "18446744073709551615.0.0",
    "18446744073709551616.0.0",
    "1.99999999999999999999.0",
    "1.2.3-99999999999999999999",
    "c4n4ry",
]
CONSTRAINTS = [
    "1.2.3",
    "=1.2.3",
    "!=1.2.3",
    ">1.2.3",
    "<1.2.3",
    ">=1.2.3",
    "=>1.2.3",
    "<=1.2.3",
    "=<1.2.3",
    "~1.2.3",
    "~>1.2.3",
    "^1.2.3",
    "1.x",
    "1.2.x",
    "1.2.*",
    "1.X.X",
    "*",
    "x",
    "1",
    "1.2",
    "!=1",
    "!=1.2",
    "!=1.2.x",
    "!=*",
    ">1",
    ">1.2",
    ">*",
    "<1",
    "<1.2",
    "<=1",
    "<=1.2",
    "<=*",
    ">=1",
    "~1",
    "~1.2",
    "~*",
    "~0.0.0",
    "^1",
    "^1.2",
    "^0.2.3",
    "^0.2",
    "^0.0.3",
    "^0.0",
    "^0",
    "^*",
    ">=1.2.3-alpha",
    "~1.2.3-beta",
    "^1.2.3-0",
    "!=1.2-beta",
    "1.x-0",
    "*-0",
    ">=1.0.0, <2.0.0",
    ">= 1.0.0 < 2.0.0",
    ">=1.0.0,<1.2.0 || >=1.2.3",
    "1.0 - 1.2.3",
    "1.0.0 - 2 || 3.x",
    " >= 1.2 ,  != 1.2.3 ",
    "v1.2.3",
    "^v1",
]
WRONG = [
    "",
    " ",
    ">",
    "a",
    "1..2",
    ">>1",
    "1,,2",
    "1, ",
    "||",
    "1 ||",
    "1.2.3.4",
    "1|2",
    "1x",
    "1.2.3 -",
    "= =1",
    "\u00a01",
    "99999999999999999999",
    "1.2.3-01",
    "1\n",
    "1 - ",
    "c4n4ry",
]
AGAINST = [
    "1.2.3",
    "1.2.4",
    "1.2.2",
    "1.3.0",
    "0.2.5",
    "0.0.3",
    "2.0.0",
    "1.2.3-beta",
    "1.2.4-alpha.1",
    "1.2.3-beta.2",
    "0.0.0",
    "v1",
    "1.2.3+x",
]
ORDER = [
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.0-1",
    "1.0.0-99999999999999999999",
    "1.0.0+a",
]


def cases() -> Iterator[dict[str, Any]]:
    for version in VERSIONS:
        yield {"text": "{{semver .}}", "data": version}
        yield {
            "text": "{{$v := semver .}}{{$v.Major}} {{$v.Minor}} {{$v.Patch}} {{$v.Prerelease}} {{$v.Metadata}}"
            " {{$v.Original}} {{$v.String}} {{$v.IncMajor}} {{$v.IncMinor}} {{$v.IncPatch}} {{toJson $v}}",
            "data": version,
        }
        yield {"text": '{{semverCompare "*" .}}', "data": version}
    for constraint in CONSTRAINTS:
        for version in AGAINST:
            yield {"text": "{{semverCompare .c .v}}", "data": {"c": constraint, "v": version}}
    for constraint in WRONG:
        yield {"text": '{{semverCompare . "1.2.3"}}', "data": constraint}
    for one in ORDER:
        for other in ORDER:
            yield {
                "text": "{{$a := semver .a}}{{$b := semver .b}}{{$a.Compare $b}} {{$a.LessThan $b}}"
                ' {{semverCompare (printf ">%s" .a) .b}}',
                "data": {"a": one, "b": other},
            }
    yield from methods()


def methods() -> Iterator[dict[str, Any]]:
    data = {"v": "v1.2.3-beta+b", "w": "1.3", "n": 1}
    for method in [
        'SetPrerelease "rc.1"',
        'SetPrerelease ""',
        'SetPrerelease "01"',
        'SetPrerelease "a_b"',
        'SetMetadata "m.1"',
        'SetMetadata "a_b"',
        'SetMetadata ""',
        "SetMetadata 1",
        "LessThan (semver .w)",
        "LessThanEqual (semver .w)",
        "GreaterThan (semver .w)",
        "GreaterThanEqual (semver .w)",
        "Equal (semver .w)",
        "Equal (semver .v)",
        "Compare (semver .w)",
        "Compare .n",
        'Compare "1"',
        "Compare",
        "Nope",
        "IncMajor.String",
        "IncMinor.IncPatch",
        "IncPatch.Prerelease",
    ]:
        yield {"text": f"{{{{$v := semver .v}}}}{{{{$v.{method}}}}}", "data": data}
    for text in [
        '{{printf "%v %s %q %T" (semver .v) (semver .v) (semver .v) (semver .v)}}',
        '{{printf "%d %T" (semver .v).Major (semver .v).Major}}',
        '{{printf "%T" (semver .v).IncPatch}}',
        "{{eq (semver .v).Major 1}}{{lt (semver .v).Minor 3}}",
        "{{semver}}",
        "{{semver 1}}",
        "{{semver .n}}",
        "{{semver nil}}",
        "{{semver .nope}}",
        "{{semver .v .w}}",
        "{{semverCompare}}",
        '{{semverCompare "1"}}',
        "{{semverCompare 1 2}}",
        '{{semverCompare "1" .n}}',
        '{{semverCompare "1" "2" "3"}}',
        '{{.w | semverCompare "^1.2"}}',
        "{{if semver .v}}T{{end}}",
        "{{range semver .v}}{{end}}",
        "{{len (semver .v)}}",
        "{{index (semver .v) 1}}",
        "{{semver .v | toJson}} {{semver .v | toPrettyJson}}",
    ]:
        yield {"text": text, "data": data}
    changed = [
        "(semver .v)",
        "(semver .v).IncPatch",
        "(semver .v).IncMajor",
        "(semver `1.2.3`).IncMajor",
        "(semver `v1`).IncMajor",
    ]
    for one in changed:
        for other in changed:
            yield {"text": f"{{{{eq ({one}) ({other})}}}} {{{{deepEqual ({one}) ({other})}}}}", "data": data}
