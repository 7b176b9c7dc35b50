/** What the command checks before anything runs, what it shows, and what it leaves behind. The comparison itself is a double. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareCommand } from '../../src/cli/compare-command.ts';
import { decideErrorExitCode } from '../../src/cli/decide-exit-code.ts';
import type { ComparisonPorts, ComparisonRequest } from '../../src/compare/compare-modes.ts';
import type { Comparison } from '../../src/compare/comparison.ts';
import { CancelledError } from '../../src/model/index.ts';
import { sampleComparison } from '../compare/sample-comparison.ts';
import { FakePorts } from './fake-ports.ts';

const JOB = {
  name: 'late',
  sources: { flights: { type: 'file', path: 'flights.jsonl' } },
  transforms: { late: { type: 'filter', inputs: ['flights'], where: 'record.delay > 15' } },
  sinks: { out: { type: 'file', inputs: ['late'], path: 'out.jsonl' }, all: { type: 'discard', inputs: ['flights'] } },
};

let folder: string;
let ports: FakePorts;
let requests: ComparisonRequest[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-command-'));
  writeFileSync(join(folder, 'late.json'), JSON.stringify(JOB));
  ports = new FakePorts();
  requests = [];
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command with a comparison that finds `found`. */
function compare(
  given: Readonly<Record<string, string | true>>,
  found: Comparison = sampleComparison(),
): Promise<number> {
  return compareCommand(join(folder, 'late.json'), given, ports, async (request, { onProgress }) => {
    requests.push(request);
    writeFileSync(join(request.directory, 'witness'), '');
    onProgress({ step: 1, steps: 6, what: 'continuous: as fast as possible' });
    return found;
  });
}

async function refusal(given: Readonly<Record<string, string | true>>): Promise<string> {
  const thrown = await compare(given).then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  expect(decideErrorExitCode(thrown)).toBe(2);
  expect(requests).toEqual([]);
  return thrown!.message;
}

describe('millrace compare', () => {
  it('asks for the job as it is, in both modes, and shows the table', async () => {
    const code = await compare({ rate: '500', duration: '2', intervals: '250' });

    const [request] = requests;
    expect(code).toBe(0);
    expect(request).toMatchObject({
      job: 'late',
      sources: 1,
      sinks: ['out', 'all'],
      recordsPerSecond: 500,
      durationMs: 2000,
    });
    expect(request!.withCurve).toBe(false);
    expect(request!.variants.map(({ id }) => id)).toEqual(['continuous', 'microbatch-asap', 'microbatch-250ms']);
    expect(ports.out).toMatch(/^flights: the committed outputs are the same, every row, /);
    expect(ports.err).toBe('run 1 of 6: continuous: as fast as possible\n');
  });

  it('works in a folder of its own, which is gone afterwards, and touches nothing else', async () => {
    await compare({});

    expect(existsSync(requests[0]!.directory)).toBe(false);
    expect(readdirSync(folder)).toEqual(['late.json']);
    expect(ports.listeners).toBe(0);
  });

  it('keeps the folder that was asked for', async () => {
    await compare({ keep: join(folder, 'kept') });

    expect(requests[0]).toMatchObject({ directory: join(folder, 'kept'), isKept: true });
    expect(readdirSync(join(folder, 'kept'))).toEqual(['witness']);
    expect(ports.err).toContain(`outputs and state are in ${join(folder, 'kept')}\n`);
  });

  it('ends with 1 when outputs differ, and gives everything as one line of JSON', async () => {
    const found = sampleComparison(undefined, { equal: false, level: 'different' });

    const code = await compare({ json: true }, found);

    expect(code).toBe(1);
    expect(ports.out.endsWith('}\n')).toBe(true);
    expect(JSON.parse(ports.out)).toEqual(JSON.parse(JSON.stringify(found)));
  });

  it('writes a report, for which curves are measured', async () => {
    const report = join(folder, 'page.html');

    await compare({ report });

    expect(requests[0]!.withCurve).toBe(true);
    expect(readFileSync(report, 'utf8')).toMatch(/^<!doctype html>/);
    expect(ports.err).toContain(`report written to ${report}\n`);
  });

  it('rewrites one line on a terminal', async () => {
    ports.isInteractive = true;

    await compare({});

    expect(ports.err).toMatch(/^\rrun 1 of 6: continuous: as fast as possible {2}0 ms\r +\r$/);
  });

  it('refuses a report that cannot be written before anything is run', async () => {
    mkdirSync(join(folder, 'page.html'));

    expect(await refusal({ report: join(folder, 'page.html') })).toMatch(/is a directory, not a file$/);
    expect(await refusal({ report: join(folder, 'none', 'page.html') })).toMatch(
      /cannot be written \(ENOENT\); nothing was run$/,
    );
  });

  it('refuses to keep anything in a folder that is used', async () => {
    expect(await refusal({ keep: folder })).toMatch(/must be empty or not there$/);
    expect(await refusal({ keep: join(folder, 'late.json') })).toMatch(/cannot be used \(ENOTDIR\)$/);
  });

  it('refuses a job that is wrong, and options that do not fit it', async () => {
    expect(await refusal({ workers: '999' })).toMatch(/workers/);

    writeFileSync(join(folder, 'late.json'), JSON.stringify({ ...JOB, transforms: {} }));
    expect(await refusal({})).toMatch(/late/);
  });

  it('wants to know how much of an endless source to compare over', async () => {
    const endless = { ...JOB, sources: { flights: { type: 'file', path: 'flights.jsonl', follow: true } } };
    writeFileSync(join(folder, 'late.json'), JSON.stringify(endless));

    expect(await refusal({})).toBe(
      'job late never ends by itself, because of its source flights; say with --records N how many records of each source to compare over',
    );
    expect(await compare({ records: '100' })).toBe(0);
    expect(requests[0]!.records).toBe(100);
  });

  it('ends its runs on a signal, removes its folder, and ends with the code of the signal', async () => {
    let directory = '';
    const waiting = async (request: ComparisonRequest, { signal }: ComparisonPorts): Promise<Comparison> => {
      directory = request.directory;
      ports.signal('SIGINT');
      expect(signal.aborted).toBe(true);
      throw new CancelledError('the comparison was stopped');
    };

    const code = await compareCommand(join(folder, 'late.json'), {}, ports, waiting);

    expect(code).toBe(130);
    expect(directory).not.toBe('');
    expect(existsSync(directory)).toBe(false);
    expect(ports.err).toContain('SIGINT: ending the runs; once more ends at once');
  });
});
