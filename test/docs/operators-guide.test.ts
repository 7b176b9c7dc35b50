/** The examples of docs/operators.md compile, are planned, and are the same jobs in TypeScript and JSON. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadJobFile } from '../../src/config/index.ts';
import { defineJob, sinks } from '../../src/index.ts';
import type { LogicalPlan } from '../../src/plan/index.ts';
import { EXAMPLES, streamsOf } from './operators-guide.examples.ts';

const ROOT = new URL('../../', import.meta.url);
const guide = readFileSync(new URL('docs/operators.md', ROOT), 'utf8');
const examples = readFileSync(new URL('test/docs/operators-guide.examples.ts', ROOT), 'utf8');

const blocks = (kind: string): readonly string[] =>
  [...guide.matchAll(/^```(.+)\n([\s\S]*?)^```$/gm)].flatMap(([, language, text]) =>
    language === kind ? [text!] : [],
  );

const withoutIndent = (text: string): string => text.replace(/^ +/gm, '');

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-guide-'));
  writeFileSync(join(directory, 'ask.mjs'), 'export const ask = async (record) => record;\n');
  writeFileSync(join(directory, 'quiet.mjs'), 'export const quiet = { process() {}, onTimer() {} };\n');
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function planOfTypeScript(): LogicalPlan {
  return defineJob('guide', (job) => {
    const streams = streamsOf(job);
    const made = Object.values(EXAMPLES).flatMap((example) => example(streams)) as (typeof streams.flights)[];
    for (const [index, stream] of made.entries()) stream.to(`out-${index}`, sinks.discard());
    streams.landed.to('landings-too', sinks.discard());
  }).build();
}

async function planOfJson(): Promise<LogicalPlan> {
  const timed = (name: string, field: string): object => ({
    [name]: { type: 'file', path: `${name}.jsonl`, eventTime: { field } },
  });
  const sources = Object.assign({}, ...blocks('json sources').map((block) => JSON.parse(block)));
  const transforms = Object.assign({}, ...blocks('json transforms').map((block) => JSON.parse(block)));
  const job = {
    name: 'guide',
    sources: { ...sources, ...timed('flights', 'date'), ...timed('airports', 'since'), ...timed('landings', 'date') },
    transforms,
    sinks: { out: { type: 'discard', inputs: [...Object.keys(transforms), ...Object.keys(sources)] } },
  };
  const loaded = await loadJobFile({ path: join(directory, 'job.json'), text: JSON.stringify(job) });
  return loaded.definition.build();
}

/** What the operators of a plan are like, whatever they are called. */
function operatorsOf(plan: LogicalPlan): readonly unknown[] {
  const nodes = plan.nodes.filter(({ kind, role }) => role === 'operator' && kind !== 'keyBy' && kind !== 'filter');
  return nodes.map(({ kind, label, signature }) => ({ kind, label, identity: signature.identity })).sort(compareText);
}

function compareText(a: unknown, b: unknown): number {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

describe('the guide to operators', () => {
  it('has only TypeScript that is compiled, and all of it', () => {
    const typescript = blocks('ts');

    expect(typescript).toHaveLength(Object.keys(EXAMPLES).length);
    for (const block of typescript) expect(withoutIndent(examples)).toContain(withoutIndent(block));
  });

  it('shows the same operators in TypeScript and in JSON', async () => {
    const [inTypeScript, inJson] = [operatorsOf(planOfTypeScript()), operatorsOf(await planOfJson())];

    const withoutStates = (operators: readonly unknown[]) =>
      operators.filter((operator) => (operator as { kind: string }).kind !== 'process');
    expect(withoutStates(inJson)).toEqual(withoutStates(inTypeScript));
    expect(inJson).toHaveLength(inTypeScript.length);
  });
});
