"""Is what the pipeline wrote right? A dataset comes in, findings come out.

    profile/    one pass over a batch: DuckDB (files, frames), SQL (warehouses), Spark
    memory      what the rows of a table have looked like so far
    measures    profile and memory -> numbers that can be compared over time
    batch       is this batch like its past?
    rows        which rows are unlike the others?
    cells       which cells are wrong?
    series      which values of a metric are out of line?
    detectors/  one method a file: learn(window), score(value); a `Limit` decides

Scores grow with strangeness everywhere. A score never decides; what decides is a limit.
"""
