/** The ledger job with an input of its own, and what must be true of it between any two starts. */

import type { LedgerRow } from '../../fixtures/recovery/ledger-model.ts';
import type { RigSettings } from '../../fixtures/recovery/rig-settings.ts';
import { readCommittedLines } from './committed-lines.ts';
import { type CommittedState, nestedEntries, readCommittedState, valueEntries } from './committed-state.ts';
import type { JobProcess } from './job-process.ts';
import type { JobUnderTest } from './job-under-test.ts';
import { type InputSplit, type LedgerSize, makeLedgerInput } from './ledger-input.ts';
import { checkDeadLetters, checkLarge, checkRows, checkState, checkTables, expectLedger } from './ledger-oracle.ts';
import type { StartPlan } from './start-plan.ts';
import type { Complain } from './violations.ts';
import { Workspace } from './workspace.ts';

export class LedgerUnderTest implements JobUnderTest {
  readonly name = 'ledger';
  readonly workspace: Workspace;
  readonly input: readonly InputSplit[];
  readonly #job: string;

  constructor(seed: number, size: LedgerSize = { transfers: 700, postings: 350 }) {
    this.workspace = new Workspace(this.name);
    this.input = makeLedgerInput(seed, size);
    for (const { path, bytes } of this.input) this.workspace.write(path, bytes);
    for (const file of ['fault', 'ledger-model', 'rig-settings']) {
      this.workspace.take(`test/fixtures/recovery/${file}.js`);
    }
    this.#job = this.workspace.take('test/fixtures/recovery/ledger.job.js');
  }

  get directory(): string {
    return this.workspace.directory;
  }

  get stateDirectory(): string {
    return this.workspace.stateDirectory;
  }

  start(plan: Pick<StartPlan, 'style' | 'settings'>, environment: Readonly<Record<string, string>> = {}): JobProcess {
    const settings: RigSettings = plan.settings;
    return this.workspace.run(plan.style, this.#job, settings, environment);
  }

  async checkCut(complain: Complain): Promise<void> {
    await this.#check(complain);
  }

  /** Of all committed epochs. */
  async recordsRead(): Promise<number> {
    const committed = await readCommittedState(this.stateDirectory, []);
    return committed?.manifest?.totals.recordsRead ?? 0;
  }

  async checkComplete(complain: Complain): Promise<void> {
    const committed = await this.#check(complain);
    if (committed?.manifest?.isComplete !== true) complain('the manifest does not say that the job is complete');
    for (const { source, path, bytes } of this.input) {
      const offset = offsetOf(committed, source, path);
      if (offset !== bytes.length) complain(`${path} was read up to ${offset} of ${bytes.length} bytes`);
    }
    for (const name of committed?.pending ?? []) complain(`${name} was left behind in the pending output`);
    const strangers = this.workspace.list('').filter((name) => name.includes('state') && name !== 'state');
    for (const name of strangers.filter((name) => !name.endsWith('.js'))) complain(`${name} was left behind`);
  }

  faultsHappened(): number {
    return this.workspace.list('').filter((name) => name.startsWith('fault-')).length;
  }

  remove(): void {
    this.workspace.remove();
  }

  async #check(complain: Complain): Promise<CommittedState | undefined> {
    const committed = await readCommittedState(this.stateDirectory, ['balances', 'branches']);
    const { manifest, entries = [], tables, deadLetters = [] } = committed ?? {};
    for (const problem of committed?.problems ?? []) complain(`verify: ${problem}`);
    const readUpTo = new Map(this.input.map(({ source, path }) => [path, offsetOf(committed, source, path)]));
    const expected = expectLedger(this.input, readUpTo);
    const rows = readCommittedLines<LedgerRow>(this.workspace, 'out/rows.jsonl', manifest?.tokens['rows'], complain);
    const large = readCommittedLines<LedgerRow>(this.workspace, 'out/large', manifest?.tokens['large'], complain);
    checkRows(rows.rows, expected, rows.isPart, complain);
    checkLarge(large.rows, expected, large.isPart, complain);
    const visible = rows.isPart ? undefined : rows.rows;
    checkState(stateOf(entries), expected, visible, complain);
    const balances = tables?.get('balances') ?? new Map();
    checkTables({ balances, branches: tables?.get('branches') ?? new Map() }, expected, visible, complain);
    checkDeadLetters(deadLetters, expected, complain);
    const { recordsRead = 0, deadLetters: refused = 0 } = manifest?.totals ?? {};
    if (recordsRead !== expected.recordsRead)
      complain(`the manifest counts ${recordsRead} records, should be ${expected.recordsRead}`);
    if (refused !== expected.deadLetters.size)
      complain(`the manifest counts ${refused} dead letters, should be ${expected.deadLetters.size}`);
    return committed;
  }
}

function offsetOf(committed: CommittedState | undefined, source: string, path: string): number {
  const offset = committed?.manifest?.offsets[source]?.[path];
  return typeof offset === 'object' ? Number(offset['offset']) : 0;
}

function stateOf(entries: CommittedState['entries']): Parameters<typeof checkState>[0] {
  const history = [...nestedEntries(entries, 'ledger', 'history')];
  return {
    total: valueEntries(entries, 'ledger', 'total'),
    history: new Map(history.map(([key, items]) => [key, [...items.values()]])),
    bySplit: nestedEntries(entries, 'ledger', 'bySplit'),
    marks: nestedEntries(entries, 'ledger', 'marks'),
  };
}
