"""Times of templates where the local zone is not UTC, which is all that the oracle's cases have.

What is expected is what Go made of the same templates with `TZ=Europe/Berlin`.
"""

from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from secretsync.templates import GO_SPRIG, LimitExceeded, Sources, parse
from secretsync.templates.gotime.instant import Instant, civil, days_since_1970, from_civil
from secretsync.templates.gotime.zones import UTC

NOW = 1_720_000_000_123_456_789
BERLIN = ZoneInfo("Europe/Berlin")


def render(template: str, zone: tzinfo | None = BERLIN) -> str:
    sources = Sources(now=lambda: NOW, random=bytes, zone=zone)
    return parse("t", template, dialect=GO_SPRIG).render(sources=sources)


@pytest.mark.parametrize(
    ("layout", "text", "found"),
    [
        ("2006-01-02 15:04", "2024-07-01 12:00", "2024-07-01 12:00:00 +0200 CEST"),
        ("2006-01-02 15:04", "2024-03-31 02:30", "2024-03-31 03:30:00 +0200 CEST"),  # clocks skip it
        ("2006-01-02 15:04", "2024-10-27 02:30", "2024-10-27 02:30:00 +0100 CET"),  # clocks show it twice
        ("2006-01-02 15:04 MST", "2024-07-01 12:00 CEST", "2024-07-01 12:00:00 +0200 CEST"),
        ("2006-01-02 15:04 MST", "2024-07-01 12:00 CET", "2024-07-01 13:00:00 +0200 CEST"),
        ("2006-01-02 15:04 MST", "2024-07-01 12:00 EST", "2024-07-01 12:00:00 +0000 EST"),
        ("2006-01-02 15:04 MST", "2024-07-01 12:00 UTC", "2024-07-01 12:00:00 +0000 UTC"),
        ("2006-01-02 15:04 -0700", "2024-07-01 12:00 +0200", "2024-07-01 12:00:00 +0200 CEST"),
        ("2006-01-02 15:04 -0700", "2024-07-01 12:00 +0100", "2024-07-01 12:00:00 +0100 +0100"),
        ("2006-01-02 15:04 -0700 MST", "2024-07-01 12:00 +0200 CEST", "2024-07-01 12:00:00 +0200 CEST"),
        ("2006-01-02 15:04 -0700 MST", "2024-07-01 12:00 +0200 EET", "2024-07-01 12:00:00 +0200 EET"),
    ],
)
def test_a_text_is_read_in_the_local_zone(layout: str, text: str, found: str) -> None:
    assert render(f'{{{{toDate "{layout}" "{text}"}}}}') == found


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ('{{date "2006-01-02 15:04 MST" 1700000000}}', "2023-11-14 23:13 CET"),
        ('{{htmlDate 1700000000}} {{dateInZone "15:04 MST" 1700000000 "Local"}}', "2023-11-14 23:13 CET"),
        ('{{(toDate "2006" "2024").Location}} {{(toDate "2006" "2024").UTC.Local}}', "Europe/Berlin 2024-01-01 00:00:00 +0100 CET"),
        ('{{date "2006-01-02 15:04:05 -07:00:00 MST" -9999999999}}', "1653-02-10 07:06:49 +00:53:28 LMT"),
        ('{{date "2006-01-02 15:04:05 -07:00:00 MST" -99999999999}}', "-1199-02-15 15:06:49 +00:53:28 LMT"),
        ('{{date "2006-01-02 15:04:05 -07:00:00 MST" 999999999999}}', "33658-09-27 03:46:39 +02:00:00 CEST"),
        ('{{(toDate "2006-01-02 15:04" "2024-03-30 02:30").AddDate 0 0 1}}', "2024-03-31 03:30:00 +0200 CEST"),
        ('{{dateModify "24h" (toDate "2006-01-02 15:04" "2024-03-30 12:00")}}', "2024-03-31 13:00:00 +0200 CEST"),
        ('{{toJson (toDate "2006" "2024")}}', '"2024-01-01T00:00:00+01:00"'),
        ('{{(toDate "2006-01-02" "2024-03-31").Truncate 86400000000000}}', "2024-03-30 01:00:00 +0100 CET"),
    ],
)  # fmt: skip
def test_times_are_shown_in_the_local_zone(template: str, found: str) -> None:
    assert render(template) == found


def test_the_clock_is_that_of_the_rendering() -> None:
    assert render("{{now}} {{now.UnixNano}}") == f"2024-07-03 11:46:40.123456789 +0200 CEST {NOW}"
    assert render("{{now.Location}} {{now}}", None) == "UTC 2024-07-03 09:46:40.123456789 +0000 UTC"
    assert render('{{now.Location}} {{now.Format "15:04"}}', timezone(timedelta(hours=1))) == "Local 10:46"


@pytest.mark.parametrize("days", [-10_000_000, -719_163, -719_162, -1, 0, 59, 60, 365, 11_016, 2_932_896, 10_000_000])
def test_days_and_dates_are_each_others_reverse(days: int) -> None:
    shown = civil(Instant(days * 86_400))
    assert days_since_1970(shown.year, shown.month, shown.day) == days
    assert from_civil(days, 7, 5, UTC) == Instant(days * 86_400 + 7, 5)
    assert shown.weekday == (days + 4) % 7
    assert days_since_1970(shown.year, 1, shown.year_day) == days


@pytest.mark.parametrize(
    "template",
    [
        '{{date (repeat 100001 "2") 0}}',
        '{{toDate (repeat 100001 "2") "2"}}',
        '{{durationRound (repeat 50001 "1h")}}',
        '{{semver (repeat 100001 "1")}}',
    ],
)
def test_what_is_read_part_by_part_has_an_end(template: str) -> None:
    with pytest.raises(LimitExceeded) as caught:
        render(template)
    assert caught.value.limit == "text"
