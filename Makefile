.DEFAULT_GOAL := help
.SILENT:
# Where it is set, each process would compile the tests anew, which takes four of them a minute together.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help up test check chaos build protos format images check-chart check-cluster clean

up: build ## start everything and a small city that lives in it; Ctrl-C stops it
	.venv/bin/jitney up --city

test: build ## run all tests, on a real PostgreSQL and Redis of their own
	.venv/bin/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

check: build ## ruff, pyright, import rules, contracts, stubs, migrations
	.venv/bin/python -m tools.checks

build: .venv/.built ## make .venv with the locked packages (the other goals do this by themselves)

chaos: build ## attack a stack for three minutes with each of 50 seeds, then the broken builds (about four hours)
	.venv/bin/jitney chaos --seeds 50 --minutes 3
	.venv/bin/python -m tests.chaos

protos: build ## write the stubs of the contracts and the OpenAPI document anew
	PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/python -m tools.stubs
	.venv/bin/python -m tools.openapi

format: build ## format the code and mend what can be mended by itself
	.venv/bin/ruff check --fix --quiet || true
	.venv/bin/ruff format --quiet

images: build ## build all images and take rides through their containers (root, buildah, podman, runc; some minutes)
	BASE_IMAGE="$${BASE_IMAGE-debootstrap}" docker/build.sh
	.venv/bin/python -m tests.images

check-chart: build ## judge the Helm chart as it renders (needs Go, to build helm once: some minutes)
	sh tools/kube.sh helm
	.venv/bin/python -m pytest -q tests/chart

check-cluster: build ## install, upgrade and roll back the chart on a real API server (needs Go, to build it once: a quarter of an hour)
	sh tools/kube.sh helm etcd kube-apiserver
	.venv/bin/python -m tests.cluster

clean: ## remove .venv and caches; data in .jitney stays (jitney down --erase removes it)
	rm -rf .venv build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:
	printf 'make GOAL, where GOAL is\n\n'
	sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r goal text; do printf '  %-14s %s\n' "$$goal" "$$text"; done
	printf '\n'

.venv/.built: requirements.lock pyproject.toml tools/build.sh
	PYTHON="$(PYTHON)" sh tools/build.sh
	touch $@
