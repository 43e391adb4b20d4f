"""Root causes of real failures: `python -m evals.real_failures CASES.jsonl OUT.jsonl`.

Reads `id` and `text` of each row only. Writes, for each, id, cause, ranked_causes, evidence_lines
(texts, best first), transient (yes / no / unclear), confidence and fingerprint. Where the rows hold
the truth (`cause`, `accepted`, `evidence`), prints the figures as well.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from dagnosis import Diagnosis, explain_text
from dagnosis.services.explain import families
from evals.peers import keyword_family, last_exception_line

PEER_FIGURES = ("top1_first_reader", "top1_either_reader", "macro_f1", "evidence_hit1_either")
TRANSIENT = {"transient": "yes", "permanent": "no", "unknown": "unclear"}


def predict(row: dict[str, Any]) -> dict[str, Any]:
    """One row in, one prediction out."""
    answer: Diagnosis = explain_text(row["text"], name=str(row["id"]))
    return {
        "id": row["id"],
        "cause": answer.cause,
        "detail": answer.detail,
        "ranked_causes": [ranked.cause for ranked in families(answer)] or [answer.cause],
        "evidence_lines": [line.text for line in answer.evidence],
        "transient": TRANSIENT[answer.transience],
        "confidence": answer.confidence,
        "fingerprint": answer.fingerprint,
    }


def words(text: str) -> str:
    """A line without its prefix, letters and digits only, as the scorer compares them."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    text = re.sub(
        r"^\s*(?:\[[^\]]*\]\s*)?(?:\{\{?[^}]*\}\}?\s*)?(?:(?:INFO|WARNING|ERROR|CRITICAL|DEBUG)\s*-?\s*)?",
        "",
        text,
    )
    text = text.replace('\\"', '"').replace("\\'", "'").replace("\\n", " ")
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


def states(quoted: str, truth: str) -> bool:
    """Do two quotes mean the same line? (containment, or 70 % of the truth's words)"""
    p, g = words(quoted), words(truth)
    if not p or not g:
        return False
    if len(p) >= 8 and p in g and len(p) >= 0.3 * len(g):
        return True
    if g in p and len(g) >= 0.1 * len(p):
        return True
    a, b = set(p.split()), set(g.split())
    return len(a & b) >= 0.7 * len(b) and len(a & b) >= 0.5 * len(a)


def figures(rows: list[dict[str, Any]], predictions: list[dict[str, Any]]) -> dict[str, float]:
    """The table's figures; shares in [0, 1], higher is better."""
    n = len(rows)
    pairs = list(zip(rows, predictions, strict=True))
    classes = sorted({row["cause"] for row in rows})
    f1 = []
    for name in classes:
        tp = sum(r["cause"] == p["cause"] == name for r, p in pairs)
        wrong = sum((r["cause"] == name) != (p["cause"] == name) for r, p in pairs)
        f1.append(2 * tp / (2 * tp + wrong) if tp else 0.0)

    def golds(row: dict[str, Any]) -> list[str]:
        return [row["evidence"], *([row["second_evidence"]] if row.get("second_evidence") else [])]

    def hit(k: int) -> float:
        return (
            sum(
                any(states(x, g) for x in p["evidence_lines"][:k] for g in golds(r))
                for r, p in pairs
            )
            / n
        )

    clear = [(r, p) for r, p in pairs if r.get("transient") in ("yes", "no")]
    return {
        "cases": n,
        "top1_first_reader": sum(r["cause"] == p["cause"] for r, p in pairs) / n,
        "top1_either_reader": sum(p["cause"] in r.get("accepted", [r["cause"]]) for r, p in pairs)
        / n,
        "macro_f1": sum(f1) / len(f1),
        "evidence_hit1_either": hit(1),
        "evidence_hit3_either": hit(3),
        "transient_accuracy": sum(r["transient"] == p["transient"] for r, p in clear)
        / max(len(clear), 1),
    }


def main() -> None:
    """Predict, write, and score where there is truth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--show-wrong", action="store_true")
    arguments = parser.parse_args()
    rows = [json.loads(line) for line in arguments.cases.open(encoding="utf-8") if line.strip()]
    predictions = [predict(row) for row in rows]
    with arguments.out.open("w", encoding="utf-8") as out:
        for prediction in predictions:
            out.write(json.dumps(prediction, ensure_ascii=False) + "\n")
    if rows and all("cause" in row and "evidence" in row for row in rows):
        peers = [
            {
                "cause": keyword_family(row["text"]),
                "evidence_lines": [last_exception_line(row["text"])],
                "transient": "unclear",
            }
            for row in rows
        ]
        ours, theirs = figures(rows, predictions), figures(rows, peers)
        print(f"{'':24s} dagnosis  keywords and last exception line")
        for name, value in ours.items():
            mine = f"{value:8.3f}" if name != "cases" else f"{value:8g}"
            peer = f"{theirs[name]:8.3f}" if name in PEER_FIGURES else ""
            print(f"{name:24s} {mine}  {peer}".rstrip())
    if arguments.show_wrong:
        for row, prediction in zip(rows, predictions, strict=True):
            golds = [row["evidence"], row.get("second_evidence") or ""]
            quoted = prediction["evidence_lines"][:1] or [""]
            family = prediction["cause"] in row["accepted"]
            line = any(states(quoted[0], gold) for gold in golds)
            if not (family and line):
                mark = ("" if family else "FAMILY ") + ("" if line else "LINE")
                print(
                    f"\n{row['id']} {mark} {'/'.join(row['accepted'])} <- {prediction['detail']} "
                    f"({prediction['confidence']})\n  truth  {row['evidence'][:160]!r}\n  quoted {quoted[0][:160]!r}"
                )


if __name__ == "__main__":
    main()
