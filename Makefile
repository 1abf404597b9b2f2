# Everything runs in .venv, which the first target that needs it sets up. Another Python: make install PYTHON=python3.12
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install check format test soak quickstart bench held-out data train-local-model

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## set up .venv with everything (once)

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Duet needs Python 3.11 or later, but there is no '$(PYTHON)'; name yours: make install PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Duet needs Python 3.11 or later, but $(PYTHON) is " + sys.version.split()[0] + "; name another: make install PYTHON=python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable ".[test,check]"
	@touch $@

check: $(STAMP) ## ruff (rules and format) and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --diff .
	$(BIN)/mypy

format: $(STAMP) ## let ruff repair what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: $(STAMP) ## the whole suite, doctests included, on all cores
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal

soak: $(STAMP) ## searches under faults, kills, full disks and more, by a server's count (an hour): make soak SECONDS=120
	$(BIN)/python -m tests.soak --seconds $(or $(SECONDS),3600)

quickstart: $(STAMP) ## a search with the embedded model: no key, no network, no GPU
	$(BIN)/python cli.py fit --config configs/quickstart.yaml

bench: $(STAMP) ## measure every part next to its limit (ten minutes); one alone: make bench ONLY=acquisition
	$(BIN)/python -m benchmarks $(ONLY)

held-out: $(STAMP) ## compare all methods on the held-out tasks and print the table (hours; started again, it goes on)
	$(BIN)/python cli.py benchmark --config configs/benchmarks/held_out.yaml --jobs 2 --no_report
	$(BIN)/python -m benchmarks.held_out runs/held_out

data: $(STAMP) ## fetch the 30 published tasks to data/ and verify them
	$(BIN)/python cli.py data download --directory data

train-local-model: $(STAMP) ## train the embedded model anew (two hours on two cores) and measure it; DATA: folder of the published tasks
	$(BIN)/python -m embedded_model.train --steps 9000 --decay_from 0.4 --output duet/models/embedded
	$(BIN)/python -m embedded_model.evaluate --card duet/models/embedded/README.md $(if $(DATA),--data "$(DATA)")
