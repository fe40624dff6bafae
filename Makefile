# The commands of the project. `make demo` and `make test` are the two to know.

# Ports of the demo: make demo PORT=8001 LRS_PORT=8101
PORT ?= 8000
LRS_PORT ?= 8100
export PORT LRS_PORT PYTHON

BIN := .venv/bin
# How long the fault harness goes on: make torture SEEDS=10 SECONDS=60 DATABASE=both
SEEDS ?= 10
SECONDS ?= 60
DATABASE ?= both
# More arguments for pytest: make test ARGS="-k outbox -x"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-reset test test-all torture bench bench-full lint format

help:
	@echo "make demo        start everything on this machine: site, worker, learning record store"
	@echo "make demo-reset  forget the demo's data, so that the next start begins afresh"
	@echo "make test        the tests on the embedded defaults, browser journeys included"
	@echo "make test-all    that, and what takes long or needs more"
	@echo "make torture     kill everything at random while people learn, and count what is lost"
	@echo "make bench       measure (10 minutes at most); bench-full for the long version"
	@echo "make lint        every static check; format writes what it can mend"
	@echo "make setup       only make the environment"

setup:
	@sh scripts/environment.sh all

demo:
	@sh scripts/environment.sh site
	@test -x .lrs-venv/bin/python || echo "Making the learning record store's environment ..."
	@sh lrs/install.sh "$$(sh scripts/environment.sh uv)"
	@exec $(BIN)/python manage.py demo

demo-reset:
	@sh scripts/environment.sh site
	@exec $(BIN)/python manage.py demo --reset

test: setup
	@bash scripts/test.sh usual $(ARGS)

test-all: setup
	@bash scripts/test.sh all $(ARGS)

torture: setup
	@sh lrs/install.sh "$$(sh scripts/environment.sh uv)"
	@exec $(BIN)/python -m tests.delivery.torture \
		--seeds $(SEEDS) --seconds $(SECONDS) --database $(DATABASE) $(ARGS)

bench: setup
	@exec $(BIN)/python -m benchmarks quick $(ARGS)

bench-full: setup
	@exec $(BIN)/python -m benchmarks full $(ARGS)

lint: setup
	@bash scripts/lint.sh

format: setup
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .
	@$(BIN)/djlint attune config --reformat --quiet || true
