#!/bin/sh
# Makes node_modules complete when it is missing or older than package.json or package-lock.json,
# with the first of npm, bun and deno that this machine has. Run by `npm start`, `npm test`,
# `bun start` and `deno task serve`; when there is nothing to do it costs a few milliseconds.
set -eu
cd "$(dirname "$0")/../.."

stamp=node_modules/.webtaskd-setup

is_newer_than_lists() {
  [ -f "$1" ] && ! [ package.json -nt "$1" ] && ! [ package-lock.json -nt "$1" ]
}

has() {
  command -v "$1" >/dev/null 2>&1
}

say() {
  echo "webtaskd setup: $*" >&2
}

# Runs a command; its output shows only when it fails.
quietly() {
  output=$(mktemp)
  if "$@" >"$output" 2>&1 </dev/null; then
    rm -f "$output"
    return 0
  fi
  cat "$output" >&2
  rm -f "$output"
  return 1
}

install_packages() {
  if has npm; then
    say "installing packages with npm"
    # Not `npm ci`: it refuses a lock file that lacks an optional package of another platform.
    # `--no-save` leaves package.json and package-lock.json as they are.
    quietly npm install --no-save --include=dev --include=optional
  elif has bun; then
    say "installing packages with bun"
    quietly bun install
  elif has deno; then
    say "installing packages with deno"
    quietly deno install
  else
    say "Cannot install packages: found none of npm, bun and deno: install one of them"
    exit 1
  fi
}

runs() {
  "node_modules/.bin/$1" --version >/dev/null 2>&1
}

# A package manager may be set up not to run install scripts; without them the npm packages "bun"
# and "deno" hold placeholders instead of the runtimes.
finish_runtime() {
  if runs "$1" || ! [ -f "$2" ]; then return 0; fi
  say "linking the runtime of the npm package \"$1\""
  if has node; then
    quietly node "$2" || true
  elif has bun; then
    quietly bun "$2" || true
  else
    quietly deno run --allow-all "$2" || true
  fi
}

if is_newer_than_lists "$stamp"; then exit 0; fi
# A plain `npm install` leaves this file and no stamp.
if ! is_newer_than_lists node_modules/.package-lock.json; then install_packages; fi
finish_runtime bun node_modules/bun/install.js
finish_runtime deno node_modules/deno/install.cjs
if ! runs bun && ! runs deno && ! has bun && ! has deno; then
  say "Cannot run node_modules/.bin/bun: this platform has no build of it: install Bun or Deno"
  exit 1
fi
touch "$stamp"
