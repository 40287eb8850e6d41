#!/bin/sh
# Runs a build and fails if it printed a warning. The compiler says a warning only when it compiles the
# file, so a fresh checkout (continuous integration) sees them all.
set -u
mkdir -p .build
log=.build/lint.log
"$@" >"$log" 2>&1
status=$?
if [ "$status" -ne 0 ]; then
  cat "$log"
  exit "$status"
fi
if grep -E 'warning:' "$log"; then
  echo "lint: the build gives the warnings above" >&2
  exit 1
fi
