/**
 * The flights example as it is, on the real file, and what must be true of it between any two starts. It is started now as a
 * module, now as a job file: both are one job.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from './built-package.ts';
import { readCommittedLines } from './committed-lines.ts';
import { type CommittedState, readCommittedState, valueEntries } from './committed-state.ts';
import {
  type AirportRow,
  checkSequences,
  expectFlights,
  type Flight,
  type FlightsExpectation,
  readFlights,
} from './flights-oracle.ts';
import type { JobProcess } from './job-process.ts';
import type { JobUnderTest } from './job-under-test.ts';
import type { StartPlan } from './start-plan.ts';
import type { Complain } from './violations.ts';
import { Workspace } from './workspace.ts';

const DATA = readFileSync(join(REPOSITORY, 'node_modules/vega-datasets/data/flights-20k.json'));
const FLIGHTS = readFlights(DATA);
const FOLDER = 'examples/flights';
const JOB_FILE = JSON.parse(readFileSync(join(REPOSITORY, FOLDER, 'flights.job.json'), 'utf8')) as object;
/** The module with the options of a start. */
const START_MODULE = `export { default } from './flights.job.js';
export const options = JSON.parse(process.env.MILLRACE_RIG ?? '{}').options ?? {};
`;

export class FlightsUnderTest implements JobUnderTest {
  readonly name = 'flights';
  readonly workspace: Workspace;
  readonly #module: string;

  constructor() {
    this.workspace = new Workspace(this.name, ['vega-datasets']);
    this.workspace.take(`${FOLDER}/flights.job.js`, `${FOLDER}/flights.job.js`);
    this.#module = this.workspace.write(`${FOLDER}/start.job.js`, START_MODULE);
  }

  get directory(): string {
    return this.workspace.directory;
  }

  get stateDirectory(): string {
    return this.workspace.stateDirectory;
  }

  start(
    plan: Pick<StartPlan, 'style' | 'settings' | 'form'>,
    environment: Readonly<Record<string, string>> = {},
  ): JobProcess {
    const { form, settings, style } = plan;
    return this.workspace.run(
      style,
      form === 0 ? this.#module : this.#jobFile(settings.options),
      settings,
      environment,
    );
  }

  async checkCut(complain: Complain): Promise<void> {
    await this.#check(complain);
  }

  async checkComplete(complain: Complain): Promise<void> {
    const committed = await this.#check(complain);
    if (committed?.manifest?.isComplete !== true) complain('the manifest does not say that the job is complete');
    const recordsRead = committed?.manifest?.totals.recordsRead;
    if (recordsRead !== FLIGHTS.flights.length)
      complain(`${recordsRead} of ${FLIGHTS.flights.length} flights were read`);
    for (const name of committed?.pending ?? []) complain(`${name} was left behind in the pending output`);
  }

  /** Its code is that of the example. */
  faultsHappened(): number {
    return 0;
  }

  remove(): void {
    this.workspace.remove();
  }

  #jobFile(options: object | undefined): string {
    return this.workspace.write(`${FOLDER}/start.job.json`, JSON.stringify({ ...JOB_FILE, ...options }));
  }

  async #check(complain: Complain): Promise<CommittedState | undefined> {
    const committed = await readCommittedState(this.stateDirectory, []);
    const { manifest, entries = [] } = committed ?? {};
    for (const problem of committed?.problems ?? []) complain(`verify: ${problem}`);
    const expected = expectFlights(FLIGHTS, offsetOf(committed));
    const airports = readCommittedLines<AirportRow>(
      this.workspace,
      `${FOLDER}/out/airports.jsonl`,
      manifest?.tokens['airport-rows'],
      complain,
    );
    const heavy = readCommittedLines<Flight>(
      this.workspace,
      `${FOLDER}/out/heavy-delays.jsonl`,
      manifest?.tokens['heavy-delays'],
      complain,
    );
    checkSequences('rows', airports.rows, (row) => row.key, expected.rows, airports.isPart, complain);
    checkSequences('heavy delays', heavy.rows, (row) => row.origin, expected.heavy, heavy.isPart, complain);
    checkAccumulators(valueEntries(entries, 'airports', 'accumulators'), expected, complain);
    const recordsRead = manifest?.totals.recordsRead ?? 0;
    if (recordsRead !== expected.recordsRead)
      complain(`the manifest counts ${recordsRead} records, should be ${expected.recordsRead}`);
    for (const { split, offset } of committed?.deadLetters ?? [])
      complain(`there should be no dead letter ${split}@${offset}`);
    return committed;
  }
}

function offsetOf(committed: CommittedState | undefined): number {
  const [offset] = Object.values(committed?.manifest?.offsets['departures'] ?? {});
  return typeof offset === 'object' ? Number(offset['offset']) : 0;
}

/** Count, sum and maximum of each airport, in the alphabetical order of their fields. */
function checkAccumulators(
  accumulators: ReadonlyMap<string, unknown>,
  expected: FlightsExpectation,
  complain: Complain,
): void {
  for (const key of accumulators.keys()) if (!expected.rows.has(key)) complain(`there should be no state of ${key}`);
  for (const [key, rows] of expected.rows) {
    const { flights, meanDelay, worstDelay } = rows.at(-1)!;
    const wanted = JSON.stringify([flights, [Math.round(meanDelay * flights), 0, flights], worstDelay]);
    const found = JSON.stringify(accumulators.get(key));
    if (found !== wanted) complain(`the state of ${key} is ${found}, should be ${wanted}`);
  }
}
