from __future__ import annotations

from arguments import VALUES, Cases, calls, each

DATA = {
    "a": {"s": "x", "n": 1, "z": 0, "e": "", "l": [1], "el": [], "m": {"k": "v", "d": {"x": 1}}, "em": {}, "nil": None},
    "b": {
        "s": "y",
        "n": 2,
        "z": 5,
        "e": "full",
        "l": [2, 3],
        "el": [4],
        "m": {"k": "w", "d": {"x": 2, "y": 3}, "o": None},
        "em": {"k": 1},
        "nil": "no",
        "new": {"p": 1},
        "nl": [],
        "t": True,
    },
    "c": {"s": {"m": 1}, "n": [1], "m": "text", "l": {"k": 1}, "e": None, "em": [], "z": False, "el": "", "nil": {}},
}
TWO = ["merge", "mustMerge", "mergeOverwrite", "mustMergeOverwrite"]


def cases() -> Cases:
    for name, *args in [
        ("dict", '"a"', "1"),
        ("get", '(dict "a" 1)', '"a"'),
        ("set", '(dict "a" 1)', '"b"', "2"),
        ("unset", '(dict "a" 1)', '"a"'),
        ("hasKey", '(dict "a" 1)', '"a"'),
        ("pluck", '"a"', '(dict "a" 1)', '(dict "b" 2)'),
        ("keys", '(dict "a" 1)'),
        ("values", '(dict "a" 1)'),
        ("pick", '(dict "a" 1 "b" 2)', '"a"', '"z"'),
        ("omit", '(dict "a" 1 "b" 2)', '"a"', '"z"'),
        ("dig", '"a"', '"b"', '"none"', '(dict "a" (dict "b" 1))'),
        ("deepCopy", "(dict `a` 1)"),
        ("mustDeepCopy", "(dict `a` 1)"),
    ]:
        by_chance = name in ("keys", "values")
        yield from (case for case in calls(name, *args) if not by_chance or case.get("data") != {"x": VALUES["map"]})
    for name in TWO:
        yield from calls(name, '(dict "a" 1)', '(dict "a" 2 "b" 3)')
        yield from merges(name)
    yield from ordered()
    yield from several()


def merges(name: str) -> Cases:
    for one, other in [("a", "b"), ("b", "a"), ("a", "c"), ("c", "a"), ("b", "c"), ("c", "b"), ("a", "a")]:
        yield {"text": f"{{{{{name} .{one} .{other}}}}}|{{{{.{one}}}}}|{{{{.{other}}}}}", "data": DATA}
    for text in [
        "{{NAME .a .b .c}}",
        "{{NAME .c .b .a}}",
        "{{NAME (dict) .a .b}}{{.a}}",
        "{{NAME .none (dict `a` 1)}}",
        "{{NAME .none .none}}|{{printf `%T %#v` (NAME .none) (NAME nil nil)}}",
        "{{NAME (dict `a` 1) .none}}{{NAME (dict `a` 1)}}",
        "{{$x := dict}}{{$y := NAME $x (dict `a` 1)}}{{$x}}{{$y}}",
        "{{$s := dict `m` (dict `k` 1)}}{{$d := NAME (dict) $s}}{{$_ := set $d.m `k` 2}}{{$s}}",
        "{{$s := dict `m` (dict)}}{{$d := NAME (dict `m` (dict)) $s}}{{$_ := set $d.m `k` 2}}{{$s}}",
        "{{$s := dict `m` (dict `j` 1)}}{{$d := NAME (dict `m` (dict)) $s}}{{$_ := set $d.m `k` 2}}{{$s}}",
        "{{NAME (dict `a` (until 2)) (dict `a` (until 3) `b` (until 1))}}",
        "{{NAME (dict `a` (rest list)) (dict `a` (list 1) `b` (rest list)) | printf `%#v`}}",
        "{{NAME (dict `a` (split `,` `x`)) (dict `a` (dict)) | printf `%#v`}}",
        "{{NAME (dict `a` (dict `x` 1)) (dict `a` (split `,` `y`))}}",
        "{{NAME (dict `a` (add 0 0) `b` 0.0 `c` false) (dict `a` 1 `b` 2 `c` 3)}}",
        "{{NAME (dict `a` 1 `b` 2 `c` 3) (dict `a` (add 0 0) `b` 0.0 `c` false)}}",
        "{{(NAME (dict `a` 1) (dict `b` 2)).b}}",
        "{{NAME (dict `a` 1) 2}}",
    ]:
        yield {"text": text.replace("NAME", name), "data": DATA}


def ordered() -> Cases:
    """Yield those whose order is one of chance in Go, but for dictionaries of one key."""
    yield from each(
        [
            "{{keys (dict)}}{{keys}}{{values (dict)}}",
            "{{keys (dict `a` 1) (dict `b` 2) (dict `a` 3)}}",
            "{{sortAlpha (keys (dict `b` 1 `a` 2 `\u00e9` 3))}}{{len (values (dict `a` 1 `b` 2))}}",
            "{{printf `%T %T %#v` (keys (dict)) (values (dict)) (keys nil)}}",
            "{{keys (dict `a` 1) nil (dict `b` 2)}}{{values nil}}",
            "{{range keys (dict `k` 1)}}{{.}}{{.x}}{{end}}",
            "{{range values (dict `k` 1)}}{{.}}{{.x}}{{end}}",
        ]
    )


def several() -> Cases:
    yield from each(
        [
            "{{dict}}{{dict `a`}}{{dict `a` 1 `b`}}{{dict 1 2 nil 3 (list 1) 4 true 5}}",
            "{{dict `a` 1 `a` 2}}{{dict `a` nil}}{{printf `%T %#v` (dict) (dict `a` nil)}}",
            '{{dict "\\xff" 1 "\u00e9" 2 (add 1 2) 3}}',
            "{{get (dict) `a` | printf `%q`}}{{get (dict `a` nil) `a`}}{{get .none `a` | printf `%q`}}",
            "{{(get (dict `a` (dict `b` 1)) `a`).b}}{{(get (dict) `a`).b}}",
            "{{$d := dict}}{{$e := set $d `a` 1}}{{$d}}{{$e}}{{$d.a}}",
            "{{$d := dict `a` 1}}{{$d}}{{$_ := set $d `a` 2}}{{$d}}{{$_ := unset $d `a`}}{{$d}}",
            "{{$d := dict `a` 1}}{{set $d `b` 2 | len}}{{(set $d `c` 3).c}}{{$d}}",
            "{{set .none `a` 1}}",
            "{{set nil `a` 1}}",
            "{{unset .none `a`}}{{unset nil `a` | printf `%T %#v`}}",
            "{{set (unset nil `a`) `b` 1}}",
            "{{hasKey (dict `a` nil) `a`}}{{hasKey .none `a`}}{{hasKey (dict) ``}}",
            "{{set (split `,` `a`) `b` 1}}",
            "{{get (split `,` `a`) `_0`}}",
            "{{pluck `a` (dict `a` 1) (dict `b` 2) (dict `a` nil) nil .none}}{{pluck `a`}}",
            "{{pick (dict `a` 1 `b` nil) `a` `b` `c`}}{{pick .none `a`}}{{pick (dict `a` 1)}}",
            "{{omit (dict `a` 1 `b` nil) `a` `c`}}{{omit .none `a`}}{{omit (dict `a` 1)}}",
            "{{pick (dict `a` 1) 1}}",
            "{{omit (dict `a` 1) nil}}",
            "{{$d := dict `a` (dict)}}{{$p := pick $d `a`}}{{$_ := set $p.a `x` 1}}{{$d}}",
            "{{dig `a` 0 (dict `a` 1)}}{{dig `b` 0 (dict `a` 1)}}{{dig `a` nil (dict)}}",
            "{{dig `a` `b` 0 (dict `a` 1)}}",
            "{{dig `a` `b` 0 (dict `a` nil)}}",
            "{{dig `a` `b` 0 (dict `a` `text`)}}",
            "{{dig `a` `b` 0 (dict `a` (split `,` `x`))}}",
            "{{dig 1 0 (dict `a` 1)}}",
            "{{dig nil 0 (dict `a` 1)}}",
            "{{dig `a` 0 1}}",
            "{{dig `a` 0 nil}}",
            "{{dig `z` 1 0 (dict `a` 1)}}",
            "{{dig}}",
            "{{dig `a` 1}}",
            "{{dict `a` (dict `b` (dict `c` 5)) | dig `a` `b` `c` 0}}",
            "{{(dig `a` nil (dict `a` nil)).x}}",
            "{{$d := dict `l` (list 1 (dict `x` 1))}}{{$c := deepCopy $d}}{{$_ := set $c `y` 1}}{{$d}}{{$c}}",
            "{{$d := dict `m` (dict `x` 1)}}{{$c := deepCopy $d}}{{$_ := set $c.m `x` 2}}{{$d}}{{$c}}",
            "{{deepCopy nil}}",
            "{{deepCopy .none}}",
            "{{deepCopy (list nil 1 (list nil) (dict `a` nil))}}{{deepCopy 1}}{{deepCopy `a`}}{{deepCopy true}}",
            "{{printf `%T %T %T %#v` (deepCopy (until 2)) (deepCopy (split `,` `a`)) (deepCopy (add 1 2)) (deepCopy (rest list))}}",
            "{{printf `%#v %#v` (deepCopy (list)) (deepCopy (dict))}}",
            "{{deepCopy (chunk 2 (list 1 nil 3))}}",
        ],
        {},
    )
    yield from each(["{{deepCopy .a}}{{keys .a | len}}{{pick .b `s` `n`}}{{get .c `n`}}{{pluck `s` .a .b .c}}"], DATA)
