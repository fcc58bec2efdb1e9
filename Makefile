# Every target makes its own virtual environment when there is none.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check format lock clean

demo: $(READY)  ## play the whole mission on this machine
	$(BIN)/slackbot demo

test: $(READY)  ## every test
	$(BIN)/pytest -n auto

check: $(READY)  ## what CI runs: format, lint, strict types, import layers, tests with coverage
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	rm -f .coverage .coverage.*
	$(BIN)/pytest -n auto --cov --cov-report=
	$(BIN)/coverage report --include='slackbot/domain/*,slackbot/services/*' --fail-under=98

format: $(READY)  ## put code into the one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY)  ## rewrite both lock files: names, versions and hashes only
	$(BIN)/pip-compile $(LOCK) -o requirements.txt pyproject.toml
	$(BIN)/pip-compile $(LOCK) --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml
LOCK := --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --no-annotate

$(READY): requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(READY)

clean:
	rm -rf $(VENV) var dist build .coverage* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
