"""Settings: defaults < dagnosis.toml < DAGNOSIS_* variables < flags, and where each came from.

msgspec rather than pydantic-settings: reading settings must not cost a command 150 ms.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from dagnosis.errors import WrongUse

PREFIX = "DAGNOSIS_"
FILE = "dagnosis.toml"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings; `DESCRIPTIONS` has one sentence and the unit of each."""

    evidence_lines: Annotated[int, msgspec.Meta(ge=1, le=50)] = 5
    whole_bytes: int = 4 << 20
    tail_bytes: int = 1 << 20
    max_unpacked_bytes: int = 64 << 30
    colour: Literal["auto", "always", "never"] = "auto"
    models_dir: str = ""
    store: str = ""
    llm_when: Literal["never", "unsure", "always"] = "never"
    llm_provider: Literal["", "openai-compatible", "openai", "anthropic"] = ""
    llm_model: str = ""
    llm_base_url: str = ""
    llm_api_key_env: str = ""
    llm_unsure_below: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.6
    llm_timeout_seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 20.0
    llm_window_characters: Annotated[int, msgspec.Meta(ge=500, le=100_000)] = 8000
    llm_answer_tokens: Annotated[int, msgspec.Meta(ge=50, le=32_000)] = 1200
    llm_max_calls: Annotated[int, msgspec.Meta(ge=0)] = 50
    llm_max_calls_per_day: Annotated[int, msgspec.Meta(ge=0)] = 200
    llm_max_tokens_per_day: Annotated[int, msgspec.Meta(ge=0)] = 1_000_000
    llm_max_seconds_per_day: Annotated[float, msgspec.Meta(ge=0)] = 3600.0
    llm_max_cost_per_day: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    llm_price_input: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    llm_price_output: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    profiles: str = ""
    false_alarms: Annotated[float, msgspec.Meta(gt=0, le=30)] = 0.25
    serve_host: str = "127.0.0.1"
    serve_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8642
    serve_names: str = ""
    serve_auth: Literal["auto", "always"] = "auto"
    serve_rate: Annotated[float, msgspec.Meta(gt=0)] = 50.0
    tokens: str = ""
    runs: str = ""
    metrics_dags: Annotated[int, msgspec.Meta(ge=0, le=400)] = 0
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0

    watch_interval_seconds: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 5.0
    watch_since_hours: Annotated[float, msgspec.Meta(gt=0, le=8760)] = 24.0
    watch_expire_days: Annotated[int, msgspec.Meta(ge=0, le=3650)] = 45

    airflow_url: str = ""
    airflow_user: str = ""
    airflow_password_env: str = ""
    airflow_token_env: str = ""
    airflow_database: str = ""
    airflow_logs: str = ""
    airflow_log_template: str = ""
    airflow_history_source: str = ""
    airflow_log_source: str = ""
    airflow_timeout_seconds: Annotated[float, msgspec.Meta(gt=0, le=600)] = 30.0
    airflow_patience_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 30.0
    notify_incident_url: str = ""
    notify_airflow_url: str = ""
    notify_most_an_hour: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 30
    notify_allow: str = ""
    notify_webhook_url: str = ""
    notify_webhook_secret_env: str = ""
    notify_slack_url_env: str = ""
    notify_mail_to: str = ""
    notify_mail_from: str = ""
    notify_mail_host: str = ""
    notify_mail_port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 587
    notify_mail_tls: Literal["starttls", "tls", "none"] = "starttls"
    notify_mail_user: str = ""
    notify_mail_password_env: str = ""
    notify_alertmanager_url: str = ""
    notify_alertmanager_token_env: str = ""

    spool: str = ""

    @property
    def spool_folder(self) -> Path:
        """Where hints of Airflow's processes lie."""
        from dagnosis.spool import default_folder

        return Path(self.spool).expanduser() if self.spool else default_folder()

    @property
    def runs_place(self) -> Path:
        """Where the history of runs is kept: a Parquet file."""
        return Path(self.runs).expanduser() if self.runs else _data() / "runs.parquet"

    @property
    def profiles_place(self) -> str:
        """Where the profiles of batches are kept: a path or a URL."""
        return self.profiles or str(_data() / "profiles.db")

    @property
    def tokens_file(self) -> Path:
        """Where the hashes of tokens are kept."""
        return Path(self.tokens).expanduser() if self.tokens else _data() / "tokens.json"

    @property
    def models_folder(self) -> Path:
        """Where retrained models live."""
        return Path(self.models_dir).expanduser() if self.models_dir else _data() / "models"

    @property
    def store_place(self) -> str:
        """Where diagnoses and feedback are kept: a path or a URL."""
        return self.store or str(_data() / "store.db")


DESCRIPTIONS: dict[str, str] = {
    "evidence_lines": "Lines quoted in an answer (lines, 1 to 50).",
    "whole_bytes": "Logs up to this size are kept whole (bytes).",
    "tail_bytes": "Of a larger log, so much of its end is kept (bytes).",
    "max_unpacked_bytes": "A compressed log that unpacks to more is refused (bytes).",
    "colour": "Colour in the terminal: auto, always or never.",
    "models_dir": "Folder of retrained models; empty: `models` in the user's data folder.",
    "store": "Diagnoses and feedback: a SQLite file or postgresql://…; empty: `store.db` in the user's data folder.",
    "llm_when": "When a language model is asked: never, unsure (where the local answer is) or always.",
    "llm_provider": "Where the language model is: openai-compatible (vLLM, Ollama), openai or anthropic.",
    "llm_model": "The model's name, as its provider knows it.",
    "llm_base_url": "Address of the provider's API, with /v1 for what is openai-compatible.",
    "llm_api_key_env": "Name of the variable that holds the key (default OPENAI_API_KEY or ANTHROPIC_API_KEY).",
    "llm_unsure_below": "Confidence below which the local answer is unsure (0 to 1).",
    "llm_timeout_seconds": "A language model that takes longer is not waited for (seconds).",
    "llm_window_characters": "So much of a log is sent at most (characters).",
    "llm_answer_tokens": "Length of an answer at most (tokens).",
    "llm_max_calls": "Calls that one process may make.",
    "llm_max_calls_per_day": "Calls a day, over all processes of this user.",
    "llm_max_tokens_per_day": "Tokens a day, sent and answered.",
    "llm_max_seconds_per_day": "Time spent on calls a day (seconds).",
    "llm_max_cost_per_day": "Money a day, in the currency of the prices; 0 for no limit.",
    "llm_price_input": "Price of a million tokens sent.",
    "llm_price_output": "Price of a million tokens answered.",
    "profiles": "Profiles of batches: a SQLite file or a URL; empty: `profiles.db` in the user's data folder.",
    "false_alarms": "False alarms accepted of one table (a month, above 0, up to 30).",
    "serve_host": "Address that the pages are served on; others than this machine's need a token.",
    "serve_port": "Port that the pages are served on (0: any that is free).",
    "serve_names": "Host names that the server is known by beside its own, as behind a proxy; commas between.",
    "serve_auth": "auto: no token is asked for on this machine alone; always: everybody shows one.",
    "serve_rate": "Requests of one client (a second; eight times as many at once).",
    "tokens": "Hashes of tokens for the pages and the API: a file; empty: `tokens.json` in the user's data folder.",
    "watch_interval_seconds": "Between two looks of a watch while things happen (seconds); idle, 50 s.",
    "watch_since_hours": "How far back the first look of a watch goes (hours).",
    "watch_expire_days": "Days without a failure after which an open incident is resolved by itself, since its task may never run again; 0 for never.",
    "runs": "History of runs that forecasts learn from, a Parquet file; empty: `runs.parquet` in the user's data folder.",
    "airflow_url": "Address of Airflow's API server (3.x) or webserver (2.10, 2.11), such as http://airflow:8080.",
    "airflow_user": "User of Airflow who may read DAGs, runs and logs.",
    "airflow_password_env": "Name of the variable that holds the user's password.",
    "airflow_token_env": "Name of the variable that holds a token, instead of user and password.",
    "airflow_database": "URL of Airflow's metadata database (PostgreSQL, MySQL, SQLite); it is only read.",
    "airflow_logs": "Logs of tasks: a folder, or s3://…, gs://…, az://…; empty: through airflow_url.",
    "airflow_log_template": "Airflow's log_filename_template, where it was changed; empty: Airflow's own.",
    "airflow_history_source": "Where runs come from: airflow_api, airflow_db or an installed one; empty: by what is set.",
    "airflow_log_source": "Where logs come from: airflow_api, log_files, object_store or an installed one; empty: by what is set.",
    "airflow_timeout_seconds": "An Airflow that sends nothing for so long is taken not to answer (seconds).",
    "airflow_patience_seconds": "For so long a request that failed is tried again (seconds).",
    "spool": "Folder of the hints that Airflow's processes leave; empty: `dagnosis/spool` in Airflow's home.",
    "metrics_host": "Address at which `watch` tells metrics; there is no token there, so keep others off it.",
    "metrics_port": "Port at which `watch` tells metrics; 0 for none.",
    "metrics_dags": "DAGs that metrics tell apart, others are `other` (0 for none, up to 400).",
    "notify_incident_url": "Address of dagnosis's pages as people reach them, for links in notifications.",
    "notify_airflow_url": "Address of Airflow's pages as people reach them, for links; empty: airflow_url.",
    "notify_most_an_hour": "Notifications an hour for each notifier; one more says that the rest is held back.",
    "notify_allow": "Hosts and networks that are not public and may be notified (names and 10.0.0.0/8, commas between).",
    "notify_webhook_url": "Address that notifications are posted to as JSON; empty: none.",
    "notify_webhook_secret_env": "Name of the variable that holds the secret which signs the webhook.",
    "notify_slack_url_env": "Name of the variable that holds the address of Slack's incoming webhook; empty: none.",
    "notify_mail_to": "Who gets notifications by e-mail (addresses with commas between); empty: nobody.",
    "notify_mail_from": "Sender of e-mails (an address).",
    "notify_mail_host": "The SMTP server for e-mails.",
    "notify_mail_port": "Port of the SMTP server (587 with starttls, 465 with tls).",
    "notify_mail_tls": "How e-mail is encrypted: starttls, tls (from the first byte) or none.",
    "notify_mail_user": "User name at the SMTP server; empty: no login.",
    "notify_mail_password_env": "Name of the variable that holds the password at the SMTP server.",
    "notify_alertmanager_url": "Address of a Prometheus Alertmanager; empty: none.",
    "notify_alertmanager_token_env": "Name of the variable that holds a bearer token for Alertmanager.",
}


class Loaded(msgspec.Struct, frozen=True):
    """Settings with the origin of each value: `default`, the file's name, or the variable's."""

    settings: Settings
    origins: dict[str, str]


def load(flags: dict[str, Any] | None = None, file: Path | None = None) -> Loaded:
    """Read settings. Raises `WrongUse` that names the file or variable and the key."""
    values: dict[str, Any] = {}
    origins = dict.fromkeys(Settings.__struct_fields__, "default")
    path = file or Path(os.environ.get(PREFIX + "CONFIG", FILE))
    if path.is_file():
        _merge(values, origins, _read(path), str(path))
    elif file is not None:
        raise WrongUse(f"{file}: no such settings file")
    for key in Settings.__struct_fields__:
        raw = os.environ.get(PREFIX + key.upper())
        if raw is not None:
            _merge(values, origins, {key: raw}, PREFIX + key.upper())
    _merge(values, origins, {k: v for k, v in (flags or {}).items() if v is not None}, "flag")
    settings = msgspec.convert(values, Settings, strict=False)
    return Loaded(settings, origins)


def _data() -> Path:
    import platformdirs

    return platformdirs.user_data_path("dagnosis")


def _read(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return dict(_flat(tomllib.loads(path.read_text("utf-8"))))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongUse(f"{path}: not valid TOML ({error})") from None


def _flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """`model` of the table `[llm]` is the setting `llm_model`."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}_")
        else:
            yield prefix + key, value


def _merge(
    values: dict[str, Any], origins: dict[str, str], new: dict[str, Any], origin: str
) -> None:
    for key, value in new.items():
        if key not in DESCRIPTIONS:
            raise WrongUse(
                f"{origin}: unknown setting {key!r}; known are {', '.join(DESCRIPTIONS)}"
            )
        try:
            msgspec.convert({key: value}, Settings, strict=False)
        except msgspec.ValidationError as error:
            raise WrongUse(f"{origin}: {key}: {error}") from None
        values[key] = value
        origins[key] = origin
