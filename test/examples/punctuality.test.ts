/**
 * The punctuality job on real input: driven in process, where what an epoch holds is the test's to say, and run by its script. Always
 * compared with a plain program that is told no more than which watermark was in force at each flight.
 */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Flight } from '../../examples/flights/flights.job.ts';
import { type TestJob, type TestJobOptions, testJobFile } from '../../src/testing/index.ts';
import { runMillrace, runNode } from '../support/run-millrace.ts';
import { TemporaryProject } from '../support/temporary-project.ts';
import {
  type PunctualityReference,
  runPunctualityReference,
  timeOf,
  watermarksByBatch,
  watermarksByRecord,
} from './punctuality-reference.ts';

const FOLDER: URL = new URL('../../examples/flights/', import.meta.url);
const DATA: URL = new URL('../../node_modules/vega-datasets/data/', import.meta.url);
const HOUR_MS = 3_600_000;
const SCRIPT = 'examples/flights/run-punctuality.js';
const FILES: readonly string[] = [
  'flights.job.ts',
  'progress.ts',
  'punctuality-patient.job.ts',
  'punctuality-summary.ts',
  'punctuality.job.json',
  'punctuality.job.ts',
  'punctuality.ts',
  'replay.ts',
  'run-punctuality.js',
  'summary.ts',
];

// A run of the script starts four threads, three of which load the TypeScript compiler on old Nodes.
vi.setConfig({ testTimeout: 120_000 });

interface Airport {
  readonly iata: string;
  readonly name: string;
  readonly state: string;
}

const airports: readonly Airport[] = readFileSync(new URL('airports.csv', DATA), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => /^([^,]+),("[^"]*"|[^,]*),("[^"]*"|[^,]*),([^,]*),/.exec(line)!)
  .map(([, iata, name, , state]) => ({ iata: iata!, name: name!.replaceAll('"', ''), state: state! }));
const placeOf: ReadonlyMap<string, Airport> = new Map(airports.map((airport) => [airport.iata, airport]));

/** In the order in which they left; those of one minute in the order of the schedule. */
const flights: readonly Flight[] = (
  JSON.parse(readFileSync(new URL('flights-20k.json', DATA), 'utf8')) as readonly Flight[]
)
  .map((flight) => ({ flight, departedAt: timeOf(flight) + flight.delay * 60_000 }))
  .toSorted((a, b) => a.departedAt - b.departedAt)
  .map(({ flight }) => flight);

type Outputs = Readonly<Record<keyof PunctualityReference, readonly unknown[]>>;

const inAnyOrder = (rows: readonly unknown[]): readonly string[] => rows.map((row) => JSON.stringify(row)).toSorted();

function expectOutputs(outputs: Outputs, { late, ...rows }: PunctualityReference): void {
  expect(inAnyOrder(outputs.late)).toEqual(inAnyOrder(late));
  for (const name of ['hours', 'worstHours', 'bursts'] as const) {
    const named = rows[name].map((row) => {
      const airport = placeOf.get(row.key)!;
      return { ...row, name: airport.name, state: airport.state };
    });
    expect(inAnyOrder(outputs[name]), name).toEqual(inAnyOrder(named));
  }
}

/** The last row of each airport and day is the one of the whole day. */
function expectWorstHoursInOrder(outputs: Outputs, reference: PunctualityReference): void {
  const lastOf = (rows: readonly unknown[]): Map<string, number> =>
    new Map(
      (rows as PunctualityReference['worstHours']).map((row) => [`${row.key} ${row.windowStart}`, row.hourStart]),
    );
  expect(lastOf(outputs.worstHours)).toEqual(lastOf(reference.worstHours));
}

const outputsOf = (job: TestJob): Outputs => ({
  hours: job.sink('hour-rows').committed(),
  worstHours: job.sink('worst-hour-rows').committed(),
  bursts: job.sink('burst-rows').committed(),
  late: job.sink('late-rows').committed(),
});

const lateOf = (job: TestJob): readonly number[] =>
  ['hours', 'sliding-hours', 'sessions'].map((node) => job.late(node));

const missedOf = ({ late }: PunctualityReference): readonly number[] =>
  ['hour', 'hours of the day', 'burst'].map((what) => late.filter(({ missed }) => missed === what).length);

async function drive(options: TestJobOptions, feed: (job: TestJob) => void): Promise<TestJob> {
  const job = await testJobFile(new URL('punctuality.job.json', FOLDER), options);
  job.source<Airport>('airports').addAll(airports).source('airports').end();
  feed(job);
  return job.end();
}

describe('the punctuality example', () => {
  test('has a reference that does not agree with just anything', () => {
    const reference = runPunctualityReference(flights, watermarksByRecord(flights, HOUR_MS));

    expect(flights).toHaveLength(20_000);
    expect(missedOf(reference)).toEqual([531, 280, 492]);
    expect(reference.hours).toHaveLength(17_046);
    expect(reference.bursts).toHaveLength(388);
    expect(missedOf(runPunctualityReference(flights, watermarksByRecord(flights, 10 * HOUR_MS)))).toEqual([0, 0, 0]);
  });

  test('is exact where the watermark rises behind every flight, whatever dies between two of them', async () => {
    const some = flights.slice(0, 1000);
    const reference = runPunctualityReference(some, watermarksByRecord(some, HOUR_MS));

    const job = await drive({ restoreEachStep: true }, (running) => {
      for (let from = 0; from < some.length; from += 50)
        running.source('departures').addAll(some.slice(from, from + 50));
    });

    expect(missedOf(reference).every((records) => records > 0)).toBe(true);
    expect(lateOf(job)).toEqual(missedOf(reference));
    expectOutputs(outputsOf(job), reference);
    expectWorstHoursInOrder(outputsOf(job), reference);
    job.close();
  });

  test.each(['continuous', 'microbatch'] as const)(
    'is exact in %s mode where it rises between batches, and both modes call the same flights late',
    async (mode) => {
      const batchRecords = 10;
      const some = flights.slice(0, 1500);
      const reference = runPunctualityReference(some, watermarksByBatch(some, HOUR_MS, batchRecords));

      const options = { watermark: { advance: 'epoch' } } as const;
      const job = await drive({ mode, epochs: 'manual', options }, (running) => {
        running.advanceEpoch();
        for (let from = 0; from < some.length; from += batchRecords) {
          running.source('departures').addAll(some.slice(from, from + batchRecords));
          running.advanceEpoch();
          if (mode === 'continuous') running.advanceEpoch();
        }
      });

      expect(missedOf(reference).every((records) => records > 0)).toBe(true);
      expect(lateOf(job)).toEqual(missedOf(reference));
      expectOutputs(outputsOf(job), reference);
      job.close();
    },
  );

  test('calls nothing late in one batch', async () => {
    const some = flights.slice(0, 1500);
    const reference = runPunctualityReference(some, new Array<number>(some.length).fill(Number.NEGATIVE_INFINITY));

    const job = await drive({ mode: 'microbatch', epochs: 'manual' }, (running) => {
      running.advanceEpoch();
      running.source('departures').addAll(some);
    });

    expect(lateOf(job)).toEqual([0, 0, 0]);
    expectOutputs(outputsOf(job), reference);
    job.close();
  });
});

describe('the script of the punctuality example', () => {
  let project: TemporaryProject;

  beforeEach(() => {
    project = new TemporaryProject(['vega-datasets', 'tsx']);
    for (const file of FILES) project.copy(`examples/flights/${file}`);
  });

  afterEach(() => project.remove());

  const outputsOfFiles = (): Outputs => ({
    hours: project.rows('examples/flights/replay/out/hours.jsonl'),
    worstHours: project.rows('examples/flights/replay/out/worst-hours.jsonl'),
    bursts: project.rows('examples/flights/replay/out/bursts.jsonl'),
    late: project.rows('examples/flights/replay/out/late.jsonl'),
  });

  test('writes what a plain program computes on whatever number of threads, and says when nothing is new', async () => {
    const reference = runPunctualityReference(flights, watermarksByRecord(flights, HOUR_MS));

    const first = await runNode(project.directory, SCRIPT);
    const again = await runNode(project.directory, SCRIPT, '--json', '--parallelism', '3');

    for (const result of [first, again]) {
      expect(result, result.stderr).toMatchObject({ exitCode: 0, stderr: '' });
      expect(result.stdout).toContain('372 minutes lost by 4 departures  DFW Dallas-Fort Worth International, TX');
      expect(result.stdout).toContain('The biggest of 388 bursts');
      expect(result.stdout).toContain('531 came when their hour was closed');
    }
    expect(again.stdout).toContain('Nothing new: all 23,376 departures and airports');
    expectOutputs(outputsOfFiles(), reference);
    expectWorstHoursInOrder(outputsOfFiles(), reference);
  });

  test('has one plan, with one fingerprint, as a module and as a job file; the patient one differs in the bound alone', async () => {
    const [module, patient, file] = await Promise.all(
      ['punctuality.job.ts', 'punctuality-patient.job.ts', 'punctuality.job.json'].map((job) =>
        runMillrace(project.directory, 'explain', `examples/flights/${job}`),
      ),
    );

    expect(module, module!.stderr).toMatchObject({ exitCode: 0 });
    expect(file!.stdout).toBe(module!.stdout);
    expect(patient!.stdout).toBe(module!.stdout.replace('3600000 ms out of order', '36000000 ms out of order'));
  });
});
