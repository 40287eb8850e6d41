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

swift package dump-symbol-graph --minimum-access-level public --skip-synthesized-members >.build/docs.log 2>&1 || {
  tail -n 20 .build/docs.log >&2
  exit 1
}
found=$(find "$(swift build --show-bin-path)/.." -maxdepth 2 -type d -name symbolgraph | head -n 1)
for module in $modules; do
  cp "$found/$module.symbols.json" "$graphs/" 2>/dev/null || true
  cp "$found/$module"@*.symbols.json "$graphs/" 2>/dev/null || true
done
docc convert --fallback-display-name Swirl --fallback-bundle-identifier swirl \
  --additional-symbol-graph-dir "$graphs" --output-path .build/docs
echo "documentation: .build/docs (serve it with: python3 -m http.server -d .build/docs)"
