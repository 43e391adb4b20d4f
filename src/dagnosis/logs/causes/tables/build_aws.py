"""Write `aws_models.tsv` from the service models of the installed botocore.

Run it after an upgrade of botocore: `python -m dagnosis.logs.causes.tables.build_aws`. The file says
which version it was read from; a test compares it with that version's models.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from dagnosis.logs.causes.tables.table import HERE

TARGET = HERE / "aws_models.tsv"
_HEAD = """\
# Error shapes of all AWS services, written by dagnosis.logs.causes.tables.build_aws; do not edit.
# Source: botocore {version}, data/*/*/service-2.json ({services} services)
# Columns: code, commonest HTTP status (0: not stated), fault (s server, c client, -), flags
# (r retryable, t throttling, - none), number of services that answer with it.

"""


def rows(models: dict[str, dict[str, Any]]) -> list[str]:
    """One line a code, in order of code; `models` maps a service to its parsed service-2.json.

    >>> shape = {"type": "structure", "exception": True, "fault": True, "error": {"httpStatusCode": 500}}
    >>> rows({"s3": {"shapes": {"Oops": shape, "Bucket": {"type": "string"}}}})
    ['Oops\\t500\\ts\\t-\\t1']
    """
    found: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for service, model in models.items():
        for name, shape in model["shapes"].items():
            if shape.get("exception"):
                found[shape.get("error", {}).get("code", name)].append((service, shape))
    return [_row(code, found[code]) for code in sorted(found)]


def _row(code: str, shapes: list[tuple[str, dict[str, Any]]]) -> str:
    errors = [shape.get("error", {}) for _, shape in shapes]
    stated = Counter(error["httpStatusCode"] for error in errors if "httpStatusCode" in error)
    status = min(stated, key=lambda number: (-stated[number], number)) if stated else 0
    server = any(shape.get("fault") for _, shape in shapes)
    client = any(error.get("senderFault") for error in errors)
    fault = "s" if server else "c" if client else "-"
    retryable = [shape["retryable"] for _, shape in shapes if "retryable" in shape]
    flags = "r" if retryable else ""
    flags += "t" if any(how.get("throttling") for how in retryable) else ""
    services = len({service for service, _ in shapes})
    return f"{code}\t{status}\t{fault}\t{flags or '-'}\t{services}"


def build() -> str:
    """The text of the file for the installed botocore; takes seconds, the models are large."""
    import botocore
    from botocore.loaders import Loader

    loader = Loader()
    services = loader.list_available_services("service-2")
    models = {name: loader.load_service_model(name, "service-2") for name in services}
    head = _HEAD.format(version=botocore.__version__, services=len(services))
    return head + "\n".join(rows(models)) + "\n"


def main(target: Path = TARGET) -> None:
    """Write the file."""
    target.write_text(build(), "utf-8")


if __name__ == "__main__":
    main()
