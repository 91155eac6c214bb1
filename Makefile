# make run: the app on the shipped checkpoints. make test: everything that has to hold.
PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin

.PHONY: run test

run: .venv/ready
	$(BIN)/zoetrope run --port $(PORT)

# A thread a process: processes whose threads share cores wait for each other.
test: export OMP_NUM_THREADS = 1
test: .venv/ready-to-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -m "not browser and not ray" -n auto
	$(BIN)/pytest -m ray -rs
	$(BIN)/pytest -m browser -n auto --dist loadfile

.venv/ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Zoetrope needs Python 3.11 or newer; give one with: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable .
	touch $@

.venv/ready-to-test: .venv/ready
	$(BIN)/pip install --quiet --editable ".[dev]"
	touch $@
