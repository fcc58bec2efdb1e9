# Every target makes its own virtual environment when there is none.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Most tests wait for something, so there are more of them under way than cores.
WORKERS ?= 4

PAGE := slackbot/web/call
# Those that wait longest come first.
CALL_TESTS := $(patsubst %,tests/browser/test_%.py,end_to_end negative_controls call accessibility lobby)

.PHONY: demo test check page bench fuzz faults feeds resilience crowd soak mutants browser calls pictures transcript format lock clean

demo: $(READY)  ## play the whole story on this machine
	$(BIN)/slackbot demo

test: $(READY)  ## every test
	$(BIN)/pytest -n $(WORKERS) --ignore=tests/browser $(COVERED)

check: $(READY)  ## what CI runs: format, lint, types, layers, tests with coverage, speed, faults
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	rm -f .coverage .coverage.*
	# What failed gets one more chance, alone: workers that share two cores can miss a time-out.
	$(MAKE) --no-print-directory test COVERED="--cov --cov-report=" || $(BIN)/pytest --last-failed --cov --cov-report= --cov-append
	$(BIN)/coverage report --include='slackbot/domain/*,slackbot/services/*' --fail-under=98
	$(BIN)/coverage report --fail-under=92 --format=total
	$(BIN)/python -m tests.benchmarks --guard
	$(BIN)/python -m tests.chaos --fixed
	@$(MAKE) --no-print-directory calls

page: $(PAGE)/static/call.html  ## build the call page; a machine without npm goes without

$(PAGE)/static/call.html: $(wildcard $(addprefix $(PAGE)/page/,*.ts *.mjs *.css *.html *.json tests/*))
	@cd $(PAGE)/page; if ! command -v npm > /dev/null; then echo "npm not found: the call page is off"; \
	elif [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent; then \
	npm run --silent check && npm test --silent && npm run --silent build; \
	else echo "npm could not install what the call page needs: the call page is off"; fi

browser: $(VENV)/.browser page  ## the call page in a real browser; REPEAT=20 runs the end-to-end test twenty times
	REQUIRE_BROWSER=1 $(BIN)/pytest tests/browser

calls: $(READY)  ## the part of it that make check runs, where Chromium and npm are, or have to be
	@if [ "$$REQUIRE_BROWSER" != 1 ] && ! { command -v chromium && command -v npm; } > /dev/null; then \
	echo "no chromium or no npm here: the call page goes without its tests in a browser"; else \
	$(MAKE) --no-print-directory $(VENV)/.browser page && export REQUIRE_BROWSER=1 && \
	{ $(BIN)/pytest -q -n 2 $(CALL_TESTS) || $(BIN)/pytest -q --last-failed $(CALL_TESTS); }; fi

pictures: $(VENV)/.browser page  ## the pictures of the call page in docs/pictures, taken anew
	REQUIRE_BROWSER=1 PICTURES=1 $(BIN)/pytest -q tests/browser/test_pictures.py

$(VENV)/.browser: $(READY) requirements-browser.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-browser.txt
	touch $(VENV)/.browser

bench: $(READY)  ## how fast it is beside bare Bolt; exit status 75: the machine is too noisy to tell
	$(BIN)/python -m tests.benchmarks $(BENCH)

fuzz: $(READY)  ## all the fuzzing of docs/security.md, counted; takes some minutes
	$(BIN)/python -m tests.fuzz

transcript: $(READY)  ## play the demo and write what it shows into the README
	$(BIN)/python -m slackbot.sandbox.transcript README.md

faults: $(READY)  ## matches sent, twice and late while real processes are killed, stopped and cut off
	$(BIN)/python -m tests.chaos $(FAULTS)

feeds: $(READY)  ## live connections to old and new socket servers, as in docs/accelevents.md; needs npm and nginx
	@cd tests/feeds/node && npm ci --silent
	$(BIN)/python -m tests.feeds docs/accelevents.md

resilience: $(READY)  ## bad peers and slow days in full size, with figures; takes about ten minutes
	FAULTS=full $(BIN)/pytest -s tests/resilience

crowd: $(READY)  ## 10,000 feeds in one process: pauses, memory, stop; about six minutes on a quiet machine
	$(BIN)/python -m tests.size $(CROWD)

soak: $(READY)  ## 30 minutes of an event on PostgreSQL: is the end as the start? SOAK="--hours 24" for longer
	$(BIN)/python -m tests.soak --chart docs/pictures/soak.svg $(SOAK)

mutants: $(VENV)/.mutants  ## change the code in 140 places, one at a time: do the tests notice? up to 45 minutes
	$(BIN)/python -m tests.mutants $(MUTANTS)

$(VENV)/.mutants: $(READY) requirements-mutants.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-mutants.txt
	touch $(VENV)/.mutants

format: $(READY)  ## put code into the one format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY)  ## rewrite the lock files: names, versions and hashes only
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
