"""Login methods: how an identity proves who it is and gets an access token (kms-api §2).

    token.py       the query for a token, one for all methods
    logins.py      how a token is replaced: by a renewal where that is safe, else by a login
    exchange.py    the requests of both, and of revocation
    method.py      what all methods have in common
    universal.py   client id and client secret
    refusal.py     what the API says when it says no, for logins and for reads

A new login method is one module here and one line in the table of `methods`.
"""
