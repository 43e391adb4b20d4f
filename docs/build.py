"""Write the generated pages: `python docs/build.py [FOLDER]` (default: the folder of this file).

causes/        one page a family, from the YAML files
reference/     the command line from its --help, the settings, the metrics, the JSON schemas,
               the JSON API from its routes
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec

from dagnosis import settings
from dagnosis.airflow.provider_info import DEFAULTS
from dagnosis.airflow.provider_info import DESCRIPTIONS as OPTIONS
from dagnosis.forecast.history import AIRFLOW_STATES, COLUMNS
from dagnosis.logs.causes.catalogue import Cause, load_causes
from dagnosis.logs.causes.categories import table
from dagnosis.logs.causes.tables import pages as tables
from dagnosis.metrics import catalogue
from dagnosis.model import FAMILY_MEANINGS, Diagnosis
from dagnosis.services.check import Finding

COMMANDS = (
    "",
    "explain",
    "lines",
    "feedback",
    "feedback confirm",
    "feedback correct",
    "feedback list",
    "feedback forget",
    "check",
    "accept",
    "results",
    "forecast",
    "forecast pull",
    "forecast evaluate",
    "forecast train",
    "forecast score",
    "forecast drift",
    "forecast replay",
    "retrain",
    "models",
    "models list",
    "models verify",
    "models rollback",
    "retries",
    "retries replay",
    "incidents",
    "incidents list",
    "incidents show",
    "incidents ack",
    "incidents resolve",
    "incidents reopen",
    "incidents mute",
    "incidents assign",
    "incidents note",
    "incidents prune",
    "notify",
    "notify test",
    "notify send",
    "notify list",
    "notify again",
    "digest",
    "serve",
    "token",
    "token create",
    "token list",
    "token revoke",
    "metrics",
    "mcp",
    "doctor",
    "demo",
    "config show",
)


def pages() -> dict[str, str]:
    """Path below docs/ -> text of every generated page."""
    by_family: dict[str, list[Cause]] = defaultdict(list)
    for cause in load_causes():
        by_family[cause.family].append(cause)
    written = {f"causes/{family}.md": _family(family, by_family[family]) for family in by_family}
    written["causes/index.md"] = _index(by_family)
    written["reference/tables.md"] = tables.page()
    written["reference/cli.md"] = _cli()
    written["reference/settings.md"] = _settings()
    written["reference/diagnosis.schema.json"] = _schema(Diagnosis)
    written["reference/finding.schema.json"] = _schema(Finding)
    written["reference/runs.md"] = _runs()
    written["reference/inside-airflow.md"] = _inside_airflow()
    written["reference/metrics.md"] = _metrics()
    described = _openapi()
    written["reference/openapi.json"] = json.dumps(described, indent=1, sort_keys=True) + "\n"
    written["reference/api.md"] = _api(described)
    return written


def _openapi() -> dict[str, Any]:
    """The description of the API, as the server gives it."""
    from dagnosis import app
    from dagnosis.server.app import api_description

    with tempfile.TemporaryDirectory() as folder:
        own = settings.Settings(store=f"{folder}/store.db", profiles=f"{folder}/profiles.db")
        with app.opened(own) as stores:
            return api_description(stores)


def _api(described: dict[str, Any]) -> str:
    parts = [
        "# The JSON API",
        "",
        "Below `/api/v1`; [who may use it](../howto/pages.md). Times are ISO 8601 with a zone (UTC where",
        'none is given). A fault is `{"error": "…"}`: 400 the question cannot be understood, 401 a token',
        "is needed, 403 it may not, 404 there is no such thing, 413 too large, 422 a parameter is out of its",
        "range, 429 too often (`Retry-After`), 503 a store does not answer.",
        "[openapi.json](openapi.json) has every shape.",
        "",
    ]
    for path, methods in described["paths"].items():
        for method, told in methods.items():
            parts += [f"## {method.upper()} {path}", "", f"{told['summary']}.", ""]
            for one in told.get("parameters", []):
                parts.append(f"- `{one['name']}`{_range(one)}")
            if "requestBody" in told:
                shape = told["requestBody"]["content"]["application/json"]["schema"]
                parts.append(f"- body: {_shape(shape)}")
            answer = told["responses"]["200"]["content"]["application/json"]["schema"]
            parts += [f"- answer: {_shape(answer)}", ""]
    return "\n".join(parts)


def _range(parameter: dict[str, Any]) -> str:
    schema = parameter["schema"]
    inner = schema.get("items", schema)
    told = []
    if schema.get("type") == "array":
        told.append("may be repeated")
    if "enum" in inner:
        told.append(" | ".join(inner["enum"]))
    if "minimum" in inner or "maximum" in inner:
        told.append(f"{inner.get('minimum', '')} to {inner.get('maximum', '')}")
    if schema.get("default") not in (None, "", [], False):
        told.append(f"default {schema['default']}")
    return f" ({', '.join(told)})" if told else ""


def _shape(schema: dict[str, Any]) -> str:
    if schema.get("type") == "array":
        return f"list of {_shape(schema['items'])}"
    return f"`{schema['$ref'].rpartition('/')[2]}`"


def _inside_airflow() -> str:
    options = [
        f"| `{key}` | `{DEFAULTS[key]}` | {OPTIONS[key]} |"
        if DEFAULTS[key]
        else f"| `{key}` | | {OPTIONS[key]} |"
        for key in DEFAULTS
    ]
    rows = [
        f"| {family} | {passing} | {lasting} |" for family, (passing, lasting) in table().items()
    ]
    return "\n".join(
        [
            "# Inside Airflow",
            "",
            "## Options",
            "",
            "The section `[dagnosis]` of `airflow.cfg`, or variables such as `AIRFLOW__DAGNOSIS__RETRY_MODE`.",
            "",
            "| option | default | means |",
            "|---|---|---|",
            *options,
            "",
            "## Retry categories",
            "",
            "Our families as the categories of Airflow's common-ai provider, for `DiagnosedRetry(categories=…)`.",
            "Where it is not known whether a cause passes, there is no category and nothing is decided.",
            "",
            "| family | when it passes by itself | when it stays |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _index(by_family: dict[str, list[Cause]]) -> str:
    total = sum(map(len, by_family.values()))
    rows = [
        f"| [{family}]({family}.md) | {len(by_family[family])} | {meaning} |"
        if family in by_family
        else f"| {family} | – | {meaning} |"
        for family, meaning in FAMILY_MEANINGS.items()
    ]
    return "\n".join(
        [
            "# Causes",
            "",
            f"{total} causes in {len(FAMILY_MEANINGS)} families. The families are a closed list, the",
            "causes below them are open: one YAML each (see CONTRIBUTING, *Add a cause*). Codes such as",
            "errno, SQLSTATE or HTTP status come from the systematic tables beside them.",
            "",
            "| family | causes | means |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _family(family: str, causes: list[Cause]) -> str:
    parts = [f"# {family}\n\n{FAMILY_MEANINGS[family]}\n"]
    for cause in causes:
        spec = cause.spec
        retry: str = spec.retry.action
        if spec.retry.delay_seconds:
            retry += f" after {spec.retry.delay_seconds} s"
        parts.append(
            f"## {cause.id}\n\n**{spec.title}.** {spec.description}\n\n"
            f"Retry: {retry} ({spec.transience}). {spec.retry.reason}\n"
        )
        parts.append("\n".join(f"{n}. {step}" for n, step in enumerate(spec.fix, 1)) + "\n")
        if spec.structural:
            parts.append(f"Recognised by: {spec.structural}\n")
        else:
            excerpts = "\n".join(spec.examples.match).replace("\r", "")
            parts.append(f"```text\n{excerpts.rstrip()}\n```\n")
        if spec.source:
            parts.append(f"Source: {spec.source}\n")
    return "\n".join(parts)


def _cli() -> str:
    parts = [
        "# The command line",
        "",
        "Data goes to stdout, messages to stderr. Exit codes: 0 ok, 1 findings, 2 wrong use, 3 an",
        "input was unreadable, 4 a service was unreachable.",
        "",
    ]
    for command in COMMANDS:
        parts += [f"## dagnosis {command}".rstrip(), "", "```text", _help(command), "```", ""]
    return "\n".join(parts)


def _help(command: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "dagnosis", *command.split(), "--help"],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "COLUMNS": "90", "NO_COLOR": "1", "TERM": "dumb"},
    )
    text = ran.stdout.strip().replace("python -m dagnosis", "dagnosis")
    return "\n".join(line.rstrip() for line in text.splitlines())


def _runs() -> str:
    rows = [
        f"| {name} | {column.kind} | {'yes' if column.needed else ''} | {column.meaning} |"
        for name, column in COLUMNS.items()
    ]
    states = [f"| {theirs} | {ours} |" for theirs, ours in AIRFLOW_STATES.items() if theirs != ours]
    return "\n".join(
        [
            "# The table of runs",
            "",
            "One row a try, as Parquet, CSV or JSON lines. Times without a zone are UTC; numbers are",
            "seconds since 1970. Other columns are ignored. There is no `try_number` on purpose: the row",
            "of a finished task keeps its last value, which tells the outcome.",
            "",
            "| column | type | needed | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
            "A stream of events has these columns and `kind` (`request`, `outcome`) and `time`, in order",
            "of time: a request holds what is known when a run is asked for, an outcome its `start_time`,",
            "`end_time` and `state`.",
            "",
            "States of Airflow are taken as they are:",
            "",
            "| Airflow | here |",
            "|---|---|",
            *states,
            "",
            "`success` and `failed` are labels, the others are not: what is skipped, removed or failed",
            "upstream is a consequence.",
            "",
        ]
    )


def _metrics() -> str:
    rows = [
        f"| `{family.name}` | {family.type} | {', '.join(f'`{label}`' for label in family.labels)} "
        f"| {family.most(dags=0) or 'opt-in'} | {family.meaning} |"
        for family in catalogue.FAMILIES
    ]
    closed = [
        f"| `{label}` | {', '.join(f'`{value}`' for value in values)} |"
        for label, values in catalogue.CLOSED.items()
    ]
    outcomes = [
        f"| `outcome` of `{name}` | {', '.join(f'`{value}`' for value in values)} |"
        for name, values in catalogue.CLOSED_OUTCOMES.items()
    ]
    return "\n".join(
        [
            "# Metrics",
            "",
            "What a process of dagnosis tells at `/metrics`; [how to collect it](../howto/prometheus-grafana.md).",
            f"At most {catalogue.most():,} series a process, and {catalogue.most(100):,} with",
            "`metrics_dags = 100`, whatever happens to it; Prometheus's own `process_*` come on top.",
            "",
            "| metric | type | labels | series at most | meaning |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "## Values of labels",
            "",
            "| label | values |",
            "|---|---|",
            *closed,
            *outcomes,
            "",
            "Names that users choose are redacted, cut at 120 characters and capped. The first ones keep",
            "their names for the life of the process, all others are `other`, and each of these is counted",
            "in `dagnosis_label_overflows_total`:",
            "",
            "| label | names told apart |",
            "|---|---|",
            *(f"| `{label}` | {cap} |" for label, cap in catalogue.CAPS.items()),
            "| `dag_id` | setting `metrics_dags`, 0 by default |",
            "",
            "## Processes and restarts",
            "",
            "Counters are those of one process and begin at 0, as Prometheus expects of them. What is kept",
            "in a store is told as a gauge, taken from it when the process begins: a restart loses nothing,",
            "and no scrape waits for a database. `dagnosis metrics` tells these alone, from cron too:",
            "",
            *(f"- `{name}`" for name in catalogue.KEPT),
            "",
            "What other processes do is taken from the same stores every five minutes: checks of data by cron",
            "or by operators in Airflow (`dagnosis_checks_total`), retrainings (`dagnosis_retrainings_total`),",
            "what users say of answers (`dagnosis_feedback_total`), and the risks. Counts that a store keeps go",
            "on where they stood: feedback, retrainings, checks by command that could not be made.",
            "",
            "`serve --watch` tells what its watch found and its own requests, at one address. A watch alone",
            "tells what it found at `--metrics-port`. Scrape one of the two.",
            "",
        ]
    )


def _settings() -> str:
    defaults = settings.Settings()
    rows = [
        f"| `{key}` | `{settings.PREFIX}{key.upper()}` | `{getattr(defaults, key)}` | {what} |"
        for key, what in settings.DESCRIPTIONS.items()
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            f"Defaults < `{settings.FILE}` in the working folder < variables < flags;",
            "`dagnosis config show` says where each value came from.",
            "",
            "| key | variable | default | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _schema(kind: type[msgspec.Struct]) -> str:
    return json.dumps(msgspec.json.schema(kind), indent=2, sort_keys=True) + "\n"


def main() -> None:
    """Write every page; remove pages of families that are gone."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    written = pages()
    for old in (folder / "causes").glob("*.md"):
        if f"causes/{old.name}" not in written:
            old.unlink()
    for name, text in written.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
