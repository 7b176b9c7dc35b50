import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadJob, referenceTo } from '../../src/config/index.ts';
import { rehearsalPath } from '../../src/config/rehearse.ts';
import { comparableText } from '../../src/connectors/rehearsal-sink.ts';
import { compile, fingerprintOf } from '../../src/plan/index.ts';

const JOB = {
  name: 'late',
  state: { directory: 'data' },
  sources: { flights: { type: 'file', path: 'flights.jsonl', follow: true } },
  transforms: {
    counts: { type: 'aggregate', inputs: ['flights'], key: 'record.origin', values: { flights: 'count()' } },
  },
  sinks: {
    rows: { type: 'file', inputs: ['counts'], path: 'rows.jsonl' },
    latest: { type: 'table', inputs: ['counts'], key: 'record.key' },
  },
};

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-rehearse-'));
  writeFileSync(join(folder, 'late.json'), JSON.stringify(JOB));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a rehearsal', () => {
  it('has the graph of its job, files for sinks and paced sources', async () => {
    const reference = await referenceTo(join(folder, 'late.json'));
    const plan = (await loadJob(reference)).definition.build();

    const { definition, baseDirectory } = await loadJob({
      ...reference,
      rehearsal: { outputDirectory: join(folder, 'out'), recordsPerSecond: 100, records: 50 },
    });
    const rehearsed = definition.build();

    expect(baseDirectory).toBe(folder);
    expect(rehearsed.nodes.map(({ id, role, inputs }) => ({ id, role, inputs }))).toEqual(
      plan.nodes.map(({ id, role, inputs }) => ({ id, role, inputs })),
    );
    const byId = new Map(rehearsed.nodes.map((node) => [node.id, node]));
    for (const sink of ['rows', 'latest']) {
      const node = byId.get(sink)!;
      expect(node.role === 'sink' && node.connector.delivery).toBe('committed');
      expect(node.signature.identity).toMatchObject({
        type: 'rehearsal',
        path: rehearsalPath(join(folder, 'out'), sink),
      });
    }
    const source = byId.get('flights')!;
    expect(source.role === 'source' && source.connector.isBounded).toBe(true);
    expect(() => compile(rehearsed, { parallelism: 2, workers: 2, keyGroups: 128 })).not.toThrow();
  });

  it('is the same plan in every thread, and another one than the job (I9)', async () => {
    const reference = await referenceTo(join(folder, 'late.json'));
    const rehearsal = { outputDirectory: join(folder, 'out') };
    const fingerprint = async (given: typeof reference): Promise<string> =>
      fingerprintOf((await loadJob(given)).definition.build());

    const first = await fingerprint({ ...reference, rehearsal });

    expect(await fingerprint(structuredClone({ ...reference, rehearsal }))).toBe(first);
    expect(await fingerprint(reference)).not.toBe(first);
  });

  it('keeps outputs inside its folder, whatever a sink is called', () => {
    expect(rehearsalPath('/out', '../x/y')).toBe('/out/..%2Fx%2Fy.jsonl');
  });

  it('leaves a job file as it is', async () => {
    const before = readFileSync(join(folder, 'late.json'), 'utf8');

    await loadJob({ ...(await referenceTo(join(folder, 'late.json'))), rehearsal: { outputDirectory: folder } });

    expect(readFileSync(join(folder, 'late.json'), 'utf8')).toBe(before);
  });
});

describe('comparable text', () => {
  it('is JSON where JSON says it all', () => {
    expect(comparableText({ a: 1, b: 'x\u2028', c: [true, 'y'] })).toBe('{"a":1,"b":"x\u2028","c":[true,"y"]}');
  });

  it('tells apart what JSON would make one', () => {
    const values = [
      null,
      undefined,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      1,
      1n,
      '1',
      {},
      [],
      new Map(),
      new Map([['a', 1]]),
      new Map<unknown, unknown>([['a', 1n]]),
      new Set(),
      new Set([1]),
      new Uint8Array(),
      new Uint8Array([1, 2]),
      { a: null },
      { a: Number.NaN },
      { a: undefined, b: null },
      { b: null },
    ];

    const texts = values.map(comparableText);

    expect(new Set(texts).size).toBe(values.length);
    expect(texts.every((text) => !text.includes('\n'))).toBe(true);
  });
});
