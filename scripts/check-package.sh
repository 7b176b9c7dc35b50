#!/usr/bin/env bash
# Is what we would publish what a user can use? Packs the package, installs the tarball in an empty project (without this repository's
# `overrides`, which do not reach users), compiles a job against the shipped types with library checks on, and runs one
# TypeScript-compiled job, one JSON job and one embedded job there. Needs the registry; takes about half a minute.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

say() { printf '== %s\n' "$*"; }
fail() { printf 'check-package: %s\n' "$*" >&2; exit 1; }

say 'pack'
cd "$root"
npm pack --silent --pack-destination "$work" >/dev/null
tarball="$(echo "$work"/millrace-*.tgz)"
listing="$(tar -tzf "$tarball")"
for file in README.md LICENSE CHANGELOG.md package.json dist/index.js dist/index.d.ts dist/worker.js dist/driver.js \
  dist/testing/index.js dist/cli/main.js schema/job.schema.json; do
  grep -qx "package/$file" <<<"$listing" || fail "the tarball lacks $file"
done
if grep -E '^package/(src|test|examples|benchmarks|docs)/' <<<"$listing"; then fail 'the tarball holds files of the repository'; fi

say 'install in an empty project'
cp -R "$root/scripts/package-check" "$work/project"
cd "$work/project"
npm install --silent --no-audit --no-fund "$tarball"

say 'types: a job compiles against the shipped declarations, library checks on'
"$root/node_modules/.bin/tsc" -p . --typeRoots "$root/node_modules/@types" --types node

say 'a module and a job file give the same rows, from the command line'
npx --no-install millrace validate words.job.json
npx --no-install millrace run out/words.job.js --quiet
npx --no-install millrace run words.job.json --quiet
node compare.mjs module.jsonl file.jsonl 4

say 'embedded in a service, closed without leaving anything behind'
node --unhandled-rejections=strict out/service.js
node compare.mjs embedded.jsonl file.jsonl 4

say 'the package is usable'
