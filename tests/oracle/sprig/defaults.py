from __future__ import annotations

from arguments import VALUES, Cases, calls, each, over

EMPTY = ["(list)", "(dict)", "(rest list)", "nil", '""', "0", "0.0", "false", "(add 0 0)", "0i", "(until 0)", "-0.0"]
FULL = ['"a"', "(list nil)", "(dict `a` nil)", "1", "0.1", "true", "(add 1 0)", "1i", "(float64 `nan`)", '" "']


def cases() -> Cases:
    yield from calls("default", '"x"', '"y"')
    yield from calls("empty", "1")
    yield from calls("coalesce", "0", "1")
    yield from calls("all", "1", "0")
    yield from calls("any", "1", "0")
    yield from calls("ternary", '"yes"', '"no"', "true")
    yield from calls("fail", '"no way"')
    for value in [*EMPTY, *FULL]:
        for name in ["empty", "all", "any", "coalesce"]:
            yield {"text": f"{{{{{name} {value}}}}}"}
        yield {"text": f'{{{{default "d" {value}}}}}'}
        yield {"text": f'{{{{ternary "yes" "no" (empty {value})}}}}'}
        yield {"text": f"{{{{if {value}}}}}T{{{{else}}}}F{{{{end}}}}" if value != "nil" else "{{if .none}}{{end}}"}
    yield from each(
        [
            "{{default}}",
            "{{default 1}}",
            "{{default 1 0 2}}",
            "{{default 1 2 3}}",
            "{{.x | default}}",
            "{{.x | default 7}}",
            "{{.none | default 7 | printf `%T`}}",
            "{{coalesce}}",
            "{{coalesce 0 nil `` (list) 5 6}}",
            "{{printf `%v` (coalesce 0 nil)}}",
            "{{(coalesce nil).x}}",
            "{{coalesce nil | len}}",
            "{{(default nil nil).x}}",
            "{{default nil 0}}",
            "{{all}}{{any}}",
            "{{all 1 `a` true}}{{any 0 `` false}}",
            "{{ternary 1 2 (eq 1 1)}}{{ternary 1 2 false | printf `%T`}}",
            "{{true | ternary (list 1) 2}}",
            "{{(ternary nil 2 true).x}}",
            "{{ternary 1 2 `true`}}",
            "{{fail ``}}",
            "{{if false}}{{fail `x`}}{{end}}ok",
            "{{`why` | fail}}",
        ],
        {},
    )
    yield from over(
        ['{{default "d" .x}}{{empty .x}}{{.x | default (list 1)}}', "{{ternary .x 1 true}}"], VALUES.values()
    )
