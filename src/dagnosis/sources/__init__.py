"""Where runs and logs come from.

`contract` says what a source does, `opening` finds the one that the settings want, `checks` proves
that one keeps the contract. A source is one module with `open_history(settings)`, with
`open_logs(settings, limits)`, or with both; one of another package registers the module as an entry
point of the group `dagnosis.sources`.
"""
