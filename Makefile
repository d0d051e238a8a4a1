# The commands of the project; `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
export HF_HUB_DISABLE_TELEMETRY := 1
export GRADIO_ANALYTICS_ENABLED := False
# Two processes, each with whole files of tests and one thread for its models: two threads each would slow both down.
PYTEST = HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(PY) -m pytest -n 2 --dist loadfile

# make run EMBEDDER=e5-small fetches no embedding model.
EMBEDDER ?=
ifneq ($(EMBEDDER),)
export BOT_EMBEDDING_MODEL := $(EMBEDDER)
endif

.DEFAULT_GOAL := help
.PHONY: help run ingest model test test-full quick lint fix speed scorecard screenshots clean

help: ## list these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

run: $(VENV)/run.done ## install, build the index where there is none, start the page on http://127.0.0.1:7860 (EMBEDDER=e5-small fetches no model)
	@$(PY) app.py

ingest: $(VENV)/run.done ## build the index from the essays in corpus/
	@$(PY) ingest.py

model: $(VENV)/run.done ## download the local chat model (1.1 GB) into the user's cache and check its hash
	@$(PY) -m bot model local

test: lint browser tested-models ## ruff, mypy and the tests, with the real embedder, a real Chroma, a real local model and a real browser
	@$(PYTEST) -m "not full" --durations=20

test-full: lint browser tested-models ## all tests, those included that repeat what a quicker one samples
	@$(PYTEST) --durations=20

quick: lint ## ruff, mypy and the tests that need no model, no index and no browser
	@HF_HUB_OFFLINE=1 $(PY) -m pytest -m "not slow and not full"

lint: $(VENV)/test.done
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

fit: $(VENV)/test.done ## fit the weights of ranking on the dev questions and write bot/retrieval/weights.json (minutes)
	@HF_HUB_OFFLINE=1 $(PY) -m evals.fit fit

fix: $(VENV)/test.done ## format the code and apply ruff's automatic fixes
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

speed: $(VENV)/test.done ## measure start, embedding, retrieval, answers and memory
	@$(PY) -m evals speed

scorecard: $(VENV)/test.done ## measure everything and write evals/SCORECARD.md (SQUAD=FILE adds a SQuAD-format file)
	@HF_HUB_OFFLINE=1 $(PY) -m evals all --write $(if $(SQUAD),--squad $(SQUAD))

screenshots: $(VENV)/test.done browser ## take screenshots of the five views, light and dark, desktop and phone, into docs/
	@HF_HUB_OFFLINE=1 $(PY) -m evals.screenshot

clean: ## remove the virtual environment and the index; downloaded models stay in the cache
	rm -rf $(VENV) index

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Dolmen needs Python 3.11 or newer, this is " + sys.version.split()[0] + ": make run PYTHON=python3.12") if sys.version_info < (3, 11) else 0'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.done: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "installing into $(VENV) (a few minutes, once)"
	@$(PIP) install -c constraints.txt torch
	@$(PIP) install -c constraints.txt -e .
	@$(PIP) install -c constraints.txt -e ".[local]" || echo "xllamacpp cannot be installed on this machine: there will be no local chat model"
	@touch $@

$(VENV)/test.done: $(VENV)/run.done
	@$(PIP) install -c constraints.txt -e ".[dev]"
	@touch $@

# Where a model cannot be downloaded its tests are skipped; where CI is set, this fails instead.
.PHONY: tested-models
tested-models: $(VENV)/test.done
	@for name in local embeddinggemma; do \
	  $(PY) -m bot model $$name >/dev/null || { [ -z "$$CI" ] && echo "the model $$name is missing: its tests are skipped"; } || exit 1; done

# The browser tests need Chromium and a Korean font. They are installed where apt and root are available; else the tests are skipped.
.PHONY: browser
browser:
	@command -v chromium chromium-browser google-chrome >/dev/null && fc-list :lang=ko 2>/dev/null | grep -q . || \
	{ command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ] && \
	  { echo "installing chromium and a Korean font with apt"; apt-get -qq update && apt-get -qq install -y chromium fonts-noto-cjk >/dev/null; } || \
	  echo "Chromium or a Korean font is missing: the browser tests are skipped (README, Two commands)"; }
