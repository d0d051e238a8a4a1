# The verbs of the project. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
export HF_HUB_DISABLE_TELEMETRY := 1
export GRADIO_ANALYTICS_ENABLED := False

.DEFAULT_GOAL := help
.PHONY: help run ingest model test test-full quick lint fix speed scorecard screenshots clean

help: ## list the verbs
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

run: $(VENV)/run.done ## install, build the index where there is none, start the page on http://127.0.0.1:7860
	@$(PY) app.py

ingest: $(VENV)/run.done ## put the essays in corpus/ on the shelf (again)
	@$(PY) ingest.py

model: $(VENV)/run.done ## fetch the local model, 1.1 GB, into the user's cache; known by its hash
	@$(PY) -m bot model

test: lint browser tested-model ## ruff, mypy and the tests, with the real embedder, a real Chroma, a real local model and a real browser
	@HF_HUB_OFFLINE=1 $(PY) -m pytest -m "not full" --durations=20

test-full: lint browser tested-model ## every test, also those that repeat what a quicker one samples
	@HF_HUB_OFFLINE=1 $(PY) -m pytest --durations=20

quick: lint ## ruff, mypy and the tests that need no model, no index and no browser
	@HF_HUB_OFFLINE=1 $(PY) -m pytest -m "not slow"

lint: $(VENV)/test.done
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

fix: $(VENV)/test.done ## let ruff mend what it can
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

speed: $(VENV)/test.done ## measure start, embedding, retrieval, answers and memory
	@$(PY) -m evals speed

scorecard: $(VENV)/test.done ## measure everything and write evals/SCORECARD.md (SQUAD=FILE adds a SQuAD-format file)
	@HF_HUB_OFFLINE=1 $(PY) -m evals all --write $(if $(SQUAD),--squad $(SQUAD))

screenshots: $(VENV)/test.done browser ## picture the five views, light and dark, desktop and phone, in docs/
	@HF_HUB_OFFLINE=1 $(PY) -m evals.screenshot

clean: ## remove the virtual environment and the index; models in the cache stay
	rm -rf $(VENV) index

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Dolmen needs Python 3.11 or newer, this is " + sys.version.split()[0] + ": make run PYTHON=python3.12") if sys.version_info < (3, 11) else 0'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.done: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "installing into $(VENV) (a few minutes, once)"
	@$(PIP) install -c constraints.txt torch
	@$(PIP) install -c constraints.txt -e .
	@$(PIP) install -c constraints.txt -e ".[local]" || echo "no llama.cpp for this machine: the local model is left out"
	@touch $@

$(VENV)/test.done: $(VENV)/run.done
	@$(PIP) install -c constraints.txt -e ".[dev]"
	@touch $@

# The tests of the local model are skipped, and say so, where its file cannot be fetched; not where CI is set.
.PHONY: tested-model
tested-model: $(VENV)/test.done
	@$(PY) -m bot model >/dev/null || { [ -z "$$CI" ] && echo "no local model here: its tests are skipped"; }

# The browser tests want a Chromium. Where apt and root are at hand it is installed; elsewhere those tests say so and are skipped.
.PHONY: browser
browser:
	@command -v chromium chromium-browser google-chrome >/dev/null && fc-list :lang=ko 2>/dev/null | grep -q . || \
	{ command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && \
	  { echo "installing chromium and a Korean font by apt"; apt-get -qq update && apt-get -qq install -y chromium fonts-noto-cjk >/dev/null; } || \
	  echo "no Chromium here: the browser tests are skipped (README, Tests)"; }
