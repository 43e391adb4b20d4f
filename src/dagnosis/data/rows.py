"""Which rows are unlike the others? Column by column with the classic detectors, and all at once.

    column_scores   zscore, iqr, mad, robust or article of each number of each column
    outliers        rows that are unlikely as a whole: mixtures of Gaussians fitted to the inner three
                    quarters of the rows, and an isolation forest, in agreement

Both take the rows of a `profile.Engine`: pandas, polars and pyarrow frames, DuckDB relations, Parquet,
CSV and JSON files. What each kind of column answers:

| column              | column_scores                 | outliers                                   |
|---------------------|-------------------------------|--------------------------------------------|
| integer, float, decimal | as numbers (doubles)      | as numbers; null and NaN as the median     |
| boolean             | 0 and 1                       | 0 and 1                                    |
| date, time          | seconds since 1970            | seconds since 1970                         |
| text, nested        | not scored                    | how rare the value is (minus log of share), of text with up to half as many values as rows |
| null, NaN           | NaN                           | as above                                   |
| +inf, -inf          | inf                           | the row is the strangest, an alarm         |
| constant, empty     | 0 and inf; NaN                | left out                                   |

Fewer than `FEWEST` rows have no outliers: all scores are 0. `outliers` needs the extra `learn`
(scikit-learn); `column_scores` and all other detectors do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from dagnosis.data.detectors import Limit, detector
from dagnosis.data.profile.values import Values
from dagnosis.extras import need_learn

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

FEWEST = 20
"""Rows from which rows can be unlike the others."""
COMPONENTS = (1, 2, 4)
"""Gaussians of the mixtures: one alone is blind to several healthy groups, four to small ones."""
KEPT, ROUNDS = 0.75, 4
"""Each mixture is fitted to the likeliest three quarters of the rows, in four rounds (as the minimum
covariance determinant does with one Gaussian, Rousseeuw and Van Driessen 1999)."""
WIDE = 300
"""Columns from which a Gaussian has a spread for each column alone: its covariance would take time that
grows with their cube, and more rows than there are."""
FITTED = 20_000
"""Rows that mixtures are fitted to; all are scored."""
FENCE = Limit(6.0)
"""A row is an alarm when its unlikeliness is twice as far outside as Tukey's outer fence of all rows:
unlikeliness has a long tail in healthy tables, too."""
SEED = 0


class Outlier(msgspec.Struct, frozen=True):
    """A row held for an outlier: 0-based index, score, scores of its strangest columns, a sentence."""

    row: int
    score: float
    columns: dict[str, float]
    reason: str


def column_scores(columns: Iterable[Values], method: str = "robust") -> dict[str, Floats]:
    """The score of each row in each column of numbers, the column itself being what is usual."""
    found = {}
    for values in columns:
        if values.numbers is not None:
            found[values.field.name] = detector(method).learn(values.numbers).scores(values.numbers)
    return found


def row_scores(columns: Iterable[Values]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """How strange each row is as a whole, larger is stranger, and which rows are alarms.

    The score is the mean surprise of the detectors: minus the logarithm of the share of rows that are
    as strange. It ranks; whether there are outliers at all is a question of density (`FENCE`). Raises
    `MissingExtra` without the extra `learn`.
    """
    need_learn("outliers of rows")
    import numpy as np

    table = _matrix(list(columns))
    size = len(table)
    infinite = np.isinf(table).any(1) if size else np.zeros(0, bool)
    table[infinite] = np.median(table[~infinite], axis=0) if (~infinite).any() else 0.0
    spread = table.std(0) if size else np.zeros(table.shape[1])
    table = table[:, spread > 1e-12 * np.abs(table).max(0, initial=1.0)]
    if size < FEWEST or not table.shape[1]:
        return np.where(infinite, np.inf, 0.0), np.asarray(infinite)
    table = (table - table.mean(0)) / table.std(0)
    unlikely = [_mixture(table, count) for count in COMPONENTS if size >= 5 * count]
    scores = np.mean([_surprise(found) for found in (*unlikely, _forest(table))], axis=0)
    fenced = detector("iqr").learn(unlikely[-1]).scores(unlikely[-1]) > FENCE.above
    fenced &= unlikely[-1] > np.median(unlikely[-1])
    return np.where(infinite, np.inf, scores), fenced | infinite


def outliers(columns: Iterable[Values], most: int = 100) -> list[Outlier]:
    """The rows that are alarms, the strangest first, with the columns that make them so. Raises as
    `row_scores` does."""
    import numpy as np

    given = list(columns)
    scores, alarms = row_scores(given)
    single = column_scores(given)
    found: list[Outlier] = []
    for row in np.argsort(-scores, kind="stable").tolist():
        if len(found) >= most:
            break
        if not alarms[row]:
            continue
        strange = {name: float(column[row]) for name, column in single.items() if column[row] > 2.0}
        best = dict(sorted(strange.items(), key=lambda item: -item[1])[:3])
        told = ", ".join(f"{name} ({score:.1f} robust deviations)" for name, score in best.items())
        reason = f"far from the others in {told}" if best else "an unusual combination of values"
        found.append(Outlier(row, float(scores[row]), best, reason))
    return found


def _matrix(columns: list[Values]) -> Floats:
    """Columns as numbers, nulls as the median; columns that cannot say anything are left out."""
    import numpy as np

    kept = []
    for values in columns:
        if values.numbers is not None:
            numbers = values.numbers.copy()
            known = np.isfinite(numbers)
            if known.any():
                numbers[np.isnan(numbers)] = np.median(numbers[known])
                kept.append(numbers)
        elif values.kind == "text" and 2 <= len(values.uniques) <= len(values) / 2:
            shares = np.append(values.counts() / len(values), values.nulls.mean() or 1.0)
            kept.append(-np.log(shares[values.codes]))
    rows = len(columns[0]) if columns else 0
    return np.stack(kept, 1) if kept else np.zeros((rows, 0))


def _mixture(table: Floats, components: int) -> Floats:
    """Minus the log density of each row under a trimmed mixture of Gaussians."""
    import warnings

    import numpy as np
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    chosen = np.arange(len(table))
    if len(table) > FITTED:
        chosen = np.random.default_rng(SEED).choice(len(table), FITTED, replace=False)
    base, kept = table[chosen], table[chosen]
    for _ in range(ROUNDS):
        model = GaussianMixture(
            n_components=components,
            covariance_type="full" if table.shape[1] < WIDE else "diag",
            reg_covar=1e-3,
            random_state=SEED,
            max_iter=50,
        )
        with warnings.catch_warnings():
            # not converged is no harm: the next round fits again
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(kept)
        order = np.argsort(-model.score_samples(base), kind="stable")
        kept = base[order[: max(int(len(base) * KEPT), 2 * components)]]
    scored: Floats = -model.score_samples(table)
    return scored


def _forest(table: Floats) -> Floats:
    from sklearn.ensemble import IsolationForest

    forest = IsolationForest(n_estimators=100, random_state=SEED).fit(table)
    scored: Floats = -forest.score_samples(table)
    return scored


def _surprise(scores: Floats) -> Floats:
    """Minus the log of the share of rows that are at least as strange; ties share their mean rank."""
    import numpy as np

    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return -np.log(1 - ranks[places.reshape(-1)] / len(scores) + 1 / len(scores))
