from __future__ import annotations

from arguments import VALUES, Cases, calls, each, over

LARGE = ["9223372036854775807", "-9223372036854775808"]
NUMBERS = [
    "0",
    "1",
    "-1",
    "2",
    "7",
    "-7",
    "1.5",
    "-2.5",
    '"12"',
    '"0x10"',
    '"017"',
    '"1.00"',
    '"abc"',
    "true",
    "nil",
    *LARGE,
]
SPELLINGS = """0 1 -1 +1 007 08 0o17 0b101 0X1f 0x 1_000 1__0 _1 0x_1F 1.0 1.00 1.5 1. .0 0.0 0. 1.0. 000 -0 - + 1e3 inf -Inf
+infinity nan -nan NaN 0x1p4 0x1.8 1e999 1e-400 9223372036854775807 9223372036854775808 -9223372036854775808
-9223372036854775809 99999999999999999999 0.1 123456789.125 1_0.5 .5 5. 777 778 -17 0777777777777777777777"""
ODD = [
    "99999999999999999999x",
    "9999999999999999999x",
    "-18446744073709551616_",
    "+",
    "-",
    "1 ",
    "1000000000000000000000000x",
    "00000000000000000000000017",
]
TEXTS = [*SPELLINGS.split(), *ODD, "\u0661", "1\u0660"]


def cases() -> Cases:
    yield from integers()
    yield from floats()
    yield from conversions()
    yield from lists()


def integers() -> Cases:
    for name in ["add", "sub", "mul", "div", "mod", "max", "min", "biggest"]:
        yield from calls(name, "7", "2")
        for one in NUMBERS:
            for other in ["0", "2", "-3", "-1", *LARGE]:
                yield {"text": f"{{{{{name} {one} {other}}}}}"}
        yield from each(
            [f"{{{{{name}}}}}", f"{{{{{name} 1}}}}", f"{{{{{name} 1 2 3}}}}", f"{{{{{name} 3 2 1 | {name} 5}}}}"]
        )
        yield {"text": f"{{{{{name} .d 2}}}}", "data": {"d": 7.9}}
    yield from calls("add1", "7")
    yield from each([f"{{{{add1 {number}}}}}" for number in NUMBERS])


def floats() -> Cases:
    for name in ["addf", "subf", "mulf", "divf", "maxf", "minf"]:
        yield from calls(name, "1.5", "0.1")
        for one in ["0.1", "1.1", "3", "-7.25", "1e300", "1e-300", "0.0", '"nan"', '"inf"', '"-inf"', '"x"', "nil"]:
            for other in ["0.2", "3", "-0.7", "1e300", "0", "-0.0", '"nan"', '"-inf"']:
                yield {"text": f"{{{{{name} {one} {other}}}}}"}
        yield from each([f"{{{{{name}}}}}", f"{{{{{name} 1.5}}}}", f"{{{{{name} 1.1 2.2 3.3}}}}"])
        yield from each([f"{{{{{name} 10 3 7}}}}", f"{{{{{name} 1e20 1}}}}", f"{{{{{name} 2 3 | {name} 5}}}}"])
    for name in ["add1f", "floor", "ceil"]:
        yield from calls(name, "1.5")
        yield from each([f"{{{{{name} {number}}}}}" for number in NUMBERS])
        yield from each([f"{{{{{name} {text}}}}}" for text in ["-0.5", "-0.0", '"nan"', '"inf"', "1e300", '"1e19"']])
    yield from calls("round", "123.5555", "3")
    yield from calls("round", "123.5555", "3", "0.6")
    for number in ["123.5555", "-1.55", "0.5", "-0.5", "2.675", "1e20", '"nan"', '"inf"', '"-inf"', "0", '"1.005"']:
        for places in [-400, -20, -2, -1, 0, 1, 2, 3, 15, 22, 23, 30, 300, 400]:
            yield {"text": f"{{{{round {number} {places}}}}}"}
        yield from each(
            [f"{{{{round {number} 1 0.3}}}}", f"{{{{round {number} 1 0.0}}}}", f"{{{{round {number} 1 2.0}}}}"]
        )
    for places in [-307, -300, -290, -150, -100, -50, -25]:
        yield {"text": f"{{{{round 1.2345678901234567e308 {places}}}}}"}


def conversions() -> Cases:
    for name in ["atoi", "int", "int64", "float64", "toDecimal", "toString"]:
        yield from calls(name, '"12"')
        yield from over(["{{" + name + " .x}}"], TEXTS)
    for name in ["int", "int64", "float64", "toDecimal", "toString"]:
        yield from each([f"{{{{{name} {number}}}}}" for number in NUMBERS])
        yield from each(
            [
                f"{{{{{name} (index `a` 0)}}}}",
                f"{{{{{name} (add 1 2)}}}}",
                f"{{{{{name} 1e30}}}}",
                f"{{{{{name} -1e30}}}}",
                f"{{{{{name} 9.3e18}}}}",
                f"{{{{{name} 2i}}}}",
                f"{{{{{name} false}}}}",
                f"{{{{{name} (list)}}}}",
                f"{{{{printf `%T` ({name} `1`)}}}}",
                f"{{{{printf `%d %v` (int ({name} `7`)) ({name} 7)}}}}",
            ]
        )
    yield from over(["{{toString .x}}{{toStrings .x}}"], VALUES.values())


def lists() -> Cases:
    yield from calls("until", "3")
    yield from calls("untilStep", "1", "9", "3")
    yield from calls("seq", "3")
    yield from calls("seq", "1", "4")
    yield from calls("seq", "1", "2", "9")
    bounds = [-3, -1, 0, 1, 2, 5]
    yield from each([f"{{{{until {stop}}}}}{{{{seq {stop}}}}}" for stop in bounds])
    for start in bounds:
        for stop in bounds:
            yield {"text": f"{{{{seq {start} {stop}}}}}"}
            for step in [-2, -1, 0, 1, 3]:
                yield {"text": f"{{{{untilStep {start} {stop} {step}}}}}|{{{{seq {start} {step} {stop}}}}}"}
    yield from each(
        [
            "{{seq}}",
            "{{seq 1 2 3 4}}",
            "[{{seq 9223372036854775807}}][{{seq -9223372036854775808}}][{{seq 5 1 9223372036854775807}}]",
            '{{printf "%T" (until 2)}}',
            "{{range $i, $n := until 2}}{{$i}}{{$n}}{{$n.x}}{{end}}",
            "{{index (until 3) 1}}",
            "{{until (add 1 2)}}",
            "{{until (int (add 1 2))}}",
            "{{range add 1 2}}{{printf `%T%d ` . .}}{{end}}",
            "{{range $n := add 1 2}}{{$n}}{{end}}",
            "{{range $i, $n := add 1 2}}{{$n}}{{end}}",
        ]
    )
    yield from each(
        [
            "{{eq (add 1 2) 3}}{{eq 3 (add 1 2)}}{{ne (add 1 2) 4}}",
            "{{eq (add 1 2) 3.0}}",
            "{{lt (add 1 2) 4}}{{gt (int64 5) (int 4)}}{{le (index `a` 0) 97}}",
            "{{lt (add 1 2) `4`}}",
            "{{eq (index `a` 0) (int64 97)}}",
            "{{eq (until 2) (list 0 1)}}",
            "{{eq (until 2) 1}}",
            "{{eq (rest list) nil}}{{eq nil (rest list)}}{{eq (rest list) (rest list)}}{{eq list nil}}",
            "{{eq (rest list) (list 1)}}",
            "{{index `abc` (add 0 1)}}{{slice `abc` (int64 1)}}",
            "{{index (list 1 2) (add 0 9)}}",
            "{{$x := add 65 0}}{{printf `%d|%5d|%x|%c|%q|%U|%v|%T|%#v|%s` $x $x $x $x $x $x $x $x $x $x}}",
            "{{$b := index `A` 0}}{{printf `%d|%x|%c|%v|%T|%#v|%s` $b $b $b $b $b $b $b}}",
            "{{printf `%*d|%.*f` (add 5 0) 3 (int64 2) 1.234}}",
            "{{$x := until 3}}{{printf `%v %d %03d %#v %s` $x $x $x $x $x}}",
            "{{printf `%v %#v %T` (rest list) (rest list) (rest list)}}",
            "{{print (add 1 2) (add 3 4) `x` (until 2)}}",
        ]
    )
