"""A language model as one more reader: asked after the local answer, believed only where it cites.

window   what leaves the machine: some lines, redacted, numbered, without what reads as an order
prompt   what is asked; answer: what may be answered; verify: which citations stand
edge     the one door to a provider (pydantic-ai), imported when a model is asked
budget   calls, tokens, money and seconds a day; cache: one call a fingerprint
consult  all of it for one log; levels: the same door for labels of lines
"""
