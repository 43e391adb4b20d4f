CREATE TABLE asset (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
  name VARCHAR(1500) NOT NULL, 
  uri VARCHAR(1500) NOT NULL, 
  "group" VARCHAR(1500) NOT NULL, 
  extra JSON NOT NULL, 
  created_at TIMESTAMP NOT NULL, 
  updated_at TIMESTAMP NOT NULL
);

CREATE TABLE asset_event (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
  asset_id INTEGER NOT NULL, 
  extra JSON NOT NULL, 
  source_task_id VARCHAR(250), 
  source_dag_id VARCHAR(250), 
  source_run_id VARCHAR(250), 
  source_map_index INTEGER DEFAULT '-1', 
  timestamp TIMESTAMP NOT NULL, 
  partition_key VARCHAR(250)
);

CREATE TABLE dag (
  dag_id VARCHAR(250) NOT NULL, 
  is_paused BOOLEAN NOT NULL, 
  is_stale BOOLEAN NOT NULL, 
  exceeds_max_non_backfill BOOLEAN DEFAULT '0' NOT NULL, 
  last_parsed_time TIMESTAMP, 
  last_parse_duration FLOAT, 
  last_expired TIMESTAMP, 
  fileloc VARCHAR(2000), 
  relative_fileloc VARCHAR(2000), 
  bundle_name VARCHAR(250) NOT NULL, 
  bundle_version VARCHAR(200), 
  owners VARCHAR(2000), 
  dag_display_name VARCHAR(2000), 
  description TEXT, 
  timetable_type VARCHAR(255) NOT NULL, 
  timetable_summary TEXT, 
  timetable_description VARCHAR(1000), 
  timetable_partitioned BOOLEAN DEFAULT '0' NOT NULL, 
  timetable_periodic BOOLEAN DEFAULT '0' NOT NULL, 
  partition_mapper_info JSON NOT NULL, 
  asset_expression JSON, 
  deadline JSON, 
  max_active_tasks INTEGER NOT NULL, 
  max_active_runs INTEGER, 
  max_consecutive_failed_dag_runs INTEGER NOT NULL, 
  has_task_concurrency_limits BOOLEAN NOT NULL, 
  has_import_errors BOOLEAN DEFAULT '0', 
  fail_fast BOOLEAN DEFAULT '0' NOT NULL, 
  allowed_run_types JSON, 
  next_dagrun TIMESTAMP, 
  next_dagrun_data_interval_start TIMESTAMP, 
  next_dagrun_data_interval_end TIMESTAMP, 
  next_dagrun_partition_key VARCHAR(255), 
  next_dagrun_partition_date TIMESTAMP, 
  next_dagrun_create_after TIMESTAMP, 
  CONSTRAINT dag_pkey PRIMARY KEY (dag_id), 
  CONSTRAINT dag_bundle_name_fkey FOREIGN KEY(bundle_name) REFERENCES dag_bundle (name)
);

CREATE TABLE dag_code (
  id CHAR(32) NOT NULL, 
  dag_id VARCHAR(250) NOT NULL, 
  fileloc VARCHAR(2000) NOT NULL, 
  created_at TIMESTAMP NOT NULL, 
  last_updated TIMESTAMP NOT NULL, 
  source_code TEXT NOT NULL, 
  source_code_hash VARCHAR(32) NOT NULL, 
  dag_version_id CHAR(32) NOT NULL, 
  CONSTRAINT dag_code_pkey PRIMARY KEY (id), 
  CONSTRAINT dag_code_dag_version_id_uq UNIQUE (dag_version_id), 
  CONSTRAINT dag_code_dag_version_id_fkey FOREIGN KEY(dag_version_id) REFERENCES dag_version (id) ON DELETE CASCADE
);

CREATE TABLE dag_run (
  id INTEGER NOT NULL, 
  dag_id VARCHAR(250) NOT NULL, 
  queued_at TIMESTAMP, 
  logical_date TIMESTAMP, 
  start_date TIMESTAMP, 
  end_date TIMESTAMP, 
  state VARCHAR(50), 
  run_id VARCHAR(250) NOT NULL, 
  creating_job_id INTEGER, 
  run_type VARCHAR(50) NOT NULL, 
  triggered_by VARCHAR(50), 
  triggering_user_name VARCHAR(512), 
  conf JSON, 
  data_interval_start TIMESTAMP, 
  data_interval_end TIMESTAMP, 
  run_after TIMESTAMP NOT NULL, 
  last_scheduling_decision TIMESTAMP, 
  log_template_id INTEGER, 
  created_at TIMESTAMP, 
  updated_at TIMESTAMP, 
  clear_number INTEGER DEFAULT '0' NOT NULL, 
  backfill_id INTEGER, 
  bundle_version VARCHAR(250), 
  scheduled_by_job_id INTEGER, 
  context_carrier JSON, 
  span_status VARCHAR(250) DEFAULT 'not_started' NOT NULL, 
  created_dag_version_id CHAR(32), 
  partition_key VARCHAR(250), 
  partition_date TIMESTAMP, 
  CONSTRAINT dag_run_pkey PRIMARY KEY (id), 
  CONSTRAINT dag_run_dag_id_run_id_key UNIQUE (dag_id, run_id), 
  CONSTRAINT dag_run_dag_id_logical_date_key UNIQUE (dag_id, logical_date), 
  CONSTRAINT task_instance_log_template_id_fkey FOREIGN KEY(log_template_id) REFERENCES log_template (id) ON DELETE NO ACTION, 
  CONSTRAINT dag_run_backfill_id_fkey FOREIGN KEY(backfill_id) REFERENCES backfill (id), 
  CONSTRAINT created_dag_version_id_fkey FOREIGN KEY(created_dag_version_id) REFERENCES dag_version (id) ON DELETE set null
);

CREATE TABLE dag_version (
  id CHAR(32) NOT NULL, 
  version_number INTEGER NOT NULL, 
  dag_id VARCHAR(250) NOT NULL, 
  bundle_name VARCHAR(250), 
  bundle_version VARCHAR(250), 
  version_data JSON, 
  created_at TIMESTAMP NOT NULL, 
  last_updated TIMESTAMP NOT NULL, 
  CONSTRAINT dag_version_pkey PRIMARY KEY (id), 
  CONSTRAINT dag_id_v_name_v_number_unique_constraint UNIQUE (dag_id, version_number), 
  CONSTRAINT dag_version_dag_id_fkey FOREIGN KEY(dag_id) REFERENCES dag (dag_id) ON DELETE CASCADE
);

CREATE TABLE import_error (
  id INTEGER NOT NULL, 
  timestamp TIMESTAMP, 
  filename VARCHAR(1024), 
  bundle_name VARCHAR(250), 
  stacktrace TEXT, 
  CONSTRAINT import_error_pkey PRIMARY KEY (id)
);

CREATE TABLE log (
  id INTEGER NOT NULL, 
  dttm TIMESTAMP, 
  dag_id VARCHAR(250), 
  task_id VARCHAR(250), 
  map_index INTEGER, 
  event VARCHAR(60) NOT NULL, 
  logical_date TIMESTAMP, 
  run_id VARCHAR(250), 
  owner VARCHAR(500), 
  owner_display_name VARCHAR(500), 
  extra TEXT, 
  try_number INTEGER, 
  CONSTRAINT log_pkey PRIMARY KEY (id)
);

CREATE TABLE task_instance (
  id CHAR(32) NOT NULL, 
  task_id VARCHAR(250) NOT NULL, 
  dag_id VARCHAR(250) NOT NULL, 
  run_id VARCHAR(250) NOT NULL, 
  map_index INTEGER DEFAULT '-1' NOT NULL, 
  start_date TIMESTAMP, 
  end_date TIMESTAMP, 
  duration FLOAT, 
  state VARCHAR(20), 
  try_number INTEGER NOT NULL, 
  max_tries INTEGER DEFAULT '-1' NOT NULL, 
  hostname VARCHAR(1000), 
  unixname VARCHAR(1000), 
  pool VARCHAR(256) NOT NULL, 
  pool_slots INTEGER NOT NULL, 
  queue VARCHAR(256), 
  priority_weight INTEGER, 
  operator VARCHAR(1000), 
  custom_operator_name VARCHAR(1000), 
  queued_dttm TIMESTAMP, 
  scheduled_dttm TIMESTAMP, 
  queued_by_job_id INTEGER, 
  last_heartbeat_at TIMESTAMP, 
  pid INTEGER, 
  executor VARCHAR(1000), 
  executor_config BLOB, 
  updated_at TIMESTAMP, 
  rendered_map_index VARCHAR(250), 
  context_carrier JSON, 
  span_status VARCHAR(250) DEFAULT 'not_started' NOT NULL, 
  external_executor_id TEXT, 
  trigger_id INTEGER, 
  trigger_timeout TIMESTAMP, 
  next_method VARCHAR(1000), 
  next_kwargs JSON, 
  task_display_name VARCHAR(2000), 
  dag_version_id CHAR(32), 
  retry_delay_override FLOAT, 
  retry_reason VARCHAR(500), 
  CONSTRAINT task_instance_pkey PRIMARY KEY (id), 
  CONSTRAINT task_instance_composite_key UNIQUE (dag_id, task_id, run_id, map_index), 
  CONSTRAINT task_instance_trigger_id_fkey FOREIGN KEY(trigger_id) REFERENCES "trigger" (id) ON DELETE CASCADE, 
  CONSTRAINT task_instance_dag_run_fkey FOREIGN KEY(dag_id, run_id) REFERENCES dag_run (dag_id, run_id) ON DELETE CASCADE, 
  CONSTRAINT task_instance_dag_version_id_fkey FOREIGN KEY(dag_version_id) REFERENCES dag_version (id) ON DELETE RESTRICT
);

CREATE TABLE task_instance_history (
  task_instance_id CHAR(32) NOT NULL, 
  task_id VARCHAR(250) NOT NULL, 
  dag_id VARCHAR(250) NOT NULL, 
  run_id VARCHAR(250) NOT NULL, 
  map_index INTEGER DEFAULT '-1' NOT NULL, 
  try_number INTEGER NOT NULL, 
  start_date TIMESTAMP, 
  end_date TIMESTAMP, 
  duration FLOAT, 
  state VARCHAR(20), 
  max_tries INTEGER DEFAULT '-1', 
  hostname VARCHAR(1000), 
  unixname VARCHAR(1000), 
  pool VARCHAR(256) NOT NULL, 
  pool_slots INTEGER NOT NULL, 
  queue VARCHAR(256), 
  priority_weight INTEGER, 
  operator VARCHAR(1000), 
  custom_operator_name VARCHAR(1000), 
  queued_dttm TIMESTAMP, 
  scheduled_dttm TIMESTAMP, 
  queued_by_job_id INTEGER, 
  pid INTEGER, 
  executor VARCHAR(1000), 
  executor_config BLOB, 
  updated_at TIMESTAMP, 
  rendered_map_index VARCHAR(250), 
  context_carrier JSON, 
  span_status VARCHAR(250) DEFAULT 'not_started' NOT NULL, 
  external_executor_id TEXT, 
  trigger_id INTEGER, 
  trigger_timeout DATETIME, 
  next_method VARCHAR(1000), 
  next_kwargs JSON, 
  task_display_name VARCHAR(2000), 
  dag_version_id CHAR(32), 
  retry_delay_override FLOAT, 
  retry_reason VARCHAR(500), 
  CONSTRAINT task_instance_history_pkey PRIMARY KEY (task_instance_id), 
  CONSTRAINT task_instance_history_ti_fkey FOREIGN KEY(dag_id, task_id, run_id, map_index) REFERENCES task_instance (dag_id, task_id, run_id, map_index) ON DELETE CASCADE ON UPDATE CASCADE, 
  CONSTRAINT task_instance_history_dtrt_uq UNIQUE (dag_id, task_id, run_id, map_index, try_number)
);

CREATE INDEX dag_id_state ON dag_run (dag_id, state);

CREATE INDEX idx_asset_id_timestamp ON asset_event (asset_id, timestamp);

CREATE UNIQUE INDEX idx_asset_name_uri_unique ON asset (name, uri);

CREATE INDEX idx_dag_run_created_dag_version_id ON dag_run (created_dag_version_id);

CREATE INDEX idx_dag_run_dag_id ON dag_run (dag_id);

CREATE INDEX idx_dag_run_queued_dags ON dag_run (state, dag_id) WHERE state='queued';

CREATE INDEX idx_dag_run_run_after ON dag_run (run_after);

CREATE INDEX idx_dag_run_running_dags ON dag_run (state, dag_id) WHERE state='running';

CREATE INDEX idx_log_dttm ON log (dttm);

CREATE INDEX idx_log_event ON log (event);

CREATE INDEX idx_log_task_instance ON log (dag_id, task_id, run_id, map_index, try_number);

CREATE INDEX idx_next_dagrun_create_after ON dag (next_dagrun_create_after);

CREATE INDEX idx_tih_dag_run ON task_instance_history (dag_id, run_id);

CREATE INDEX ti_dag_run ON task_instance (dag_id, run_id);

CREATE INDEX ti_dag_state ON task_instance (dag_id, state);

CREATE INDEX ti_dag_version_id ON task_instance (dag_version_id);

CREATE INDEX ti_heartbeat ON task_instance (last_heartbeat_at);

CREATE INDEX ti_pool ON task_instance (pool, state, priority_weight);

CREATE INDEX ti_state ON task_instance (state);

CREATE INDEX ti_state_lkp ON task_instance (dag_id, task_id, run_id, state);

CREATE INDEX ti_trigger_id ON task_instance (trigger_id);
