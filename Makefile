# Two commands do everything: `make demo` and `make test`. Both install what is needed first.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: install demo test check lint bench pictures schema clean

install: $(VENV)/.installed

$(VENV)/.installed: requirements/dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed: Parley needs Python 3.11 or newer (make PYTHON=python3.12 ...)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@echo "Installing (the first time llama.cpp is compiled: a few minutes) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install
	$(BIN)/parley demo --headless

test: install
	$(BIN)/python -m pytest

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright

check: lint test

pictures: install
	$(BIN)/python -m simulations docs/pictures/warehouse.svg
	$(BIN)/python -m benchmarks.dashboard_pictures docs/pictures
	$(BIN)/parley eval --stage map --plot docs/pictures/map-foreign.png
	$(BIN)/python -m experts.shelf_vacancy.picture docs/pictures/frames.png

schema: install
	$(BIN)/parley schema --out docs/schemas

bench: install
	$(BIN)/parley bench map

clean:
	rm -rf $(VENV) build dist *.egg-info
