"""No Kafka broker answers."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """KafkaTimeoutError: the text speaks of bootstrap, the cause is the refusal."""
    import os

    from lab.authoring import task

    @task
    def publish_prices() -> None:
        import kafka

        address = f"127.0.0.1:{os.environ['CLOSED_PORT']}"
        kafka.KafkaProducer(bootstrap_servers=address)

    publish_prices()


FAULT = Fault(
    name="kafka_brokers",
    family="network",
    dag_id="prices_publish",
    cause="no Kafka broker is reachable",
    states="Unable to bootstrap from 127.0.0.1",
    accepted=("timeout", "external_service_error"),
    transience="transient",
    build=build,
)
