"""A second table for `evals.batches`, made up: `python -m evals.orders OUT.parquet [--seed N]`.

A year of orders of a web shop, about 250 a day and growing: weekdays, month ends, a sale, holidays,
two odd days (an outage, a viral post), products that come and go, prices that rise, columns that hang
together (total = quantity x price - discount, country decides currency) and nulls with a reason.
No parameter of the judge was chosen on it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

COUNTRIES = {
    "DE": "EUR",
    "FR": "EUR",
    "US": "USD",
    "GB": "GBP",
    "PL": "PLN",
    "NL": "EUR",
    "SE": "SEK",
}
WEIGHTS = [0.34, 0.2, 0.16, 0.12, 0.08, 0.07, 0.03]
CHANNELS = ["web", "app", "phone", "partner"]
DAYS = 365


def orders(seed: int) -> pd.DataFrame:
    """The table, with the partition column `date`."""
    rng = np.random.default_rng(seed)
    products = pd.DataFrame(
        {
            "sku": [
                f"{a}{b}-{n:04d}"
                for n, (a, b) in enumerate(zip("ABCD" * 60, "XYZ" * 80, strict=True))
            ],
            "price": np.round(np.exp(rng.normal(3.2, 0.8, 240)), 2),
            "weight": np.round(np.exp(rng.normal(0, 0.7, 240)), 3),
            "from": np.where(rng.random(240) < 0.75, 0, rng.integers(0, DAYS, 240)),
        }
    )
    popular = rng.gamma(0.6, 1, 240)
    customers = rng.integers(10_000, 99_999, 9_000)
    homes = rng.choice(list(COUNTRIES), 9_000, p=WEIGHTS)
    start = pd.Timestamp("2025-01-01")
    days = []
    number = 500_000
    for day in range(DAYS):
        moment = start + pd.Timedelta(days=day)
        rate = 230 * (1 + 0.35 * day / DAYS) * (0.75, 0.9, 1, 1, 1.1, 1.35, 1.2)[moment.weekday()]
        rate *= 1.15 if moment.day >= 28 else 1.0
        rate *= {180: 0.35, 231: 2.2}.get(day, 1.0)
        sale = 320 <= day < 327
        rate *= 1.8 if sale else 1.0
        rate *= 0.5 if (moment.month, moment.day) in ((12, 25), (12, 26), (1, 1)) else 1.0
        size = int(rng.poisson(rate * rng.gamma(200, 1 / 200)))
        sold = (products["from"] <= day).to_numpy()
        which = rng.choice(240, size, p=popular * sold / (popular * sold).sum())
        who = rng.integers(0, 9_000, size)
        hours = np.sort(np.clip(rng.normal(15, 4.5, size), 0, 23.99))
        quantity = 1 + rng.geometric(0.7, size) - 1
        price = np.round(products.price.to_numpy()[which] * (1 + 0.0002 * day), 2)
        cut = np.where(rng.random(size) < (0.6 if sale else 0.12), rng.choice([5, 10, 20], size), 0)
        channel = rng.choice(CHANNELS, size, p=[0.55, 0.33, 0.05, 0.07])
        status = rng.choice(["paid", "shipped", "returned", "open"], size, p=[0.2, 0.7, 0.06, 0.04])
        shipped = np.where(
            status == "open",
            np.nan,
            np.round(3.9 + 0.8 * products.weight.to_numpy()[which] * quantity, 2),
        )
        days.append(
            pd.DataFrame(
                {
                    "date": moment.strftime("%Y-%m-%d"),
                    "order_id": np.arange(number, number + size),
                    "placed_at": moment + pd.to_timedelta((hours * 3600).astype(int), unit="s"),
                    "customer": customers[who],
                    "country": homes[who],
                    "currency": [COUNTRIES[c] for c in homes[who]],
                    "channel": channel,
                    "sku": products.sku.to_numpy()[which],
                    "quantity": quantity,
                    "unit_price": price,
                    "discount_percent": cut,
                    "total": np.round(quantity * price * (1 - cut / 100), 2),
                    "status": status,
                    "shipping": shipped,
                    "coupon": [
                        f"S{c}-{w % 97:02d}" if c else None for c, w in zip(cut, who, strict=True)
                    ],
                }
            )
        )
        number += size
    return pd.concat(days, ignore_index=True)


def main() -> None:
    """Write the table as Parquet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    orders(arguments.seed).to_parquet(arguments.out, index=False)


if __name__ == "__main__":
    main()
