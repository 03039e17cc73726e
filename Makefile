# Everything a person or CI runs. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SEEDS ?= 5
PROCESSES ?= 2

.PHONY: help demo dev test lint fmt bench chaos eval lock clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## (.*)/  \1\t\2/' | expand -t 12

$(VENV)/.base: requirements/base.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { echo "Python 3.11, 3.12 or 3.13 is needed; set PYTHON=/path/to/python3.11"; exit 2; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) # also one left half-made by Ctrl-C
	@echo "installing the locked requirements into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt
	@$(BIN)/python scripts/link_checkout.py
	@touch $@

$(VENV)/.dev: $(VENV)/.base requirements/dev.txt
	@echo "installing the locked development requirements ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

demo: $(VENV)/.base ## the main job end to end on a real Kafka, with a worker killed on the way
	@$(BIN)/highlights demo --json-file build/demo.json

dev: $(VENV)/.base ## broker, topics, simulator and workers until Ctrl-C
	@$(BIN)/highlights dev || [ $$? -eq 130 ] # Ctrl-C is how it ends

test: $(VENV)/.dev ## all tests, with the short form of the chaos tests
	@$(BIN)/highlights kafka prefetch
	@$(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadfile # half of it is waiting for brokers and workers

lint: $(VENV)/.dev ## formatting, lint and types; changes nothing
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

fmt: $(VENV)/.dev ## format and fix what can be fixed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

chaos: $(VENV)/.dev ## the exactly-once promise under kills, freezes and outages (SEEDS=1 for a short run)
	@$(BIN)/python -m tests.chaos --seeds $(SEEDS) --json-file build/chaos.json

bench: $(VENV)/.dev ## throughput against other systems, restore, latency
	@$(BIN)/python -m tests.bench --json-file build/bench.json

eval: $(VENV)/.dev ## how often the profiles are right, on labelled sets, beside the guide's own patterns
	@$(BIN)/python -m tests.eval --json-file build/eval.json

lock: $(VENV)/.dev ## write the locked requirements anew (needs uv)
	@for extra in base dev; do uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q \
	  --no-emit-index-url --no-emit-find-links pyproject.toml $$([ $$extra = dev ] && echo --extra dev) -o requirements/$$extra.txt; done
	@uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q --no-emit-index-url \
	  --no-emit-find-links requirements/quix.in -o requirements/quix.txt

clean: ## remove what was built; the user's cache folder stays
	rm -rf build dist $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
