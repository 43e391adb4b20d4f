"""The examples are what the tools that read them take; containers and clusters are not started."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((EXAMPLES / name).read_text("utf-8")))


def checked(tool: str, *arguments: str, cwd: Path | None = None) -> None:
    found = shutil.which(tool)
    if found is None:
        pytest.skip(f"{tool} is not installed (apt install prometheus prometheus-alertmanager)")
    ran = subprocess.run([found, *arguments], capture_output=True, text=True, cwd=cwd)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_prometheus_takes_its_configuration(tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "prometheus" / "prometheus.yml", tmp_path)
    shutil.copytree(ROOT / "grafana" / "rules", tmp_path / "rules")
    checked("promtool", "check", "config", "prometheus.yml", cwd=tmp_path)


def test_alertmanager_takes_its_configuration() -> None:
    checked("amtool", "check-config", str(EXAMPLES / "alertmanager" / "alertmanager.yml"))


def test_alertmanager_speaks_of_alerts_that_exist() -> None:
    text = (EXAMPLES / "alertmanager" / "alertmanager.yml").read_text("utf-8")
    rules = (ROOT / "grafana" / "rules" / "alerts.yaml").read_text("utf-8")
    known = set(re.findall(r"alert: (\w+)", rules))
    named = {
        one for found in re.findall(r'alertname=~?"([^"]+)"', text) for one in found.split("|")
    }
    assert named
    assert named <= known


def test_compose_mounts_what_is_here() -> None:
    (compose,) = documents("docker-compose.yaml")
    assert set(compose["services"]) == {"dagnosis", "prometheus", "alertmanager", "grafana"}
    for name, service in compose["services"].items():
        assert ("image" in service) != ("build" in service), name
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (EXAMPLES / source).resolve().exists(), volume
            elif "$" not in source:
                assert source in compose["volumes"], volume
        # nothing is shown to the network as it is
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    build = compose["services"]["dagnosis"]["build"]
    assert ((EXAMPLES / build["context"]) / build["dockerfile"]).is_file()


def test_grafana_finds_source_and_dashboards() -> None:
    (sources,) = documents("grafana/provisioning/datasources/prometheus.yaml")
    (source,) = sources["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
    (boards,) = documents("grafana/provisioning/dashboards/dagnosis.yaml")
    (compose,) = documents("docker-compose.yaml")
    path = boards["providers"][0]["options"]["path"]
    assert f"../grafana/dashboards:{path}:ro" in compose["services"]["grafana"]["volumes"]


def test_kubernetes_names_fit_each_other() -> None:
    made = {one["kind"]: one for one in documents("kubernetes/dagnosis.yaml")}
    assert set(made) == {"PersistentVolumeClaim", "Deployment", "Service", "ServiceMonitor"}
    spec = made["Deployment"]["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == labels == made["Service"]["spec"]["selector"]
    (container,) = spec["template"]["spec"]["containers"]
    ports = {port["name"] for port in container["ports"]}
    assert {port["targetPort"] for port in made["Service"]["spec"]["ports"]} <= ports
    assert made["ServiceMonitor"]["spec"]["endpoints"][0]["port"] == "http"
    volumes = {volume["name"] for volume in spec["template"]["spec"]["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    assert container["securityContext"]["readOnlyRootFilesystem"]


@pytest.mark.parametrize("file", sorted(EXAMPLES.rglob("*")), ids=lambda path: path.name)
def test_no_example_holds_a_secret(file: Path) -> None:
    if file.is_dir():
        return
    from dagnosis.logs.redaction import redact

    for line in file.read_text("utf-8").splitlines():
        assert redact(line) == line or "GRAFANA_PASSWORD" in line, line
    assert not os.access(file, os.X_OK)
