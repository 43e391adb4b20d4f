"""What a secret looks like, as data and small judges; `dagnosis.logs.redaction` applies them.

Two layers. First the mechanism: the *place* says that a secret stands here (a name such as
`db_password` in any notation, the userinfo of a URI, a header, a flag of a command). Second the
*shape*: tokens that carry their issuer's prefix, private keys, hashes of passwords, card numbers.

Every rule maps bytes to bytes, so that a text is encoded once. Expressions are compiled for
Latin-1: one byte is one character, which makes offsets exact and any text, even a broken one, legal.
"""
