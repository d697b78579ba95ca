# make demo and make test are the two commands of the README; both install what they need.
PREFIX ?= /usr/local
SUITE ?= sid
MINUTES ?= 10
TARGET := $(or $(CARGO_TARGET_DIR),target)
BINARIES := $(TARGET)/release/docker-ovs $(TARGET)/release/docker-ovs-port
PLUGINS = $(DESTDIR)$(PREFIX)/lib/docker/cli-plugins
NETAVARK = $(DESTDIR)$(PREFIX)/libexec/netavark
SHARE = $(DESTDIR)$(PREFIX)/share
MANUAL = $(DESTDIR)$(PREFIX)/share/man/man1

.PHONY: help build demo test test-restarts test-killed soak test-versions test-machine test-machines machine coverage bench lint msrv deb test-deb test-image reproducible fuzz-check crates tutorial book install uninstall clean

help: ## show this help
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

build: ## build the two binaries, statically linked, into target/release
	scripts/build

demo: ## recreate the scene of the 2014 script, answer it, clean up
	scripts/setup
	scripts/build
	scripts/demo

# Tests wait more than they compute: for containers, engines and the switch.
test: export RUST_TEST_THREADS ?= $(shell expr $$(nproc) + 2)
test: ## run every tier of tests; what is missing fails instead of being skipped
	scripts/setup --for-tests
	DOCKER_OVS_TEST_REQUIRE=1 PATH="$(abspath $(TARGET))/tools/usr/bin:$$PATH" scripts/tested-on run 'make test' scripts/all-tests

test-restarts: ## restart dockerd and ovs-vswitchd under connected containers; ends every container
	DOCKER_OVS_TEST_REQUIRE=1 DOCKER_OVS_TEST_RESTARTS=1 cargo test --locked --workspace --test it daemon_restarts

test-killed: ## kill the verbs, the daemon, the driver and the plugin of netavark at every call in turn; takes long
	DOCKER_OVS_TEST_REQUIRE=1 DOCKER_OVS_TEST_EVERY_CALL=1 cargo test --locked --workspace --test it -- \
		--nocapture killed_anywhere:: serve_restore::killed:: driver_killed:: netavark_killed::

# Of the whole workspace, as the tests are: for one package alone its dependencies are built once more, with
# fewer features.
soak: ## operations by chance, with kills and stalls of all, for MINUTES=10; SEED=N repeats them
	DOCKER_OVS_TEST_REQUIRE=1 DOCKER_OVS_TEST_SOAK=$(MINUTES) $(if $(SEED),DOCKER_OVS_TEST_SOAK_SEED=$(SEED)) \
		PATH="$(abspath $(TARGET))/tools/usr/bin:$$PATH" cargo test --locked --workspace --test it soak:: -- --nocapture

test-versions: ## the tests of engine and switch on those of another Debian: SUITE=trixie, or sid
	scripts/versions $(SUITE) test $(TESTS)

test-machine: ## run what depends on kernel, datapath or systemd in a Debian of its own; TESTS=names
	scripts/setup --for-machine
	scripts/machine test $(TESTS)

test-machines: ## run what takes two such machines, joined by a cable
	scripts/setup --for-machine
	scripts/machine pair

machine: ## a shell in that Debian, with this checkout and what is built at their paths
	scripts/setup --for-machine
	scripts/machine shell

coverage: ## print which share of the lines of model and host their tests run, without root
	scripts/coverage

bench: ## measure against the shell and against Docker's and OVS's own tools
	scripts/setup
	scripts/build
	scripts/bench

lint: ## format, clippy, rustdoc, spelling, tables, licences, sources and advisories of dependencies
	scripts/typos --format brief
	scripts/tested-on check
	scripts/circles
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps
	scripts/cargo-deny check bans licenses sources
	scripts/advisories

msrv: ## build with the oldest Rust that is promised, where it is installed
	scripts/msrv

deb: export AUDITABLE ?= try
deb: build ## make the Debian package, in debian below the target folder
	scripts/deb

test-deb: ## install, use, upgrade and remove that package in a Debian of its own
	scripts/test-deb

test-image: ## make the image of the daemon, run it, and ask it for a container's port
	scripts/setup
	scripts/test-image

reproducible: ## build docker-ovs-port in two folders and compare the bytes; ALL=1 docker-ovs too
	scripts/reproducible

tutorial: ## run the commands of docs/tutorial.md and compare what they print
	DOCKER_OVS_TEST_REQUIRE=1 DOCKER_OVS_TEST_TUTORIAL=1 cargo test --locked --workspace --test it tutorial::

fuzz-check: ## compile every fuzz target
	scripts/fuzz-check

crates: ## package each crate that others would use, and build it from its package
	scripts/crates

book: ## make the book of docs, in book below the target folder
	scripts/book

install: build ## install below PREFIX, as a plugin of Docker's client and of Podman's netavark too
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/bin $(BINARIES)
	install -D -m 644 -t $(MANUAL) docs/man/*.1
	install -d $(PLUGINS) $(NETAVARK)
	ln -sf $(PREFIX)/bin/docker-ovs $(PLUGINS)/docker-ovs
	ln -sf $(PREFIX)/bin/docker-ovs $(NETAVARK)/ovs
	scripts/completions $(TARGET)/release/docker-ovs $(TARGET)/release/completions
	install -D -m 644 $(TARGET)/release/completions/docker-ovs.bash $(SHARE)/bash-completion/completions/docker-ovs
	install -D -m 644 -t $(SHARE)/zsh/site-functions $(TARGET)/release/completions/_docker-ovs
	install -D -m 644 -t $(SHARE)/fish/vendor_completions.d $(TARGET)/release/completions/docker-ovs.fish

uninstall: ## remove what install put there
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,docker-ovs docker-ovs-port) $(PLUGINS)/docker-ovs $(NETAVARK)/ovs
	rm -f $(addprefix $(MANUAL)/,$(notdir $(wildcard docs/man/*.1)))
	rm -f $(addprefix $(SHARE)/,bash-completion/completions/docker-ovs zsh/site-functions/_docker-ovs fish/vendor_completions.d/docker-ovs.fish)

clean: ## remove what was built
	cargo clean
