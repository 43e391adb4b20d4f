"""Calibration of stated confidences: error, reliability diagram.

`python -m evals.calibration PREDICTIONS.jsonl CASES.jsonl PICTURE.svg` reads what
`evals.real_failures` wrote and draws how often an answer of a given confidence is right.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

BINS = 10


def bins(sure: Sequence[float], right: Sequence[float]) -> list[tuple[int, float, float]]:
    """For each of ten equal bins that holds any: how many, mean confidence, share that is right."""
    found = []
    for number in range(BINS):
        inside = [
            (s, r)
            for s, r in zip(sure, right, strict=True)
            if min(int(s * BINS), BINS - 1) == number
        ]
        if inside:
            n = len(inside)
            found.append((n, sum(s for s, _ in inside) / n, sum(r for _, r in inside) / n))
    return found


def expected_error(sure: Sequence[float], right: Sequence[float]) -> float:
    """Expected calibration error in [0, 1], lower is better (Naeini et al., AAAI 2015); 0 for none."""
    total = max(len(sure), 1)
    return sum(n * abs(confidence - share) for n, confidence, share in bins(sure, right)) / total


def picture(sure: Sequence[float], right: Sequence[float], title: str) -> str:
    """A reliability diagram as SVG: dots on the diagonal are calibrated, their area is their number."""
    dots = "".join(
        f'<circle cx="{60 + 300 * confidence:.1f}" cy="{340 - 300 * share:.1f}" r="{3 + n**0.5:.1f}" '
        f'fill="#1f6feb" fill-opacity="0.55"><title>{n} answers, confidence {confidence:.2f}, right {share:.2f}</title></circle>'
        for n, confidence, share in bins(sure, right)
    )
    ticks = "".join(
        f'<text x="{60 + 300 * t:.0f}" y="358" text-anchor="middle">{t:.1f}</text>'
        f'<text x="50" y="{344 - 300 * t:.0f}" text-anchor="end">{t:.1f}</text>'
        for t in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    )
    error = expected_error(sure, right)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" font-family="sans-serif" font-size="11" role="img">
<title>{title}</title>
<rect width="400" height="400" fill="#fff"/>
<text x="210" y="22" text-anchor="middle" font-size="13">{title}</text>
<rect x="60" y="40" width="300" height="300" fill="none" stroke="#888"/>
<line x1="60" y1="340" x2="360" y2="40" stroke="#bbb" stroke-dasharray="4 4"/>
{dots}
{ticks}
<text x="210" y="380" text-anchor="middle">stated confidence</text>
<text x="18" y="190" text-anchor="middle" transform="rotate(-90 18 190)">share that is right</text>
<text x="70" y="58">{len(sure)} answers, calibration error {error:.3f}</text>
</svg>
"""


def main() -> None:
    """Print the table and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("predictions", type=Path)
    parser.add_argument("cases", type=Path)
    parser.add_argument("picture", type=Path)
    arguments = parser.parse_args()
    truth = {row["id"]: row for row in map(json.loads, arguments.cases.open(encoding="utf-8"))}
    rows = [json.loads(line) for line in arguments.predictions.open(encoding="utf-8")]
    sure = [row["confidence"] for row in rows]
    right = [
        float(row["cause"] in truth[row["id"]].get("accepted", [truth[row["id"]]["cause"]]))
        for row in rows
    ]
    for n, confidence, share in bins(sure, right):
        print(f"{n:5d} answers  confidence {confidence:.3f}  right {share:.3f}")
    order = sorted(range(len(sure)), key=lambda i: -sure[i])[: round(0.8 * len(sure))]
    print(f"expected calibration error {expected_error(sure, right):.3f}")
    print(f"right at 80 % answered     {sum(right[i] for i in order) / max(len(order), 1):.3f}")
    svg = picture(sure, right, "Real failures: how sure, how often right")
    arguments.picture.write_text(svg, "utf-8")


if __name__ == "__main__":
    main()
