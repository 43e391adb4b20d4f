"""MongoDB is not reachable."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ServerSelectionTimeoutError: the text speaks of a timeout, the cause is the refusal."""
    import os

    from lab.authoring import task

    @task
    def copy_collections() -> None:
        import pymongo

        address = f"mongodb://127.0.0.1:{os.environ['CLOSED_PORT']}"
        client = pymongo.MongoClient(address, serverSelectionTimeoutMS=2000)
        print(client.list_database_names())

    copy_collections()


FAULT = Fault(
    name="mongo_selection",
    family="network",
    dag_id="collections_copy",
    cause="MongoDB refuses the connection",
    states="Connection refused",
    accepted=("timeout",),
    transience="transient",
    build=build,
)
