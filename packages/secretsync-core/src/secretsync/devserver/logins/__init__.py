"""How the development KMS tells who logs in: one module a login method (kms-api §2.2).

    universal   client id and client secret, and what locks them

A new login method is a module here, its settings in `methods` and a line in the table of `endpoints.logins`.
"""
