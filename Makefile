# Everything a fresh machine needs: Python 3.11+, make and a package index.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
OUT ?= out
ASK ?= when are functions explained?
LECTURE = $(OUT)/lecture.mp4

.PHONY: setup demo test browser test-slow test-oldest lint check format bench clean

setup: $(VENV)/.done

$(VENV)/.done: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "seehear needs Python 3.11 or newer: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[local,servers,serve,web,dev]'
	@touch $@

ifdef VIDEO
demo: setup
	$(BIN)/seehear models pull whisper-base minilm answer
	$(BIN)/seehear ask "$(VIDEO)" "$(ASK)"
else
demo: $(LECTURE)
	$(BIN)/seehear models pull whisper-base minilm answer
	@# The example carries its own subtitles; leaving them aside shows what hearing does.
	$(BIN)/seehear ask $(LECTURE) "$(ASK)" --captions never
endif

$(LECTURE): examples/lecture/script.md $(VENV)/.done
	@mkdir -p $(OUT)
	$(BIN)/seehear generate lecture examples/lecture/script.md -o $@

# Compiled modules are kept, for the tests start Python hundreds of times; and who shares the cores computes on one.
test: export PYTHONDONTWRITEBYTECODE =
test: export OPENBLAS_NUM_THREADS = 1
test: lint
	$(BIN)/python -m pytest -n 2 --dist worksteal

# In a real Chromium; one that is missing fails here: apt-get install chromium.
browser: setup
	$(BIN)/python -m pytest tests/browser -m 'browser and not slow'

test-slow: setup
	$(BIN)/python -m pytest -m slow

# With the oldest packages that pyproject.toml allows, which warn of what is newer, so that what it promises is true.
# How the API describes itself and what is imported on the way are those of the newest ones.
OLDEST = .venv-oldest
test-oldest:
	$(PYTHON) -m venv --clear $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check uv
	. $(OLDEST)/bin/activate && uv pip install --quiet --only-binary :all: --resolution lowest-direct \
		-r pyproject.toml --extra local --extra servers --extra serve --extra web
	. $(OLDEST)/bin/activate && uv pip install --quiet --only-binary :all: -r pyproject.toml --extra dev
	. $(OLDEST)/bin/activate && uv pip install --quiet --no-deps --editable .
	OPENBLAS_NUM_THREADS=1 $(OLDEST)/bin/python -m pytest -n 2 --dist worksteal -o filterwarnings=default \
		--deselect tests/surfaces/server/test_openapi.py::test_the_document_in_the_repository_is_the_one_that_is_served \
		--deselect tests/test_architecture.py::test_who_asks_of_what_is_indexed_waits_for_nothing_else_to_be_imported

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint
	$(BIN)/python -m pytest tests/test_architecture.py

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(LECTURE)
	$(BIN)/python bench/run.py --lecture $(LECTURE) --out $(OUT)/bench

clean:
	rm -rf $(OUT) $(OLDEST) .pytest_cache .mypy_cache .ruff_cache
