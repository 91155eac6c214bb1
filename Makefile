# make run: the app on the shipped checkpoints. make test: everything that has to hold. make check: its quick part.
# make mutants: whether the tests catch thirty deliberate breakages.
PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin
# Node comes with the development tools, and stands before one that this machine may have.
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm

# Two at a time, so that no core waits while a command takes only one.
MAKEFLAGS += --jobs=2

.PHONY: run check style types javascript test units ray browser mutants

run: .venv/ready
	$(BIN)/zoetrope run --port $(PORT)

check: style types javascript

style: .venv/ready-to-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/ready-to-test
	$(BIN)/mypy

javascript: node_modules/ready
	$(NPM) run --silent check

# Where such tests are: to look for them everywhere takes each process half a minute. A test holds these to be all.
RAY := tests/test_backends.py tests/test_deployment.py
BROWSER := tests/browser tests/test_benches.py

test: check units ray browser

# A thread a process: processes whose threads share cores wait for each other.
units ray browser: export OMP_NUM_THREADS = 1

units: check
	$(BIN)/pytest -m "not browser and not ray" -n auto

ray: check
	$(BIN)/pytest -m ray -rs $(RAY)

browser: units ray
	$(BIN)/pytest -m browser -n auto --dist loadfile $(BROWSER)

mutants: .venv/ready-to-test
	$(BIN)/python tests/mutants.py

.venv/ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Zoetrope needs Python 3.11 or newer; give one with: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable .
	touch $@

.venv/ready-to-test: .venv/ready
	$(BIN)/pip install --quiet --editable ".[dev]"
	touch $@

node_modules/ready: package.json .venv/ready-to-test
	$(NPM) install --no-save --no-package-lock --no-audit --no-fund --loglevel error
	touch $@
