"""Cleans rows; the thirteenth has a text where a number should be."""

ROWS = [{"gross": n, "net": n - 1} for n in range(12)] + [{"gross": "13", "net": 12}]


def tax(row):
    return row["gross"] - row["net"]


def clean(rows):
    for number, row in enumerate(rows, 1):
        print(f"row {number}: tax {tax(row)}", flush=True)


clean(ROWS)
