"""A Portuguese message says that the quota is used up."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A message in Portuguese with nested JSON."""
    import json

    from lab.authoring import task

    @task
    def enviar_notas() -> None:
        body = {
            "erro": {"codigo": "COTA_EXCEDIDA", "mensagem": "Cota diária de 5000 notas excedida"}
        }
        for lote in range(3):
            print(f"lote {lote}: enviado com sucesso, 0 erros")
        raise RuntimeError("Envio recusado pela SEFAZ: " + json.dumps(body, ensure_ascii=False))

    enviar_notas()


FAULT = Fault(
    name="portuguese_quota",
    family="rate_limit_quota",
    dag_id="notas_fiscais",
    cause="daily quota used up, in Portuguese",
    states="Cota diária de 5000 notas excedida",
    transience="unknown",
    build=build,
    twin=True,
)
