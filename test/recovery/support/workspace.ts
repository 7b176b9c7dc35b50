/** A directory in which a job of the rig lives: the built package by link, the compiled jobs, and what they read and write. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { RIG_VARIABLE, type RigSettings } from '../../fixtures/recovery/rig-settings.ts';
import { builtPackage, REPOSITORY } from './built-package.ts';
import { JobProcess } from './job-process.ts';
import type { LaunchStyle } from './start-plan.ts';

export class Workspace {
  readonly directory: string;
  readonly stateDirectory: string;
  readonly #package: string;

  /** `packages` are linked from the repository's own `node_modules`. */
  constructor(name: string, packages: readonly string[] = []) {
    this.#package = builtPackage();
    this.directory = mkdtempSync(join(tmpdir(), `millrace-${name}-`));
    this.stateDirectory = this.path('state');
    mkdirSync(this.path('node_modules'));
    symlinkSync(this.#package, this.path('node_modules/millrace'), 'dir');
    for (const name of packages)
      symlinkSync(join(REPOSITORY, 'node_modules', name), this.path(`node_modules/${name}`), 'dir');
    writeFileSync(this.path('package.json'), '{ "type": "module" }');
  }

  /** Absolute path of a file in the workspace. */
  path(file: string): string {
    return join(this.directory, file);
  }

  /** Copies a file of the build (compiled jobs are there) to a place in the workspace. */
  take(file: string, place: string = basename(file)): string {
    const target = this.path(place);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(this.#package, file), target);
    return target;
  }

  write(file: string, content: string | Uint8Array): string {
    const path = this.path(file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** `undefined` where there is no such file. */
  read(file: string): Buffer | undefined {
    const path = this.path(file);
    return existsSync(path) ? readFileSync(path) : undefined;
  }

  exists(file: string): boolean {
    return existsSync(this.path(file));
  }

  /** Names in a folder, sorted; of a file its own; none where there is nothing. */
  list(folder: string): readonly string[] {
    const path = this.path(folder);
    if (!existsSync(path)) return [];
    return statSync(path).isDirectory() ? readdirSync(path).sort() : [basename(folder)];
  }

  run(
    style: LaunchStyle,
    job: string,
    settings: RigSettings,
    environment: Readonly<Record<string, string>> = {},
  ): JobProcess {
    const parameters =
      style === 'command'
        ? [join(this.#package, 'dist/cli/main.js'), 'run', job, '--state', this.stateDirectory, '--quiet']
        : [join(this.#package, 'test/fixtures/recovery/run-job.js'), job, this.stateDirectory];
    return new JobProcess(parameters, this.directory, { ...environment, [RIG_VARIABLE]: JSON.stringify(settings) });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
