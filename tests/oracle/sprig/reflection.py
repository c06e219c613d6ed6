from __future__ import annotations

from arguments import VALUES, Cases, calls, each, over

TYPED = [
    "nil",
    "1",
    "1.5",
    "true",
    '"a"',
    "'a'",
    "2i",
    "(list)",
    "(list 1)",
    "(dict)",
    "(add 1 2)",
    "(index `a` 0)",
    "(until 2)",
    "(splitList `,` `a`)",
    "(split `,` `a`)",
    "(chunk 1 (list 1))",
    "(rest list)",
    "(keys (dict `a` 1))",
    "(concat)",
]


def cases() -> Cases:
    for name in ["typeOf", "kindOf"]:
        yield from calls(name, "1")
        yield from each([f"{{{{{name} {value}}}}}" for value in TYPED])
    for name in ["typeIs", "typeIsLike", "kindIs"]:
        yield from calls(name, '"int"', "1")
        for target in [
            "string",
            "int",
            "int64",
            "slice",
            "map",
            "[]interface {}",
            "invalid",
            "<nil>",
            "*int",
            "main.Pair",
        ]:
            yield from each([f'{{{{{name} "{target}" {value}}}}}' for value in TYPED[::3]])
        yield {"text": "{{" + name + " `main.Pair` .x}}", "data": {"x": {"$pair": ["k", 1]}}}
        yield {"text": "{{" + name + " `struct` .x}}", "data": {"x": {"$pair": ["k", 1]}}}
    yield {"text": "{{typeOf .x}} {{kindOf .x}}", "data": {"x": {"$pair": ["k", 1]}}}
    yield from calls("deepEqual", "1", "1")
    for one in TYPED:
        yield from each([f"{{{{deepEqual {one} {other}}}}}" for other in TYPED])
    yield from each(
        [
            "{{deepEqual (list 1 (dict `a` (list 2))) (list 1 (dict `a` (list 2)))}}",
            "{{deepEqual (list 1 (dict `a` (list 2))) (list 1 (dict `a` (list 3)))}}",
            "{{deepEqual (dict `a` 1) (dict `b` 1)}}{{deepEqual (dict `a` nil) (dict `b` nil)}}",
            "{{deepEqual (list 1) (list 1.0)}}{{deepEqual (list 1) (list (int64 1))}}",
            "{{deepEqual (float64 `nan`) (float64 `nan`)}}",
            "{{$l := list (float64 `nan`)}}{{deepEqual $l $l}}{{deepEqual $l (list (float64 `nan`))}}",
            '{{deepEqual `\u00e9` (print `\\xc3` `\\xa9`)}}{{deepEqual (print "\\xc3" "\\xa9") `\u00e9`}}',
            "{{deepEqual 0.0 -0.0}}{{deepEqual (until 2) (until 2)}}{{deepEqual (until 2) (list 0 1)}}",
            "{{deepEqual (rest list) list}}{{deepEqual (rest list) (rest list)}}",
        ]
    )
    data = {"p": {"$pair": ["k", [1]]}, "q": {"$pair": ["k", [1]]}, "r": {"$pair": ["k", [2]]}}
    yield from each(["{{deepEqual .p .q}}{{deepEqual .p .r}}{{deepEqual .p .p}}{{deepEqual .p 1}}"], data)
    yield from over(["{{deepEqual .x .x}}{{typeOf .x}}{{kindOf .x}}"], VALUES.values())
