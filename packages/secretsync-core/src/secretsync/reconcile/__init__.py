"""The engine: what every object, template, mount and watch goes through. No I/O, no clock, no thread, no chance.

messages   what comes in (events), what goes out (effects), and who wants what (subjects, outcomes)
settle     runs one pure function of answers against the store, once
plan       what to do with one target
lanes      what is picked next
timers     what comes due
hosts      queues, limits and outages of everything that takes time
reads      which queries are fetched, when, with which credential
runs       the life of each subject
engine     step(events, now) -> effects
"""
