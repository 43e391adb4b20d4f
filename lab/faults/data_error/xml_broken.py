"""An XML file ends early."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """xml.etree ParseError."""
    from lab.authoring import task

    @task
    def parse_invoice_xml() -> str:
        from xml.etree import ElementTree

        return ElementTree.fromstring("<invoice><id>7</id><lines><line>1</line>").tag

    parse_invoice_xml()


FAULT = Fault(
    name="xml_broken",
    family="data_error",
    dag_id="invoice_xml",
    cause="XML that ends early",
    states="no element found",
    build=build,
)
