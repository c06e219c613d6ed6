"""The engine: what every object, template, mount and watch goes through. No I/O, no clock, no thread, no chance.

messages     what comes in (events), what goes out (effects), and who wants what (subjects, outcomes)
ask          what its functions are given: answers, and notes of what is missing
settle       runs one pure function of answers against the store, once
plan         what to do with one target
lanes        what is picked next
timers       what comes due
hosts        queues, limits and outages of everything that takes time
credentials  what fetches need, wait for and are refused
reads        which queries are fetched, and when
run          one subject and the work under way for it
runs         the life of each subject
writes       what a run does to its targets
caution      what is seen twice before it is done, and who else writes a target
reports      the newest outcome of each subject, on its way
engine       step(events, now) -> effects
"""
