"""The dashboards, as what they show. Each query is asked of a real Prometheus by the tests."""

from __future__ import annotations

from grafana.panels import WIDE, Board, Panel, Row

J = 'job=~"$job"'
R = "$__rate_interval"

OVERVIEW = Board(
    "dagnosis-overview",
    "dagnosis / Overview",
    "What is broken now, what may break next, which data is suspect, and whether dagnosis itself is well.",
    (
        Row(
            "Now",
            (
                Panel(
                    "Open incidents",
                    "Incidents that nobody has acknowledged or resolved.",
                    ((f'sum(dagnosis_incidents{{{J},state="open"}})', ""),),
                    "stat",
                    alarms=1,
                    width=4,
                    height=5,
                    see="dagnosis-incidents",
                ),
                Panel(
                    "Tasks blocked, 1 h",
                    "Task instances that could not run because of a recorded failure.",
                    ((f"sum(increase(dagnosis_blocked_tasks_total{{{J}}}[1h]))", ""),),
                    "stat",
                    warns=1,
                    alarms=50,
                    width=4,
                    height=5,
                ),
                Panel(
                    "Tries that failed, 1 h",
                    "Part of the finished tries that failed, retried ones too. Compare it with its usual height.",
                    (
                        (
                            f'sum(rate(dagnosis_tries_total{{{J},outcome="failed"}}[1h])) / sum(rate(dagnosis_tries_total{{{J},outcome=~"failed|success"}}[1h]))',
                            "",
                        ),
                    ),
                    "stat",
                    "percentunit",
                    0.05,
                    0.2,
                    width=4,
                    height=5,
                ),
                Panel(
                    "Runs at high risk",
                    "Open and next runs whose predicted risk is where alerts begin.",
                    ((f'sum(dagnosis_forecast_runs{{{J},band="high"}})', ""),),
                    "stat",
                    warns=1,
                    width=4,
                    height=5,
                    see="dagnosis-forecast",
                ),
                Panel(
                    "Strange datasets",
                    "Datasets whose last batch is above its limit.",
                    (
                        (
                            f'count(dagnosis_dataset_strangeness_ratio{{{J},dataset!="other"}} > 1)',
                            "",
                        ),
                    ),
                    "stat",
                    warns=1,
                    width=4,
                    height=5,
                    see="dagnosis-data",
                ),
                Panel(
                    "Watch: last success",
                    "Time since a poll of Airflow succeeded. Above some minutes new failures are not seen.",
                    (
                        (
                            f'time() - max(dagnosis_last_success_timestamp_seconds{{{J},activity="watch"}})',
                            "",
                        ),
                    ),
                    "stat",
                    "s",
                    300,
                    900,
                    width=4,
                    height=5,
                    see="dagnosis-health",
                ),
            ),
        ),
        Row(
            "Trends",
            (
                Panel(
                    "Failures by cause",
                    "Recorded failures an hour, by family of cause. A new colour is a new kind of trouble.",
                    (
                        (
                            f"sum by (cause) (increase(dagnosis_failures_total{{{J}}}[1h])) > 0",
                            "{{cause}}",
                        ),
                    ),
                    "stack",
                    width=12,
                    height=9,
                    see="dagnosis-incidents",
                ),
                Panel(
                    "Failures by what they stopped",
                    "retried: Airflow tries again; failed: the last try; blocking: other tasks could not run.",
                    (
                        (
                            f"sum by (severity) (increase(dagnosis_failures_total{{{J}}}[1h]))",
                            "{{severity}}",
                        ),
                    ),
                    "stack",
                    width=12,
                    height=9,
                ),
                Panel(
                    "Predicted risk",
                    "Runs by band of risk, as they stand.",
                    ((f"sum by (band) (dagnosis_forecast_runs{{{J}}})", "{{band}}"),),
                    "stack",
                    width=12,
                    see="dagnosis-forecast",
                ),
                Panel(
                    "Batches checked",
                    "Checks an hour by what came of them.",
                    (
                        (
                            f"sum by (status) (increase(dagnosis_checks_total{{{J}}}[1h]))",
                            "{{status}}",
                        ),
                    ),
                    "stack",
                    width=12,
                    see="dagnosis-data",
                ),
            ),
        ),
    ),
)

INCIDENTS = Board(
    "dagnosis-incidents",
    "dagnosis / Incidents",
    "What fails, how it spreads, how fast it is found, and how sure the answers are.",
    (
        Row(
            "Incidents",
            (
                Panel(
                    "By state",
                    "Incidents in the store. Acknowledged ones have somebody who looks at them.",
                    ((f"sum by (state) (dagnosis_incidents{{{J}}})", "{{state}}"),),
                    "bars",
                    width=6,
                ),
                Panel(
                    "Open, by cause",
                    "Families with open incidents, the most first.",
                    (
                        (
                            f'sort_desc(sum by (cause) (dagnosis_incidents{{{J},state="open"}}) > 0)',
                            "{{cause}}",
                        ),
                    ),
                    "bars",
                    width=9,
                ),
                Panel(
                    "Began, came back, escalated, resolved",
                    "Transitions an hour. Many that come back were resolved too early.",
                    (
                        (
                            f"sum by (transition) (increase(dagnosis_incident_transitions_total{{{J}}}[1h]))",
                            "{{transition}}",
                        ),
                    ),
                    "stack",
                    width=9,
                ),
            ),
        ),
        Row(
            "Failures",
            (
                Panel(
                    "Failures by cause, over the range",
                    "Families of cause within the time that is shown.",
                    (
                        (
                            f"sort_desc(sum by (cause) (increase(dagnosis_failures_total{{{J}}}[$__range])) > 0)",
                            "{{cause}}",
                        ),
                    ),
                    "bars",
                    width=12,
                    height=9,
                ),
                Panel(
                    "DAGs that fail most",
                    "Told only with the setting metrics_dags; DAGs beyond its number are `other`.",
                    (
                        (
                            f"topk(15, sum by (dag_id) (increase(dagnosis_dag_failures_total{{{J}}}[$__range])))",
                            "{{dag_id}}",
                        ),
                    ),
                    "bars",
                    width=12,
                    height=9,
                ),
                Panel(
                    "Kinds",
                    "Failures, broken DAG files, findings about data, silent and late runs, an hour.",
                    (
                        (
                            f"sum by (kind) (increase(dagnosis_occurrences_total{{{J}}}[1h]))",
                            "{{kind}}",
                        ),
                    ),
                    "stack",
                    width=12,
                ),
                Panel(
                    "Finished tries",
                    "What the watch saw an hour, by how it ended.",
                    (
                        (
                            f"sum by (outcome) (increase(dagnosis_tries_total{{{J}}}[1h]))",
                            "{{outcome}}",
                        ),
                    ),
                    "stack",
                    width=12,
                ),
            ),
        ),
        Row(
            "How fast, how sure",
            (
                Panel(
                    "Time from failure to record",
                    "Half of the failures, and 95 of 100, are recorded within this time.",
                    (
                        (
                            f"histogram_quantile(0.5, sum by (le) (rate(dagnosis_detection_delay_seconds_bucket{{{J}}}[1h])))",
                            "half",
                        ),
                        (
                            f"histogram_quantile(0.95, sum by (le) (rate(dagnosis_detection_delay_seconds_bucket{{{J}}}[1h])))",
                            "95 %",
                        ),
                    ),
                    unit="s",
                ),
                Panel(
                    "Confidence of answers",
                    "Diagnoses by confidence, over time.",
                    (
                        (
                            f"sum by (le) (increase(dagnosis_diagnosis_confidence_ratio_bucket{{{J}}}[{R}]))",
                            "{{le}}",
                        ),
                    ),
                    "heat",
                ),
                Panel(
                    "Unknown causes",
                    "Part of the diagnoses that could not name a cause, in six hours.",
                    (
                        (
                            f'sum(rate(dagnosis_diagnoses_total{{{J},cause="unknown"}}[6h])) / sum(rate(dagnosis_diagnoses_total{{{J}}}[6h]))',
                            "unknown",
                        ),
                    ),
                    unit="percentunit",
                    warns=0.3,
                    most=1,
                ),
            ),
        ),
    ),
)

D = 'dataset=~"$dataset"'
DATA = Board(
    "dagnosis-data",
    "dagnosis / Data",
    "Which batches are unlike their past, and whether every dataset is still checked.",
    (
        Row(
            "Findings",
            (
                Panel(
                    "Strangeness of the last batch",
                    "Score over limit: above 1 is an alarm. Datasets beyond the cap share `other`.",
                    (
                        (
                            f"sort_desc(max by (dataset) (dagnosis_dataset_strangeness_ratio{{{J},{D}}}))",
                            "{{dataset}}",
                        ),
                    ),
                    "bars",
                    warns=0.8,
                    alarms=1,
                    width=12,
                    height=10,
                ),
                Panel(
                    "Strangeness over time",
                    "As left, over time.",
                    (
                        (
                            f"max by (dataset) (dagnosis_dataset_strangeness_ratio{{{J},{D}}})",
                            "{{dataset}}",
                        ),
                    ),
                    alarms=1,
                    width=12,
                    height=10,
                ),
                Panel(
                    "Alarms",
                    "Batches that were alarms, over the time that is shown.",
                    (
                        (
                            f'sort_desc(sum by (dataset) (increase(dagnosis_checks_total{{{J},{D},status="alarm"}}[$__range])))',
                            "{{dataset}}",
                        ),
                    ),
                    "bars",
                    width=8,
                ),
                Panel(
                    "Rows",
                    "Rows of the batch that was checked last.",
                    ((f"max by (dataset) (dagnosis_dataset_rows{{{J},{D}}})", "{{dataset}}"),),
                    width=8,
                ),
                Panel(
                    "Time since the last check",
                    "Datasets whose check was longest ago.",
                    (
                        (
                            f"topk(15, time() - max by (dataset) (dagnosis_dataset_checked_timestamp_seconds{{{J},{D}}}))",
                            "{{dataset}}",
                        ),
                    ),
                    "bars",
                    "s",
                    36 * 3600.0,
                    72 * 3600.0,
                    width=8,
                ),
            ),
        ),
        Row(
            "Checks",
            (
                Panel(
                    "Checks by outcome",
                    "An hour. learning: the past is too short for a judgement; error: the batch could not be read.",
                    (
                        (
                            f"sum by (status) (increase(dagnosis_checks_total{{{J},{D}}}[1h]))",
                            "{{status}}",
                        ),
                    ),
                    "stack",
                    width=12,
                ),
                Panel(
                    "Duration of a check",
                    "Half of the checks, and 95 of 100, take less.",
                    (
                        (
                            f"histogram_quantile(0.5, sum by (le) (rate(dagnosis_check_duration_seconds_bucket{{{J}}}[1h])))",
                            "half",
                        ),
                        (
                            f"histogram_quantile(0.95, sum by (le) (rate(dagnosis_check_duration_seconds_bucket{{{J}}}[1h])))",
                            "95 %",
                        ),
                    ),
                    unit="s",
                    width=12,
                ),
            ),
        ),
    ),
    variables=(
        ("dataset", f"label_values(dagnosis_dataset_checked_timestamp_seconds{{{J}}}, dataset)"),
    ),
    since="now-7d",
)

FORECAST = Board(
    "dagnosis-forecast",
    "dagnosis / Forecast",
    "What risks were predicted, and how far they are from what came.",
    (
        Row(
            "Risk",
            (
                Panel(
                    "Runs by risk",
                    "Open and next runs, as they stand; high is where alerts begin.",
                    ((f"sum by (band) (dagnosis_forecast_runs{{{J}}})", "{{band}}"),),
                    "stack",
                ),
                Panel(
                    "Predicted risks",
                    "How many runs were given which risk, over time.",
                    (
                        (
                            f"sum by (le) (increase(dagnosis_forecast_risk_ratio_bucket{{{J}}}[{R}]))",
                            "{{le}}",
                        ),
                    ),
                    "heat",
                    width=16,
                ),
            ),
        ),
        Row(
            "Calibration, seven days",
            (
                Panel(
                    "Predicted against observed",
                    "Of the runs in each bin of risk: the mean risk and the part that failed. Equal bars are right; the bin is its upper edge.",
                    (
                        (
                            f"sum by (bin) (increase(dagnosis_forecast_expected_failures_total{{{J}}}[7d])) / (sum by (bin) (increase(dagnosis_forecast_scored_total{{{J}}}[7d])) > 0)",
                            "{{bin}} predicted",
                        ),
                        (
                            f"sum by (bin) (increase(dagnosis_forecast_observed_failures_total{{{J}}}[7d])) / (sum by (bin) (increase(dagnosis_forecast_scored_total{{{J}}}[7d])) > 0)",
                            "{{bin}} observed",
                        ),
                    ),
                    "bars",
                    "percentunit",
                    width=12,
                    height=12,
                    most=1,
                ),
                Panel(
                    "Calibration error",
                    "How far predicted risks are from what came, weighted by runs: 2 % is good.",
                    (
                        (
                            "job:dagnosis_forecast_calibration_error:ratio_increase7d{" + J + "}",
                            "{{job}}",
                        ),
                    ),
                    unit="percentunit",
                    warns=0.05,
                    alarms=0.1,
                    width=6,
                    height=12,
                ),
                Panel(
                    "Brier score",
                    "Mean squared error of the risks. Compare it with itself: it falls where few runs fail.",
                    (("job:dagnosis_forecast_brier:ratio_increase7d{" + J + "}", "{{job}}"),),
                    width=6,
                    height=12,
                ),
                Panel(
                    "Runs scored",
                    "Predicted runs whose outcome came, by bin, a day.",
                    (
                        (
                            f"sum by (bin) (increase(dagnosis_forecast_scored_total{{{J}}}[1d]))",
                            "{{bin}}",
                        ),
                    ),
                    "stack",
                    width=WIDE,
                ),
            ),
        ),
        Row(
            "Models",
            (
                Panel(
                    "Age",
                    "Time since the models in use were trained.",
                    (
                        (
                            f"time() - max by (model) (dagnosis_model_trained_timestamp_seconds{{{J}}})",
                            "{{model}}",
                        ),
                    ),
                    "bars",
                    "s",
                    90 * 86400.0,
                    180 * 86400.0,
                    width=8,
                ),
                Panel(
                    "In use",
                    "Name, version, and whether it is shipped or was promoted here.",
                    ((f"dagnosis_model_info{{{J}}}", ""),),
                    "table",
                    width=8,
                ),
                Panel(
                    "Retrainings",
                    "promoted: the new model won; kept: the old one stays.",
                    (
                        (
                            f"sum by (outcome) (increase(dagnosis_retrainings_total{{{J}}}[$__range]))",
                            "{{outcome}}",
                        ),
                    ),
                    "bars",
                    width=8,
                ),
            ),
        ),
    ),
    since="now-7d",
)

HEALTH = Board(
    "dagnosis-health",
    "dagnosis / Health of dagnosis",
    "Is it running, how far is it behind, what does it cost?",
    (
        Row(
            "Alive",
            (
                Panel(
                    "Last success",
                    "Time since each activity last succeeded.",
                    (
                        (
                            f"time() - max by (activity) (dagnosis_last_success_timestamp_seconds{{{J}}})",
                            "{{activity}}",
                        ),
                    ),
                    "bars",
                    "s",
                ),
                Panel(
                    "Activities that failed",
                    "An hour. The log of the process says why.",
                    (
                        (
                            f"sum by (activity) (increase(dagnosis_activity_failures_total{{{J}}}[1h]))",
                            "{{activity}}",
                        ),
                    ),
                    "stack",
                ),
                Panel(
                    "Version",
                    "Of every process that is scraped.",
                    ((f"dagnosis_build_info{{{J}}}", ""),),
                    "table",
                ),
            ),
        ),
        Row(
            "Watch",
            (
                Panel(
                    "Lag",
                    "How far the watch is behind its source. It should fall back to seconds after each poll.",
                    ((f"max by (source) (dagnosis_watch_lag_seconds{{{J}}})", "{{source}}"),),
                    unit="s",
                    warns=300,
                    alarms=600,
                ),
                Panel(
                    "Polls",
                    "A minute, by how they ended.",
                    (
                        (
                            f"sum by (source, outcome) (rate(dagnosis_watch_polls_total{{{J}}}[{R}])) * 60",
                            "{{source}} {{outcome}}",
                        ),
                    ),
                    "stack",
                ),
                Panel(
                    "Duration of a poll",
                    "95 of 100 take less. Above the time between two polls the lag grows.",
                    (
                        (
                            f"histogram_quantile(0.95, sum by (le) (rate(dagnosis_watch_poll_duration_seconds_bucket{{{J}}}[1h])))",
                            "95 %",
                        ),
                    ),
                    unit="s",
                ),
                Panel(
                    "Spool",
                    "Hints of workers that wait, and those that were dropped in an hour.",
                    (
                        (f"sum(dagnosis_spool_entries{{{J}}})", "waiting"),
                        (f"sum(increase(dagnosis_spool_dropped_total{{{J}}}[1h]))", "dropped"),
                    ),
                    width=8,
                ),
                Panel(
                    "Size of the spool",
                    "On disk.",
                    ((f"sum(dagnosis_spool_bytes{{{J}}})", "size"),),
                    unit="bytes",
                    width=8,
                ),
                Panel(
                    "Notifications",
                    "An hour, by notifier and outcome.",
                    (
                        (
                            f"sum by (notifier, outcome) (increase(dagnosis_notifications_total{{{J}}}[1h]))",
                            "{{notifier}} {{outcome}}",
                        ),
                    ),
                    "stack",
                    width=8,
                ),
            ),
        ),
        Row(
            "Diagnosing",
            (
                Panel(
                    "Time of a diagnosis",
                    "95 of 100 take less, by the engine that answered.",
                    (
                        (
                            f"histogram_quantile(0.95, sum by (engine, le) (rate(dagnosis_diagnosis_duration_seconds_bucket{{{J}}}[1h])))",
                            "{{engine}}",
                        ),
                    ),
                    unit="s",
                ),
                Panel(
                    "Diagnoses by engine",
                    "An hour.",
                    (
                        (
                            f"sum by (engine) (increase(dagnosis_diagnoses_total{{{J}}}[1h]))",
                            "{{engine}}",
                        ),
                    ),
                    "stack",
                ),
                Panel(
                    "Feedback",
                    "Answers that users confirmed or corrected, over the time that is shown.",
                    (
                        (
                            f"sum by (verdict) (increase(dagnosis_feedback_total{{{J}}}[$__range]))",
                            "{{verdict}}",
                        ),
                    ),
                    "bars",
                ),
            ),
        ),
        Row(
            "Language model",
            (
                Panel(
                    "Calls",
                    "An hour: its answer won, the local one stood, an earlier one was kept, the budget refused, it failed.",
                    (
                        (
                            f"sum by (outcome) (increase(dagnosis_llm_calls_total{{{J}}}[1h]))",
                            "{{outcome}}",
                        ),
                    ),
                    "stack",
                    width=6,
                ),
                Panel(
                    "Tokens",
                    "An hour, sent and answered.",
                    ((f"sum(increase(dagnosis_llm_tokens_total{{{J}}}[1h]))", "tokens"),),
                    width=6,
                ),
                Panel(
                    "Cost",
                    "A day, in the currency of the settings' prices.",
                    ((f"sum(increase(dagnosis_llm_cost_total{{{J}}}[1d]))", "cost"),),
                    width=6,
                ),
                Panel(
                    "Budget of today",
                    "Part that is spent.",
                    ((f"max by (budget) (dagnosis_llm_budget_used_ratio{{{J}}})", "{{budget}}"),),
                    "bars",
                    "percentunit",
                    0.7,
                    0.9,
                    width=6,
                    most=1,
                ),
            ),
        ),
        Row(
            "Process",
            (
                Panel(
                    "Requests",
                    "A second, by class of status.",
                    (
                        (
                            f"sum by (code) (rate(dagnosis_http_requests_total{{{J}}}[{R}]))",
                            "{{code}}",
                        ),
                    ),
                    "stack",
                    "reqps",
                    width=6,
                ),
                Panel(
                    "Time of a request",
                    "95 of 100 take less.",
                    (
                        (
                            f"histogram_quantile(0.95, sum by (le) (rate(dagnosis_http_request_duration_seconds_bucket{{{J}}}[{R}])))",
                            "95 %",
                        ),
                    ),
                    unit="s",
                    width=6,
                ),
                Panel(
                    "Memory",
                    "Resident, of each process.",
                    ((f"process_resident_memory_bytes{{{J}}}", "{{instance}}"),),
                    unit="bytes",
                    width=6,
                ),
                Panel(
                    "Processor",
                    "Part of one processor, of each process.",
                    ((f"rate(process_cpu_seconds_total{{{J}}}[{R}])", "{{instance}}"),),
                    unit="percentunit",
                    width=6,
                ),
                Panel(
                    "Occurrences kept",
                    "In the store; it falls where old ones are cleaned.",
                    ((f"sum(dagnosis_stored_occurrences{{{J}}})", "kept"),),
                    width=12,
                ),
                Panel(
                    "Names beyond the caps",
                    "Values counted under `other`, an hour, by label.",
                    (
                        (
                            f"sum by (label) (increase(dagnosis_label_overflows_total{{{J}}}[1h]))",
                            "{{label}}",
                        ),
                    ),
                    "stack",
                    width=12,
                ),
            ),
        ),
    ),
)

BOARDS = (OVERVIEW, INCIDENTS, DATA, FORECAST, HEALTH)
