"""How the development KMS tells who logs in: one module a login method (kms-api §2.2).

    universal    client id and client secret, and what locks them
    ways         the table of all others: kubernetes · signed (jwt, oidc) · ldap

A new login method is a module here, its settings in `methods` and a line in the table of `ways`.
"""
