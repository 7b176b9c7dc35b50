/** A directory in which a job of the rig lives: the built package by link, the compiled jobs, and what they read and write. */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { RIG_VARIABLE, type RigSettings } from '../../fixtures/recovery/rig-settings.ts';
import { builtPackage, REPOSITORY } from './built-package.ts';
import { JobProcess } from './job-process.ts';
import type { LaunchStyle } from './start-plan.ts';
import { TemporaryFolder } from './temporary-folder.ts';

export class Workspace extends TemporaryFolder {
  readonly stateDirectory: string;
  readonly #package: string;

  /** `packages` are linked from the repository's own `node_modules`. */
  constructor(name: string, packages: readonly string[] = []) {
    super(name);
    this.#package = builtPackage();
    this.stateDirectory = this.path('state');
    mkdirSync(this.path('node_modules'));
    symlinkSync(this.#package, this.path('node_modules/millrace'), 'dir');
    for (const name of packages)
      symlinkSync(join(REPOSITORY, 'node_modules', name), this.path(`node_modules/${name}`), 'dir');
    this.write('package.json', '{ "type": "module" }');
  }

  /** Copies a file of the build (compiled jobs are there) to a place in the workspace. */
  take(file: string, place: string = basename(file)): string {
    const target = this.path(place);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(this.#package, file), target);
    return target;
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
}
