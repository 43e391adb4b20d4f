"""Rules are right by Prometheus's own tool, are tried one by one, and lead to what to do."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RULES = ROOT / "grafana" / "rules"


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((RULES / "alerts.yaml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def promtool(*arguments: str) -> None:
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("promtool is not installed (apt install prometheus)")
    ran = subprocess.run([tool, *arguments], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_they_are_rules() -> None:
    promtool(
        "check",
        "rules",
        *map(str, sorted(RULES.glob("[ar]*s.yaml"))),
        str(RULES / "recording.yaml"),
    )


def test_they_fire_when_they_should_and_else_not() -> None:
    promtool("test", "rules", str(RULES / "rules.test.yaml"))


def test_every_alert_is_tried_both_ways() -> None:
    tests = yaml.safe_load((RULES / "rules.test.yaml").read_text("utf-8"))["tests"]
    tried = {
        (case["alertname"], bool(case["exp_alerts"]))
        for one in tests
        for case in one["alert_rule_test"]
    }
    assert tried == {(rule["alert"], fires) for rule in alerts() for fires in (True, False)}


def test_every_alert_leads_to_what_to_do() -> None:
    page = (ROOT / "docs" / "runbooks.md").read_text("utf-8")
    sections = {
        heading.lower(): text
        for heading, text in re.findall(
            r"^## (\w+)\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE
        )
    }
    assert set(sections) == {rule["alert"].lower() for rule in alerts()}
    for rule in alerts():
        where, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert (where, anchor) == ("docs/runbooks.md", rule["alert"].lower())
        for part in ("**Means.**", "**Look at.**", "**Do.**"):
            assert part in sections[anchor], f"{rule['alert']} lacks {part}"
        assert rule["labels"]["severity"] in ("info", "warning", "critical")
