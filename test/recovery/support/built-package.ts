/**
 * The package as its users get it: built from the sources at hand into a directory of its own, together with the jobs of the
 * recovery tests, compiled against the shipped types.
 *
 * The directory is named after the content of what it is made from: it is built once, shared by all test files, and never
 * stale. `MILLRACE_BUILT_PACKAGE` names another one (an unpacked tarball with its dependencies), which is only added to.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY: string = fileURLToPath(new URL('../../..', import.meta.url));

const COMPILER = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
/** Jobs and scripts that run outside the test process; the same places in the build. */
const FIXTURES = [
  'examples/flights/flights.job.ts',
  'test/fixtures/bounded/bounded-settings.ts',
  'test/fixtures/bounded/bounded.job.ts',
  'test/fixtures/bounded/run-bounded.ts',
  'test/fixtures/recovery/fault.ts',
  'test/fixtures/recovery/ledger-model.ts',
  'test/fixtures/recovery/ledger.job.ts',
  'test/fixtures/recovery/rig-settings.ts',
  'test/fixtures/recovery/run-job.ts',
  'test/fixtures/recovery/sensors-model.ts',
  'test/fixtures/recovery/sensors.job.ts',
];
const FIXTURE_FLAGS = [
  '--strict',
  '--target',
  'es2023',
  '--module',
  'nodenext',
  '--types',
  'node',
  '--skipLibCheck',
  '--rewriteRelativeImportExtensions',
];

const PREFIX = 'millrace-built-';
const OLD_MS = 12 * 3_600_000;

let found: string | undefined;

/** Absolute path of the package's root. Builds it when needed, which takes some seconds. */
export function builtPackage(): string {
  found ??= build();
  return found;
}

function build(): string {
  const directory = join(tmpdir(), `${PREFIX}${contentHash().slice(0, 16)}`);
  if (existsSync(directory)) return directory;
  const temporary = mkdtempSync(join(tmpdir(), 'millrace-building-'));
  const given = process.env['MILLRACE_BUILT_PACKAGE'];
  if (given === undefined) compile(['-p', 'tsconfig.build.json', '--outDir', join(temporary, 'dist')], REPOSITORY);
  else cpSync(join(given, 'dist'), join(temporary, 'dist'), { recursive: true });
  cpSync(join(REPOSITORY, 'package.json'), join(temporary, 'package.json'));
  symlinkSync(join(REPOSITORY, 'node_modules'), join(temporary, 'node_modules'), 'dir');
  for (const fixture of FIXTURES) {
    mkdirSync(join(temporary, fixture, '..'), { recursive: true });
    cpSync(join(REPOSITORY, fixture), join(temporary, fixture));
  }
  compile([...FIXTURE_FLAGS, ...FIXTURES], temporary);
  publish(temporary, directory);
  removeOld();
  return directory;
}

function compile(flags: readonly string[], directory: string): void {
  try {
    execFileSync(process.execPath, [COMPILER, ...flags], { cwd: directory, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout } = error as { readonly stdout?: string };
    throw new Error(`the package does not compile; run \`npm run build\`:\n${stdout ?? String(error)}`);
  }
}

/** Another test file may have been faster: then its build is used, which is the same. */
function publish(temporary: string, directory: string): void {
  try {
    renameSync(temporary, directory);
  } catch (error) {
    if (!existsSync(directory)) throw error;
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Builds of other sources that nobody can be using any more. */
function removeOld(): void {
  for (const name of readdirSync(tmpdir()).filter((name) => name.startsWith(PREFIX))) {
    const path = join(tmpdir(), name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY);
    if (age > OLD_MS) rmSync(path, { recursive: true, force: true });
  }
}

function contentHash(): string {
  const hash = createHash('sha256');
  const given = process.env['MILLRACE_BUILT_PACKAGE'];
  const origin = given === undefined ? join(REPOSITORY, 'src') : join(given, 'dist');
  const sources = readdirSync(origin, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const others = [...FIXTURES, 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
  for (const path of [...sources, ...others.map((file) => join(REPOSITORY, file))]) {
    hash.update(path).update('\0').update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}
