"""An auth manager of an Airflow with rights by DAG, as FAB has: alice may read the DAG `hers` alone."""

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

HERS = "hers"


class LimitedAuthManager(SimpleAuthManager):
    def is_authorized_dag(self, *, method, user, access_entity=None, details=None):
        if user.username == "alice" and (details is None or details.id != HERS):
            return False
        return super().is_authorized_dag(
            method=method, user=user, access_entity=access_entity, details=details
        )
