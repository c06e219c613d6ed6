"""Go's `time`: instants to the nanosecond, its layouts, its durations, and the records that templates hold.

Python's `datetime` ends at the year 9999 and at microseconds, so days and seconds are counted here; only the rules of
time zones are `zoneinfo`'s.
"""
