#!/bin/sh
# Builds the documentation pages with the toolchain's own DocC: .build/docs/index.html.
set -eu
command -v docc >/dev/null 2>&1 || PATH=$PATH:$(dirname "$(readlink -f "$(command -v swift)")")
command -v docc >/dev/null 2>&1 || {
  echo "docs: this toolchain has no 'docc'; install a full Swift toolchain from https://www.swift.org/install" >&2
  exit 1
}
modules="Runtime Tensors Envs Policy Replay Agents SwirlCommand"
graphs=.build/docs-graphs
rm -rf "$graphs" .build/docs
mkdir -p "$graphs"

# The tool also asks for the graphs of the test bundles, which have none, and fails for it; whether the
# graphs that count are there is looked at below.
swift package dump-symbol-graph --minimum-access-level public --skip-synthesized-members \
  >.build/docs.log 2>&1 || true
found=$(swift build --show-bin-path)/../symbolgraph
for module in $modules; do
  [ -f "$found/$module.symbols.json" ] || {
    tail -n 20 .build/docs.log >&2
    echo "docs: no symbol graph of $module; the log is .build/docs.log" >&2
    exit 1
  }
  cp "$found/$module.symbols.json" "$graphs/"
done
docc convert --fallback-display-name Swirl --fallback-bundle-identifier swirl \
  --additional-symbol-graph-dir "$graphs" --output-path .build/docs >>.build/docs.log 2>&1
echo "documentation: .build/docs (serve it with: python3 -m http.server -d .build/docs)"
