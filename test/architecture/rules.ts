/**
 * The architecture of Millrace as data: who may import whom, where each package, built-in module and global lives, which
 * constructs are banned, how long things may be. `check.ts` applies it; nothing here decides anything.
 *
 * A **unit** is a folder of `src` (`storage`), `index.ts`, or `(roots)`: all other files directly in `src`, which are the
 * composition roots of the threads and their parts. A **home** is a unit or one file (`model/system-clock.ts`). Every `use` sentence says what to write instead: it becomes the end of the
 * failure message.
 */

/** One row of the layer table. */
export interface Layer {
  readonly number: number;
  readonly units: readonly string[];
  /** Units these may import besides themselves. */
  readonly mayImport: readonly string[];
  readonly use: string;
}

/** Something that may be used only in certain places. No homes: nowhere. */
export interface Home {
  /** A package (`lmdb`, `@scope/name`), a built-in (`node:fs`), or a dotted global (`Date.now`). */
  readonly name: string;
  readonly homes: readonly string[];
  readonly use: string;
  /** Only for modules: the restriction is on these exports alone. */
  readonly exports?: readonly string[];
}

/** Syntax that no source file may contain, but for the exceptions. `check.ts` knows how to find each. */
export interface Ban {
  readonly construct: Construct;
  readonly use: string;
  /** Files in which it stands for a reason that is written there. */
  readonly exceptions?: readonly string[];
}

export type Construct =
  | 'any'
  | 'enum'
  | 'namespace'
  | 'default-export'
  | 'parameter-property'
  | 'suppression'
  | 'to-do'
  | 'export-star-from-public-index'
  | 'import-without-extension';

export const ROOTS = '(roots)';
const VOCABULARY = ['model', 'codec'] as const;
const PARTS = ['operators', 'connectors', 'channels', 'actors', 'storage'] as const;
const UP_TO_EXECUTION = [...VOCABULARY, ...PARTS, 'plan', 'execution'] as const;
const ENGINES = ['continuous', 'microbatch'] as const;
const UP_TO_ROOTS = [...UP_TO_EXECUTION, ...ENGINES, ROOTS, 'config', 'testing'] as const;

const MEET_BY_INJECTION =
  'take what you need as a parameter typed in `model`, and let a composition root (launch.ts, driver.ts, worker.ts) pass it in';

export const LAYERS: readonly Layer[] = [
  { number: 0, units: ['model'], mayImport: [], use: 'the vocabulary stands alone: move the shared type into `model`' },
  {
    number: 0,
    units: ['codec'],
    mayImport: ['model'],
    use: 'bytes know the vocabulary and nothing else: let the caller pass values in and take bytes out',
  },
  { number: 1, units: PARTS, mayImport: VOCABULARY, use: MEET_BY_INJECTION },
  {
    number: 2,
    units: ['plan'],
    mayImport: [...VOCABULARY, 'operators', 'connectors'],
    use: 'a plan says what to run, not how: leave channels, storage and threads to `execution`',
  },
  {
    number: 3,
    units: ['execution'],
    mayImport: [...VOCABULARY, ...PARTS, 'plan'],
    use: 'what both engines share knows neither of them: take the engine as a parameter',
  },
  {
    number: 4,
    units: ENGINES,
    mayImport: UP_TO_EXECUTION,
    use: 'engines never import each other: move what both need into `execution`',
  },
  {
    number: 5,
    units: ['config'],
    mayImport: [...UP_TO_EXECUTION, ...ENGINES],
    use: 'move the shared part into a lower layer, or let a composition root pass it in',
  },
  {
    number: 5,
    units: ['testing'],
    mayImport: [...UP_TO_EXECUTION, ...ENGINES, 'config'],
    use: 'the test kit drives engines and loads job files; roots and commands stay outside',
  },
  {
    number: 5,
    units: [ROOTS],
    mayImport: [...UP_TO_EXECUTION, ...ENGINES, 'config'],
    use: 'a root composes layers 0 to 4 and the job loader; test kits and commands stay outside',
  },
  {
    number: 6,
    units: ['index.ts'],
    mayImport: UP_TO_ROOTS,
    use: 'the public surface does not know its commands: export what they need from a lower layer',
  },
  {
    number: 6,
    units: ['compare'],
    mayImport: [...UP_TO_ROOTS, 'index.ts'],
    use: 'a comparison knows no terminal: hand text for people in, and let `cli` show what comes out',
  },
  {
    number: 6,
    units: ['cli', 'dashboard'],
    mayImport: [...UP_TO_ROOTS, 'index.ts', 'compare'],
    use: 'commands and pages stand on the public surface, not on each other',
  },
];

/** Every package that `src` imports, with its one home. A package without a row is an error. */
export const PACKAGES: readonly Home[] = [
  { name: 'msgpackr', homes: ['codec'], use: 'encodeValue/decodeValue and the frame codecs of `codec`' },
  { name: 'lmdb', homes: ['storage'], use: 'the stores of `storage` through the ports in `model`' },
  { name: 'comlink', homes: ['actors'], use: 'the control plane of `actors`' },
  { name: 'piscina', homes: ['microbatch'], use: 'the stage runner of `microbatch`' },
  { name: 'hdr-histogram-js', homes: ['execution'], use: 'the metrics of `execution`' },
  { name: 'zod', homes: ['config'], use: 'the validated options that `config` returns' },
  // Never imported: its text is put into the page of a report.
  { name: 'uplot', homes: ['compare'], use: 'the report of `compare`' },
  { name: '@marcbachmann/cel-js', homes: ['config'], use: 'compiled expressions of `config`' },
];

const CLOCK = 'the injected `Clock` of model/time.ts';
const RANDOM = 'a seeded generator, or a value passed in by a composition root';
const FILES = ['connectors', 'storage', 'config', 'compare', 'cli', ROOTS];

/** Built-in modules with a home. Those without a row (`node:path`, `node:zlib`, `node:url`, ...) are free. */
export const BUILTINS: readonly Home[] = [
  {
    name: 'node:fs',
    homes: FILES,
    use: 'a port: files are opened at the edge (connectors, storage, config, compare, cli)',
  },
  {
    name: 'node:fs/promises',
    homes: FILES,
    use: 'a port: files are opened at the edge (connectors, storage, config, compare, cli)',
  },
  { name: 'node:worker_threads', homes: ['actors', ROOTS], use: 'the worker pool and ports of `actors`' },
  { name: 'node:perf_hooks', homes: ['model/system-clock.ts', ROOTS], use: CLOCK },
  { name: 'node:timers', homes: ['model/system-clock.ts'], use: CLOCK },
  { name: 'node:timers/promises', homes: ['model/system-clock.ts'], use: CLOCK },
  { name: 'node:process', homes: [], use: 'the global `process`, so that these rules can see each use' },
  {
    name: 'node:crypto',
    exports: ['randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID', 'getRandomValues', 'webcrypto'],
    // storage/owner-probe.ts: two claims on one directory must differ, whatever seed their jobs have.
    homes: ['storage/owner-probe.ts', ROOTS],
    use: RANDOM,
  },
  { name: 'node:vm', homes: [], use: 'CEL expressions or a module reference: Millrace never evaluates text as code' },
  // compare/run-trial.ts: a trial has CPU time and memory of its own, and is killed (design note: comparisons run in rehearsals).
  { name: 'node:child_process', homes: ['compare/run-trial.ts'], use: 'worker threads: a job starts no process' },
  { name: 'node:cluster', homes: [], use: 'worker threads: Millrace starts no process' },
  { name: 'node:http', homes: ['dashboard'], use: 'the host service: Millrace opens no port unless asked' },
  { name: 'node:https', homes: ['dashboard'], use: 'the host service: Millrace opens no port unless asked' },
  { name: 'node:net', homes: ['dashboard'], use: 'the host service: Millrace opens no port unless asked' },
];

/** Globals with a home. A row covers its members too: `performance` covers `performance.now`. */
export const GLOBALS: readonly Home[] = [
  { name: 'Atomics', homes: ['channels'], use: 'the ports of model/waiting.ts, implemented in `channels`' },
  { name: 'SharedArrayBuffer', homes: ['channels'], use: 'an allocation function of `channels`' },
  { name: 'Date.now', homes: ['model/system-clock.ts', ROOTS], use: CLOCK },
  { name: 'new Date()', homes: ['model/system-clock.ts', ROOTS], use: `${CLOCK} (new Date(clock.now()))` },
  { name: 'Date()', homes: [], use: CLOCK },
  { name: 'performance', homes: ['model/system-clock.ts', ROOTS], use: CLOCK },
  { name: 'process.hrtime', homes: ['model/system-clock.ts'], use: CLOCK },
  { name: 'process.uptime', homes: [], use: CLOCK },
  { name: 'setTimeout', homes: ['model/system-clock.ts', ROOTS], use: `${CLOCK} (clock.schedule)` },
  { name: 'setInterval', homes: [ROOTS], use: `${CLOCK} (clock.schedule)` },
  {
    name: 'setImmediate',
    homes: ['actors', 'testing', ROOTS],
    use: 'a step that returns: the worker loop of `actors` yields',
  },
  { name: 'AbortSignal.timeout', homes: [ROOTS], use: `${CLOCK} (clock.schedule and an AbortController)` },
  { name: 'Math.random', homes: [ROOTS], use: RANDOM },
  { name: 'crypto', homes: [ROOTS], use: RANDOM },
  { name: 'process.exit', homes: ['cli'], use: 'a thrown error or `process.exitCode`: a library never ends its host' },
  { name: 'process.abort', homes: [], use: 'a thrown error: a library never ends its host' },
  // storage/owner-probe.ts sends signal 0: whether the owner of a lock still runs.
  { name: 'process.kill', homes: ['crash-point.ts', 'storage/owner-probe.ts'], use: 'a cooperative stop' },
  // compare/trial-process.ts is the entry of a process, and talks to its parent.
  {
    name: 'process.on',
    homes: ['cli', 'compare/trial-process.ts', ROOTS],
    use: 'the job handle: a library installs no signal handlers',
  },
  {
    name: 'process.once',
    homes: ['cli', 'compare/trial-process.ts', ROOTS],
    use: 'the job handle: a library installs no signal handlers',
  },
  { name: 'process.env', homes: ['cli', ROOTS], use: 'an option, resolved once at the root' },
  { name: 'process.argv', homes: ['cli'], use: 'an option, resolved once at the root' },
  { name: 'process.chdir', homes: [], use: 'paths resolved against the base directory of the job' },
  { name: 'process.stdout', homes: ['cli'], use: 'an injected output: a library prints nothing' },
  { name: 'process.stderr', homes: ['cli'], use: 'an injected output: a library prints nothing' },
  { name: 'console', homes: ['cli'], use: 'an injected log or an event: a library prints nothing' },
  { name: 'eval', homes: [], use: 'CEL expressions or a module reference' },
  { name: 'Function', homes: [], use: 'CEL expressions or a module reference' },
  { name: 'fetch', homes: [], use: 'a connector with a port of its own' },
  { name: 'import()', homes: ['config', ROOTS], use: 'a static import; job modules are loaded by `config`' },
  { name: 'require', homes: [], use: 'an import' },
];

export const BANS: readonly Ban[] = [
  {
    construct: 'any',
    use: '`unknown` and a check, or a type parameter',
    // Records of a file whose type nobody has stated: what `JSON.parse` returns.
    exceptions: ['connectors/file-source/file-source-options.ts'],
  },
  { construct: 'enum', use: 'a union of string literals' },
  { construct: 'namespace', use: 'a file of its own' },
  { construct: 'default-export', use: 'a named export, the name of the file' },
  { construct: 'parameter-property', use: 'a declared field, assigned in the constructor' },
  {
    construct: 'suppression',
    use: 'types that hold: @ts-ignore, @ts-nocheck and @ts-expect-error hide the next mistake too',
  },
  { construct: 'to-do', use: 'the finished thing, or an issue in the tracker' },
  {
    construct: 'export-star-from-public-index',
    use: 'explicit names, so that a change of the public surface is a diff',
  },
  { construct: 'import-without-extension', use: 'the full file name, ending in .ts' },
];

export const FILE_LINES_MAX = 400;
export const FUNCTION_LINES_MAX = 70;
/** `name.ts`, or `name.d.ts`; all lower case, words joined by hyphens. */
export const FILE_NAME: RegExp = /^[a-z][a-z0-9]*(-[a-z0-9]+)*(\.d)?\.c?ts$/;
export const FOLDER_NAME: RegExp = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
