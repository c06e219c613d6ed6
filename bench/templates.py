"""Templates beside Go's own text/template, which must be installed: how many times as fast ours are.

    python bench/templates.py --rounds 15

Each template is rendered over 100 secrets, as maps and as structs (records), by both in turn within one run, so that
a busy moment of the machine falls on both. One JSON object gives the best microseconds of each and Go's over ours, and
how long it takes to parse and compile twenty lines, and to import the package; `missed` names the bounds that do not hold, and then the exit code
is 1. The texts are compared.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    # The root in place of this folder, whose operator.py is not what the standard library means by that name.
    sys.path[0] = __file__.rsplit("/", 2)[0]

import json
import resource
import subprocess
import time
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from bench.claims import parser, tell

from secretsync.templates import GO_SPRIG, Record, Template, parse

ORACLE: Final = Path(__file__).parents[1] / "tests" / "oracle"
TIMES: Final = 200
"""Renderings in a row."""

TEMPLATES: Final = {
    "KEY=VALUE": "{{range .}}{{.Key}}={{.Value}}\n{{end}}",
    "if, else if, eq": (
        '{{range .}}{{if eq .Key "KEY_10"}}first: {{.Value}}\n{{else if eq .Key "KEY_20" "KEY_30"}}{{.Value}}\n'
        "{{else}}# {{.Key}}\n{{end}}{{end}}"
    ),
    "printf into one string": (
        '{{$all := ""}}{{range .}}{{$all = printf "%s%s=%s\\n" $all .Key .Value}}{{end}}{{$all}}'
    ),
    "range, with, template": (
        '{{define "line"}}{{.Key}}: {{.Value}}{{end}}'
        '{{range $i, $row := .}}{{with $row}}{{$i}} {{template "line" .}}\n{{end}}{{end}}'
    ),
    "toJson of a dict": "{{toJson .}}",
    "upper, trimSuffix, quote": '{{range .}}{{.Value | upper | trimSuffix "SECRET" | quote}}\n{{end}}',
}

TWENTY_LINES: Final = """\
{{- $db := .database -}}
{{- define "line" }}{{ .Key }}={{ .Value | quote }}{{ end -}}
# made for {{ .name | upper }}
[database]
host = {{ $db.host | default "localhost" }}
port = {{ $db.port | default 5432 }}
{{- if $db.tls }}
sslmode = verify-full
{{- else if eq $db.mode "prefer" "allow" }}
sslmode = {{ $db.mode }}
{{- else }}
sslmode = disable
{{- end }}
{{- range $i, $row := .secrets }}
{{ $i }}: {{ template "line" $row }}
{{- end }}
{{- with .extra }}
extra = {{ toJson . }}
password = {{ printf "%s-%d" .user .number | b64enc }}
{{- end }}
"""

ROWS: Final = [{"Key": f"KEY_{n}", "Value": f"value {n} of a secret"} for n in range(100)]
DATA: Final[Mapping[str, object]] = {
    "maps": ROWS,
    "structs": [Record("Secret", row) for row in ROWS],
    "dict": {row["Key"]: row["Value"] for row in ROWS},
}
"""What is rendered; the bound is on the slower of maps and structs."""
KINDS: Final = {"toJson of a dict": ("dict",)}
ENOUGH: Final = 4
"""So many templates must be as many times as fast as Go as the bound says."""
SLOWEST: Final = 1 / 1.2
"""And each at least so many times."""


class Go:
    """Go's half: a process that answers jobs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def render(self, text: str, *, kind: str) -> tuple[float, str]:
        """Return the seconds of one rendering, and its text."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {"text": text, "rows": ROWS, "kind": kind, "times": TIMES}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return answer["seconds"] / TIMES, answer["output"]


@contextmanager
def go() -> Iterator[Go]:
    with TemporaryDirectory() as folder:
        program = f"{folder}/speed"
        subprocess.run(["go", "build", "-o", program, "./speed"], cwd=ORACLE, check=True)
        with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            yield Go(process)


def ours(template: Template, data: object) -> tuple[float, str]:
    """Return the seconds of one rendering, and its text."""
    text = ""
    began = time.perf_counter()
    for _ in range(TIMES):
        text = template.render(data)
    return (time.perf_counter() - began) / TIMES, text


def measured(rounds: int) -> Mapping[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    with go() as other:
        for name, text in TEMPLATES.items():
            template = parse(name, text, dialect=GO_SPRIG)
            for kind in KINDS.get(name, ("maps", "structs")):
                pairs = [(ours(template, DATA[kind]), other.render(text, kind=kind)) for _ in range(rounds)]
                if any(one[1] != two[1] for one, two in pairs):
                    raise SystemExit(f"{name}: the texts differ")
                best, theirs = min(one[0] for one, _ in pairs), min(two[0] for _, two in pairs)
                found[f"{name}, {kind}"] = {
                    "microseconds": round(best * 1e6, 1),
                    "go": round(theirs * 1e6, 1),
                    "times_as_fast": round(theirs / best, 2),
                }
    return found


def parsing(rounds: int) -> float:
    """Return the least milliseconds that parsing and compiling a template of twenty lines takes."""
    times = []
    for _ in range(rounds * 10):
        began = time.perf_counter()
        parse("t", TWENTY_LINES, dialect=GO_SPRIG)
        times.append(time.perf_counter() - began)
    return min(times) * 1e3


def importing(rounds: int) -> float:
    """Return how many times the processor time of `import re, json` the import of the templates takes."""
    modules = ("re, json", "secretsync.templates")
    with TemporaryDirectory() as cache:
        _, *times = [
            [processor_time(each, cache) for each in modules] for _ in range(rounds + 1)
        ]  # one fills the cache
    return min(ours for _, ours in times) / min(plain for plain, _ in times)


def processor_time(modules: str, cache: str) -> float:
    """Return the seconds that an interpreter takes to start and import modules."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = f"import sys; sys.path[:] = {sys.path!r}\nimport {modules}"
    subprocess.run([sys.executable, "-S", "-c", code], env={"PYTHONPYCACHEPREFIX": cache}, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def missed(found: Mapping[str, Mapping[str, Any]], parse_ms: float, imports: float, bounds: Namespace) -> list[str]:
    """Return the claims that do not hold."""
    slowest = {name: min(found[each]["times_as_fast"] for each in found if each.startswith(name)) for name in TEMPLATES}
    fast = [name for name, times in slowest.items() if times >= bounds.faster]
    wrong = [f"{name} is slower than Go" for name, times in slowest.items() if times < SLOWEST]
    if len(fast) < ENOUGH:
        wrong.append(f"only {len(fast)} templates are {bounds.faster} times as fast")
    if parse_ms > bounds.parse:
        wrong.append(f"parsing takes more than {bounds.parse} ms")
    if imports > bounds.imports:
        wrong.append(f"importing takes more than {bounds.imports} times as long as that of re and json")
    return wrong


def main() -> int:
    made = parser(__doc__)
    made.add_argument("--rounds", type=int, default=15, help="turns of each")
    made.add_argument("--faster", type=float, default=2.0, help=f"how many times as fast as Go {ENOUGH} must be")
    made.add_argument("--parse", type=float, default=2.0, help="milliseconds for parsing twenty lines")
    made.add_argument("--imports", type=float, default=2.5, help="times the processor time of importing re and json")
    args = made.parse_args()
    found, parse_ms, imports = measured(args.rounds), parsing(args.rounds), importing(args.rounds)
    wrong = missed(found, parse_ms, imports, args)
    figures = {"rounds": args.rounds, "templates": found, "parse_ms": round(parse_ms, 2), "imports": round(imports, 2)}
    return tell({**figures, "missed": wrong})


if __name__ == "__main__":
    sys.exit(main())
