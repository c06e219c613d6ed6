"""Login methods: how an identity proves who it is and gets an access token (kms-api §2).

    token       the query for a token, one for all methods
    logins      how a token is replaced: by a renewal where that is safe, else by a login
    exchange    the requests of both, and of revocation
    method      what all methods have in common
    methods     all of them by name, and one from its settings
    refusal     what the API says when it says no, for logins and for reads

    universal · kubernetes · ldap · jwt (and oidc) · given (tokens that need no login)
    aws         with aws_keys, where a program's keys are, and sigv4, how they sign
    azure
    gcp · oci   with signing, what a private key signs, and rs256, the vendor's package

A new login method is one module here and one line in the table of `methods`.
"""
