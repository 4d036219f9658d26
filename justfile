# `just` lists these; `pip install rust-just` brings it, as does the extra `dev`. BIN is the environment's folder of programs.

bin := env("BIN", ".venv/bin")
data := env("DATA", "../shared/data")

# Lists the recipes.
default:
    @just --list

# Makes .venv with what the checks need but torch, or adds it to yours.
install:
    python3 -m venv .venv
    .venv/bin/pip install -e '.[dev,docs,test]'

# The linters: seconds, before every commit.
check:
    BIN={{bin}} .ci/lint

# The tests, or those that you name: `just test tests/test_scale.py -x`.
test *arguments:
    {{bin}}/pytest {{arguments}}

# The docs' site in build/docs; a warning is an error.
docs:
    BIN={{bin}} .ci/docs

# The figures of docs/figures.md, on the validation parts; photos and registers are not in this repository.
figures:
    {{bin}}/pillprint evaluate {{data}}/rximage300 --catalog {{data}}/catalog/c3pi_pills.csv --part validation
    {{bin}}/pillprint evaluate {{data}}/tfda --catalog {{data}}/catalog/tfda_pills.csv --part validation
    {{bin}}/python -m pipeline.train.segment.figures polygons {{data}}/masks --validation
    {{bin}}/python -m pipeline.train.segment.figures heaps --n 20

# What CI runs: all of the above but the figures, and the tests of training. Installs what is missing, torch too.
ci:
    .ci/run
