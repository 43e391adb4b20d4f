"""A real PostgreSQL for tests of connections."""

from tests.incidents.conftest import postgres_url as postgres_url
