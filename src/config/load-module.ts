/**
 * The one place that loads user code. Loading a module runs it: only modules named by the job that somebody started get here.
 *
 * TypeScript is loaded by Node itself (22.18 and later), or through `tsx` where the user's project has it.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { OptionError, suggest, toReport } from '../model/index.ts';

export type ModuleExports = Readonly<Record<string, unknown>>;

const TYPESCRIPT = /\.[cm]?ts$/;

/** Throws `OptionError` (`ERR_MODULE`) that names the module. */
export async function loadModule(url: string): Promise<ModuleExports> {
  if (!url.startsWith('file:'))
    throw new OptionError(`${url} is not a file: URL; job modules are loaded from files only`);
  const shown = fileURLToPath(url);
  if (TYPESCRIPT.test(shown)) await prepareTypeScript(url, shown);
  try {
    return (await import(url)) as ModuleExports;
  } catch (error) {
    const { name, message } = toReport(error);
    const isMissing = (error as NodeJS.ErrnoException | null)?.code === 'ERR_MODULE_NOT_FOUND';
    const place = placeOfSyntaxError(error);
    const reason = isMissing ? message : `${name}: ${message}${place === undefined ? '' : ` (${place})`}`;
    throw new OptionError(`the module ${shown} could not be loaded: ${reason}`, [], {
      code: 'ERR_MODULE',
      cause: error,
    });
  }
}

/**
 * `FILE:LINE`, which Node writes above the message where it knows it: for CommonJS modules and imports of missing names, not
 * for the syntax of ES modules. The file may be another one, which the module imports.
 */
function placeOfSyntaxError(error: unknown): string | undefined {
  if (!(error instanceof SyntaxError)) return undefined;
  const [, place] = /^((?:file:|\/|[A-Za-z]:\\).*:\d+)\n/.exec(error.stack ?? '') ?? [];
  return place?.startsWith('file:') === true ? fileURLToPath(place) : place;
}

/** The own export `name`. Throws `OptionError` that names the exports there are. */
export function ownExport(exports: ModuleExports, name: string, shown: string): unknown {
  if (Object.hasOwn(exports, name)) return exports[name];
  const known = Object.keys(exports).sort();
  const meant = suggest(name, known);
  const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`;
  const list = known.length === 0 ? 'it exports nothing' : `it exports ${known.join(', ')}`;
  throw new OptionError(`${shown} has no export ${JSON.stringify(name)}: ${list}${hint}`, [], { code: 'ERR_MODULE' });
}

let isPrepared = false;

async function prepareTypeScript(url: string, shown: string): Promise<void> {
  const features = process.features as { readonly typescript?: unknown };
  if (isPrepared || (features.typescript !== undefined && features.typescript !== false)) return;
  let loader: string;
  try {
    loader = typeScriptLoaderOf(url);
  } catch (error) {
    throw new OptionError(
      `Node ${process.versions.node} cannot load the TypeScript module ${shown} by itself; install tsx beside it, compile it to JavaScript, or use Node 22.18 or later`,
      [],
      { code: 'ERR_MODULE', cause: error },
    );
  }
  const tsx = (await import(loader)) as { register(): unknown };
  tsx.register();
  isPrepared = true;
}

/**
 * URL of the loader's ES module. `require.resolve` would give the CommonJS one, which registers a file that the package
 * does not have.
 */
function typeScriptLoaderOf(url: string): string {
  const manifest = createRequire(url).resolve('tsx/package.json');
  const { exports } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    readonly exports: { readonly './esm/api': { readonly import: { readonly default: string } } };
  };
  return new URL(exports['./esm/api'].import.default, pathToFileURL(manifest)).href;
}
