"""The history of the store's schema, applied by `dagnosis.incidents.upgrade`.

A change of the schema is a new module in `versions/` (`v0002_<what>.py`, `down_revision` the one
before) and the same change in `dagnosis.incidents.schema`; a test compares the two.
"""
