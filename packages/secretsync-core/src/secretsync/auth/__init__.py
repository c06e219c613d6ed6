"""Login methods: how credentials become an access token.

    token.py       the query for a token, one for all methods
    universal.py   client id and client secret
    refusal.py     what the API says when it says no, for logins and for reads

A new login method is one module here and one line in the table of `backends.kms.backend`.
"""
