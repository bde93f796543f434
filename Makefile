# The front door of this repository. Everything it does is one line here and a script in tools/ or a CMake preset.
.DEFAULT_GOAL := help
SHELL := /bin/bash
JOBS := $(shell nproc)

# A configured preset: CMake runs again by itself when a CMakeLists.txt changes. ccache is set up in CMakePresets.json, for all builds.
build/%/build.ninja: CMakePresets.json | setup-build
	cmake --preset $*
compile = cmake --build --preset $(1) --parallel $(JOBS)

.PHONY: help setup setup-build build dev test up down lint bench bench-cluster bench-edge bench-match soak fmt clean images cluster-up cluster-down cluster-status test-cluster game-testbed game-load-local

help: ## this list
	@echo "Gamekeeper: game servers on one machine. make up starts it with a demo world; make test builds and tests everything."
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

setup: ## install what is missing on a Debian 12 machine (packages, the user gamekeeper, the git hook)
	@tools/setup

setup-build:
	@tools/setup build

build: build/release/build.ninja ## the programs, optimised, in build/release/bin
	$(call compile,release)

dev: build/dev/build.ninja ## programs and tests without sanitizers, for daily work
	$(call compile,dev)

test: setup build/asan/build.ninja build/release/build.ninja ## build with sanitizers, then run every test; last line: N passed, N failed
	$(call compile,release)
	@tools/run-tests --build build/asan --programs build/release --compile

up: ## build if needed, start Gamekeeper and a demo world, print how to join
	@tools/up

down: ## save, back up and stop everything, the test bed too
	@tools/testbed down
	@tools/down

game-testbed: build ## a Gamekeeper of its own that makes matches (SESSION_SIZE, MIN_PARTIAL_SESSION_SIZE, FLUSH_WAIT_SECONDS)
	@tools/setup run
	@tools/testbed up

game-load-local: build ## play CLIENTS whole life cycles against it (SPAWN_RATE, MATCH_DURATION, TARGET_URL, GAME_SERVER_HOST_OVERRIDE)
	@tools/testbed load

lint: setup-build build/dev/build.ninja ## the whole tree: source rules, formatting, clang-tidy
	@tools/lint

bench: build ## measure; prints a table and appends to bench/results (BUILD=1: the build's times too)
	$(call compile,release) --target gk_bench
	@tools/bench $(if $(BUILD),--build)

bench-match: build ## the engine, the store, a front with sockets: passes, joins, whole lives, watchers, restart
	$(call compile,release) --target gk_bench_fleet gk_bench_match gk_bench_match_front gk_bench_match_joins gk_bench_match_store
	@tools/bench match

bench-edge: build/release/build.ninja ## the edge beside nginx and HAProxy: processor time, time added, losses, memory
	@tools/setup bench
	$(call compile,release) --target gamekeeper gk_bench_edge_load
	@tools/bench edge

bench-cluster: build/release/build.ninja ## a thousand worlds in a cluster that is made believe; starts on the real one when it is up
	$(call compile,release) --target gamekeeper gk-shim gk-toy-game gk_bench_cluster_shims
	@tools/bench cluster
	@if tools/cluster/status >/dev/null 2>&1; then tests/bench/cluster_start.py; fi

soak: build ## long runs of the simulator and of real servers
	@tools/soak

cluster-up: ## start a real two-node Kubernetes on this machine (docs/guide/test-cluster.md)
	@tools/setup cluster
	@tools/cluster/up

cluster-down: ## end it and leave nothing of it
	@tools/cluster/down

cluster-status: ## its machines, processes and memory
	@tools/cluster/status

test-cluster: build ## test everything that needs Kubernetes, on the real cluster (USUAL=1: as much as CI does); last line: N passed, N failed
	@tools/setup cluster
	@cmake --build --preset release --parallel $(JOBS) $(addprefix --target ,$(shell grep -oh 'gk-cluster-[a-z-]*' tests/cluster/*/CMakeLists.txt | sort -u))
	@tools/cluster/test $(if $(USUAL),--usual)

images: build ## container images as OCI tar files, without Docker (docs/guide/images.md)
	@tools/setup cluster
	@tools/images

fmt: ## format all C++ sources in place
	@git ls-files -co --exclude-standard '*.cpp' '*.hpp' | xargs -r clang-format-19 -i

clean: ## remove what was built (never state, worlds or backups)
	rm -rf build
