"""Cases for Sprig's chapter on dates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

LAYOUTS = [
    "2006-01-02T15:04:05Z07:00",
    "2006-01-02T15:04:05.999999999Z07:00",
    "Mon, 02 Jan 2006 15:04:05 MST",
    "Monday, January _2 06 3:04PM",
    "Jan 2 03:4:5pm .000 .999 ,000 ,999",
    "002 __2 _2 2 _2006 __2006 20061",
    "-0700 -07:00 -07 -070000 -07:00:00 Z0700 Z07:00 Z07 Z070000 Z07:00:00",
    "January Januaryx Jan Janx Jane Monday Mondayx Mon Monx MST MSTx",
    "1 01 10 15 150 3 03 5 05 06 07 2 02 20 200 2005",
    ".0 .00x .01 .000000000000 ,9999999999999 .90 x.0",
    "plain text \u00e9 with no element",
    "",
    "P PM PMS p pm pms AM",
    "\xff2006",
]
MOMENTS = [
    0,
    1,
    -1,
    1700000000,
    951782400,
    951868799,
    -62135596800,
    -62167219200,
    253402300799,
    253402300800,
    -99999999999,
]
ZONES = [
    "UTC",
    "",
    "Local",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Nowhere/Land",
    "../etc/passwd",
    "/etc/localtime",
    "Europe",
    "America/Sao_Paulo",
]
TIMES = [
    'toDate "2006" "2024"',
    'toDate "2006" "2025"',
    '(toDate "2006" "2024").UTC',
    '(toDate "2006" "2024").UTC.Local',
    '(toDate "2006" "2024").AddDate 1 0 0',
    'toDate "2006 -0700" "2024 +0000"',
    'toDate "2006 -0700" "2024 +0100"',
    'toDate "2006 -0700" "2024 +0130"',
    'toDate "2006 -0700" "2024 +1500"',
    'toDate "2006 MST" "2024 CET"',
    'toDate "2006 MST" "2024 UTC"',
    'toDate "2006" "none"',
    'toDate "2006" "0001"',
    'toDate "" ""',
    'dateModify "0s" now',
    "now",
    "now.Location",
]
DURATIONS = [
    "1h",
    "-1h",
    "+1h30m",
    "1.5s",
    ".5s",
    "1.s",
    "s",
    ".s",
    "-",
    "",
    "0",
    "+0",
    "-0",
    "00",
    "1",
    "1.5",
    "1d",
    "1h x",
    "1 h",
    "3us",
    "3\u00b5s",
    "3\u03bcs",
    "3ns",
    "0.000000001s",
    "0.3333333333333333333333h",
    "9223372036854775807ns",
    "9223372036854775808ns",
    "-9223372036854775808ns",
    "-9223372036854775809ns",
    "99999999999999999999h",
    "2562048h",
    "2562047h47m16.854775807s",
    "00000000000000000000000000000000001h",
    "1h1m1s1ms1us1ns",
    "100ms",
    "1.0000000000000000000000000000000001s",
]
READ = [
    (
        "2006-01-02",
        [
            "2024-02-29",
            "2023-02-29",
            "2024-13-01",
            "2024-00-01",
            "2024-1-1",
            "24-01-01",
            "",
            "2024-01-01x",
            "2024-01-32",
        ],
    ),
    (
        "2006-01-02T15:04:05Z07:00",
        [
            "2024-02-29T12:30:45Z",
            "2024-02-29T12:30:45+01:00",
            "2024-02-29T12:30:45.123456789-07:30",
            "2024-02-29T24:00:00Z",
            "2024-02-29T12:60:00Z",
            "2024-02-29T12:00:60Z",
            "2024-02-29T12:30:45+25:00",
            "2024-02-29T12:30:45+24:60",
            "2024-02-29T12:30:45",
            "2024-02-29t12:30:45z",
            "2024-02-29T12:30:45,5Z",
            "2024-02-29T12:30:45.Z",
        ],
    ),
    ("Jan _2 2006", ["feb  7 2024", "FEB 7 2024", "Feb 27 2024", "Foo 7 2024", "Februar 7 2024", "Feb  72024"]),
    (
        "Monday, 02-Jan-06 15:04:05 MST",
        [
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "monday, 06-nov-94 08:49:37 UTC",
            "Sunday, 06-Nov-94 08:49:37 CEST",
            "Sunday, 06-Nov-94 08:49:37 GMT+3",
            "Sunday, 06-Nov-94 08:49:37 GMT+24",
            "Sunday, 06-Nov-94 08:49:37 X",
            "Sunday, 06-Nov-94 08:49:37 abc",
            "Sunday, 06-Nov-94 08:49:37 ABCDE",
            "Sunday, 06-Nov-94 08:49:37 ABCDT",
            "Sunday, 06-Nov-94 08:49:37 WITA",
            "Sunday, 06-Nov-94 08:49:37 ChST",
            "Sunday, 06-Nov-94 08:49:37 ABCDEF",
            "Sunday, 06-Nov-94 08:49:37 +03",
            "Sunday, 06-Nov-94 08:49:37 +24",
            "Sunday, 06-Nov-94 08:49:37 +3",
        ],
    ),
    ("3:04PM", ["12:00AM", "12:00PM", "1:05pm", "13:00PM", "0:59AM", "1:5PM", "7:30XM", "7:30P"]),
    ("03:04pm", ["12:00am", "1:00pm", "07:15pm", "07:15PM"]),
    ("2006 002", ["2024 060", "2023 060", "2024 366", "2023 366", "2024 000", "2024 5"]),
    ("2006 __2", ["2024   5", "2024  61", "2024 61", "2024 361"]),
    ("2006-01-02 002", ["2024-03-01 061", "2024-03-01 060", "2024-02-01 061"]),
    (
        "15:04:05.000",
        ["01:02:03.456", "01:02:03.45", "01:02:03,456", "01:02:03.+45", "01:02:03.-45", "01:02:03.4567", "1:02:03.456"],
    ),
    ("15:04:05.999", ["01:02:03.456", "01:02:03", "01:02:03.4567891234", "01:02:03.", "01:02:03.a"]),
    ("15:04:05", ["01:02:03.5", "01:02:03,123456789123", "01:02:03.x", "25:00:00", "1:2:3"]),
    ("15 4 5", ["1 2 3", "23  59   58", "1 2 3 ", "1 2", "1 2 60"]),
    ("06", ["68", "69", "+6", "-6", "6", "x6"]),
    (
        "-0700 2006",
        [
            "+0130 2024",
            "-1200 2024",
            "+2460 2024",
            "+2461 2024",
            "x2500 2024",
            "x0100 2024",
            "+25x0 2024",
            "+2x70 2024",
            "0130 2024",
            "+01:30 2024",
        ],
    ),
    ("-07:00:00", ["+01:30:15", "+01:30", "-00:00:00", "+01:30:61"]),
    ("-07", ["+01", "-23", "+25", "+1"]),
    ("-070000", ["+013015", "+0130"]),
    ("Z07:00", ["Z", "z", "+05:00"]),
    ("Z0700", ["Z", "+0500"]),
    ("Z07", ["Z", "-05"]),
    ("Z070000", ["Z", "+050000"]),
    ("2006-01-02 -0700 MST", ["2024-07-01 +0200 CEST", "2024-07-01 +0000 UTC", "2024-07-01 +0000 GMT"]),
    ("  2006  ", ["2024", " 2024 ", "2024  ", "x2024"]),
    ("", ["", "x"]),
    ("x", ["x", "", "y"]),
    ("January 2", ["January 7", "Jan 7", "december 31"]),
    ("Mon", ["Mon", "mon", "Mo", "Xyz"]),
    ("2006", ["0000", "9999", "99999", "+024"]),
]
METHODS = [
    "Year",
    "Month",
    "Day",
    "Hour",
    "Minute",
    "Second",
    "Nanosecond",
    "Weekday",
    "YearDay",
    "Unix",
    "UnixMilli",
    "UnixMicro",
    "UnixNano",
    "IsZero",
    "UTC",
    "Local",
    "Location",
    "String",
    'Format "Jan 2"',
    "AddDate 1 1 1",
    "AddDate 0 -13 31",
    "Add 1500000000",
    "Truncate 3600000000000",
    "Round 3600000000000",
    "Nope",
    "Year 1",
    "Format",
    "Format 1",
    "AddDate 1",
    'AddDate 1 1 "x"',
]
ANYTHING: list[Any] = [None, True, 5, 1.5, "text", "90s", "1h", "60", "-7", [1], {}]


def cases() -> Iterator[dict[str, Any]]:
    for layout in LAYOUTS:
        for seconds in MOMENTS[:6]:
            yield {"text": "{{date .l .s}}", "data": {"l": layout, "s": seconds}}
        for zone in ZONES:
            yield {"text": "{{dateInZone .l .s .z}}", "data": {"l": layout, "s": 1720000000, "z": zone}}
    for seconds in MOMENTS:
        for text in [
            '{{date "2006-01-02 15:04:05 Mon 002 06" .}}',
            "{{htmlDate .}}",
            '{{htmlDateInZone . "Asia/Tokyo"}}',
            '{{date_in_zone "2006-01-02 15:04:05 -07:00:00 MST" . "America/New_York"}}',
            '{{date_in_zone "2006-01-02 15:04:05 -07:00 MST" . "Europe/London"}}',
            "{{ago .}}",
            "{{int64 . | duration}}",
            "{{int64 . | durationRound}}",
            "{{ago (int64 .)}}",
            '{{date "15:04" (int64 .)}}',
        ]:
            yield {"text": text, "data": seconds}
    for value in ANYTHING:
        for text in [
            '{{date "2006-01-02 15:04:05 MST" .}}',
            "{{htmlDate .}}",
            '{{htmlDateInZone . "UTC"}}',
            '{{dateInZone "15:04" . "UTC"}}',
            "{{ago .}}",
            "{{duration .}}",
            "{{durationRound .}}",
            '{{dateModify "1h" .}}',
            "{{unixEpoch .}}",
            '{{toDate "2006" .}}',
            "{{mustToDate . .}}",
            "{{date . 0}}",
        ]:
            yield {"text": text, "data": value}
    yield from durations()
    yield from read()
    yield from methods()


def durations() -> Iterator[dict[str, Any]]:
    for text in DURATIONS:
        for template in [
            "{{durationRound .}}",
            "{{duration .}}",
            '{{date "2006-01-02 15:04:05.999999999" (dateModify . (toDate "2006" "2024"))}}',
            '{{(mustDateModify . (toDate "2006" "2024")).UnixNano}}',
            '{{must_date_modify . (toDate "2006" "2024")}}',
            '{{date_modify . (toDate "2006" "2024") | unixEpoch}}',
        ]:
            yield {"text": template, "data": text}
    for seconds in [1, 59, 61, 3601, 86401, 90000, 2592001, 31536000, 31536001, -61, -3601]:
        yield {"text": '{{durationRound (printf "%ds" .)}} {{duration (int64 .)}}', "data": seconds}
        yield {"text": '{{dateModify (printf "%ds" .) now | durationRound}}', "data": seconds}
        yield {"text": '{{dateModify (printf "%d.6s" .) now | ago}}', "data": seconds}
    for nanos in [0, 1, 999, 1000, 1500, 1000000, 123456789, 1000000000, -1, -1500]:
        yield {"text": f'{{{{((toDate "2006" "2024").Add {nanos}).Sub (toDate "2006" "2024")}}}}'}


def read() -> Iterator[dict[str, Any]]:
    for layout, texts in READ:
        for text in texts:
            data = {"l": layout, "t": text}
            yield {"text": "{{mustToDate .l .t}}", "data": data}
            yield {"text": "{{toDate .l .t}}", "data": data}


def methods() -> Iterator[dict[str, Any]]:
    data = {"l": "2006-01-02T15:04:05.999999999Z07:00", "t": "2024-02-29T23:59:58.987654321+01:00"}
    for method in METHODS:
        yield {"text": f"{{{{$t := toDate .l .t}}}}{{{{$t.{method}}}}}", "data": data}
        yield {"text": f'{{{{(toDate "x" "").{method}}}}}'}
    for text in [
        "{{now.Year}} {{now.Format .l}} {{now.Month}} {{now.Weekday}}",
        '{{now | date "2006-01-02 15:04:05"}}',
        "{{now | unixEpoch}} {{now | htmlDate}} {{now | ago}} {{now | durationRound}}",
        '{{printf "%d %v %s %T" now.Month now.Month now.Month now.Month}}',
        '{{printf "%d %v %q %T" now.Weekday now.Weekday now.Weekday now.Weekday}}',
        (
            '{{$d := (toDate "2006" "2024").Sub (toDate "2006" "2023")}}{{$d}} {{$d.Hours}} {{$d.Minutes}} {{$d.Seconds}}'
            ' {{$d.Milliseconds}} {{printf "%d %T" $d $d}} {{$d.String}} {{$d.Abs}} {{$d.Nope}}'
        ),
        (
            '{{$d := (toDate "2006" "2023").Sub (toDate "2006" "2024")}}{{$d}} {{$d.Nanoseconds}} {{$d.Round 3600000000000}}'
            " {{$d.Truncate 86400000000000}} {{$d.Abs}} {{$d.Microseconds}}"
        ),
        "{{eq now.Month 11}}{{lt now.Weekday 3}}{{ne now.Year 2009}}",
        "{{now.Before now}}{{now.After now}}{{now.Equal now}}{{now.Compare now}}",
        '{{(toDate "2006" "2024").Before now}}{{(toDate "2006" "2024").After now}}{{(toDate "2006" "2024").Compare now}}',
        "{{now.Before 1}}",
        '{{now.Sub "x"}}',
        "{{typeOf now}} {{kindOf now}} {{typeOf now.Month}} {{kindOf now.Month}}",
        '{{printf "%T %v %s %q" (toDate "2006" "2024") (toDate "2006" "2024") (toDate "2006" "2024") (toDate "2006" "2024")}}',
        "{{range now}}{{end}}",
        "{{if now}}T{{end}}",
        "{{len now}}",
        "{{now.Add 1.5}}",
        "{{now.Add .l}}",
        "{{now.Add now}}",
        "{{.l | now.Format}}",
        "{{index now 0}}",
        "{{now 1}}",
        "{{date}}",
        '{{date "x"}}',
        "{{dateInZone 1 2 3}}",
        "{{dateModify now now}}",
        "{{unixEpoch 1}}",
        '{{date "15:04" now "x"}}',
        "{{ago}}",
        "{{duration}}",
        '{{toDate "2006-01-02" "2024-07-01" | date "Monday 02 Jan 2006"}}',
        '{{dateInZone "2006-01-02 15:04 -0700 MST" (toDate "2006-01-02 15:04 MST" "2024-07-01 12:00 UTC") "Europe/Paris"}}',
        '{{dateModify "-1.5h" now | date "15:04:05"}}',
        '{{dict "t" now.Month}}',
        "{{now.Location}} {{now.UTC.Location}}",
        '{{eq (toDate "2006" "2024") (toDate "2006" "2024")}}',
        '{{lt (toDate "2006" "2024") now}}',
    ]:
        yield {"text": text, "data": data}
    for one in TIMES:
        for other in TIMES:
            yield {
                "text": f"{{{{$t := {one}}}}}{{{{eq ({one}) ({other})}}}}{{{{eq $t $t}}}}{{{{deepEqual ({one}) ({other})}}}}"
            }
