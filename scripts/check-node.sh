#!/usr/bin/env bash
# Runs the test suite on other versions of Node: `bash scripts/check-node.sh 24 26`. Without arguments: the oldest supported
# one and the current LTS. Each comes from its npm package; nothing is installed globally. Child processes of the
# tests use the same Node.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

versions=("$@")
if [ "${#versions[@]}" -eq 0 ]; then versions=(20.19.0 26); fi

npm run build
for version in "${versions[@]}"; do
  printf '== Node %s\n' "$version"
  npx --yes --package "node@$version" -- node -e 'process.stdout.write(process.version + "\n")'
  npx --yes --package "node@$version" -- node node_modules/vitest/vitest.mjs run
done
