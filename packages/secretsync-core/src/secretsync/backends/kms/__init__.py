"""The KMS (an Infisical-compatible API): what can be asked of it and how it is read.

    urls.py      the address as people write it, as we use it
    queries.py   Project, ProjectSlug, Folder, Secret, DynamicSecret
    routes.py    a query as requests, newest API first
    decode.py    an answer's body as values
    errors.py    a refusal as one of our errors, and how far it reaches
    backend.py   the backend itself
    session.py   one deed at a time, beside reading
    writes.py    secrets created, changed, deleted · folders.py folders and imports
    leases.py    leases of dynamic secrets · lease_book.py what each needs next
    lending.py   the backend of what leases lend
    events.py    the change feed: what is registered, what an event is about · sse.py its frames
    watching.py  when to listen, and what an event puts in doubt
    scope.py     a folder as people name it, for every reader of one

Specified in kms-api.
"""
