"""What was diagnosed, and what users said of it: one store, SQLite by default, PostgreSQL by URL.

`store` writes and reads it whole (SQLAlchemy); `memory` looks up earlier answers for a new one, and
is light enough for every `explain`.
"""
