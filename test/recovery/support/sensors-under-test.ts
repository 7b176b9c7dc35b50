/** The sensors job with an input of its own, and what must be true of it between any two starts. */
import type { Alarm, Gauged, Joined, Reminder } from '../../fixtures/recovery/sensors-model.ts';
import { type CommittedLines, readCommittedLines } from './committed-lines.ts';
import { type CommittedState, readCommittedState } from './committed-state.ts';
import type { JobProcess } from './job-process.ts';
import type { JobUnderTest } from './job-under-test.ts';
import { makeSensorsInput, type SensorSplit, type SensorsInput, type SensorsSize } from './sensors-input.ts';
import { checkBag, checkWithoutStrays, expectSensors, type StrayRow, type WindowRow } from './sensors-oracle.ts';
import type { StartPlan } from './start-plan.ts';
import type { Complain } from './violations.ts';
import { Workspace } from './workspace.ts';

/** States that stay: what has a time to live is removed when that is over. */
const LASTING_STATES = ['recent'];

export class SensorsUnderTest implements JobUnderTest {
  readonly name = 'sensors';
  readonly workspace: Workspace;
  readonly input: SensorsInput;
  readonly #job: string;

  constructor(seed: number, size: SensorsSize = { readings: 450, repairs: 250 }) {
    this.workspace = new Workspace(this.name);
    this.input = makeSensorsInput(seed, size);
    for (const { path, bytes } of this.#splits()) this.workspace.write(path, bytes);
    for (const file of ['fault', 'sensors-model', 'rig-settings']) {
      this.workspace.take(`test/fixtures/recovery/${file}.js`);
    }
    this.#job = this.workspace.take('test/fixtures/recovery/sensors.job.js');
  }

  get directory(): string {
    return this.workspace.directory;
  }

  get stateDirectory(): string {
    return this.workspace.stateDirectory;
  }

  start(plan: Pick<StartPlan, 'style' | 'settings'>, environment: Readonly<Record<string, string>> = {}): JobProcess {
    return this.workspace.run(plan.style, this.#job, plan.settings, environment);
  }

  async checkCut(complain: Complain): Promise<void> {
    await this.#check(false, complain);
  }

  async checkComplete(complain: Complain): Promise<void> {
    const committed = await this.#check(true, complain);
    const { manifest, entries = [], pending = [] } = committed ?? {};
    if (manifest?.isComplete !== true) complain('the manifest does not say that the job is complete');
    for (const { source, path, bytes } of this.#splits()) {
      const offset = offsetOf(committed, source, path);
      if (offset !== bytes.length) complain(`${path} was read up to ${offset} of ${bytes.length} bytes`);
    }
    for (const name of pending) complain(`${name} was left behind in the pending output`);
    for (const { node, state, key, value } of entries) {
      if (!LASTING_STATES.includes(state))
        complain(`state was left behind: ${state} of ${node}: ${JSON.stringify([key, value]).slice(0, 200)}`);
    }
    const { nextEventTimer, nextProcessingTimer } = manifest?.time ?? {};
    if (nextEventTimer !== Number.POSITIVE_INFINITY || nextProcessingTimer !== Number.POSITIVE_INFINITY)
      complain(`timers were left behind: ${nextEventTimer}, ${nextProcessingTimer}`);
  }

  faultsHappened(): number {
    return this.workspace.list('').filter((name) => name.startsWith('fault-')).length;
  }

  remove(): void {
    this.workspace.remove();
  }

  async #check(isEnd: boolean, complain: Complain): Promise<CommittedState | undefined> {
    const committed = await readCommittedState(this.stateDirectory, []);
    for (const problem of committed?.problems ?? []) complain(`verify: ${problem}`);
    const read = <Row>(node: string, file: string): CommittedLines<Row> =>
      readCommittedLines<Row>(this.workspace, file, committed?.manifest?.tokens[node], complain);
    const late = read<Gauged>('late-rows', 'out/late.jsonl');
    const untimed = read<Gauged>('untimed-rows', 'out/untimed.jsonl');
    const lateStrays = new Set(late.rows.filter(({ isStray }) => isStray).map(({ id }) => id));
    const expected = expectSensors(this.input, lateStrays);
    const part = { isPart: !isEnd, complain };
    const check = <Row extends object>(what: string, found: CommittedLines<Row>, wanted: readonly Row[]): void =>
      checkBag(what, found.rows, wanted, part.isPart, complain);
    check('singles', read<WindowRow>('single-rows', 'out/singles.jsonl'), expected.singles);
    check('sliding', read<WindowRow>('sliding-rows', 'out/sliding.jsonl'), expected.sliding);
    check('sessions', read<WindowRow>('session-rows', 'out/sessions'), expected.sessions);
    check('joined', read<Joined>('joined-rows', 'out/joined.jsonl'), expected.joined);
    check('alarms', read<Alarm>('alarm-rows', 'out/alarms.jsonl'), expected.alarms);
    check('reminders', read<Reminder>('reminder-rows', 'out/reminders.jsonl'), expected.reminders);
    check('untimed', untimed, expected.untimed);
    checkBag('late', late.rows, expected.lateAtMost, true, complain);
    const tumbling = read<StrayRow>('tumbling-rows', 'out/tumbling.jsonl');
    const regions = read<StrayRow>('region-rows', 'out/regions.jsonl');
    checkWithoutStrays('tumbling', tumbling.rows, expected.tumbling, complain);
    checkWithoutStrays('regions', regions.rows, expected.regions, complain);
    if (isEnd) {
      check('tumbling', tumbling, expected.tumbling);
      check('regions', regions, expected.regions);
    }
    this.#checkCounts(committed, { late, untimed }, complain);
    return committed;
  }

  #checkCounts(
    committed: CommittedState | undefined,
    { late, untimed }: { readonly late: CommittedLines<Gauged>; readonly untimed: CommittedLines<Gauged> },
    complain: Complain,
  ): void {
    const splits = this.#splits();
    const expected = splits
      .map(({ source, path, offsets }) => offsets.filter((at) => at < offsetOf(committed, source, path)).length)
      .reduce((sum, count) => sum + count, 0);
    const recordsRead = committed?.manifest?.totals.recordsRead ?? 0;
    if (recordsRead !== expected) complain(`the manifest counts ${recordsRead} records, should be ${expected}`);
    const counted = committed?.manifest?.time.late ?? {};
    for (const [node, lines] of [
      ['tumbling', late],
      ['once', untimed],
    ] as const) {
      if (!lines.isPart && (counted[node] ?? 0) !== lines.rows.length)
        complain(`the manifest counts ${counted[node] ?? 0} late records of ${node}, there are ${lines.rows.length}`);
    }
    for (const node of Object.keys(counted))
      if (node !== 'tumbling' && node !== 'once') complain(`${counted[node]} records were late for ${node}`);
  }

  #splits(): readonly SensorSplit<unknown>[] {
    return [...this.input.readings, ...this.input.repairs];
  }
}

function offsetOf(committed: CommittedState | undefined, source: string, path: string): number {
  const offset = committed?.manifest?.offsets[source]?.[path];
  return typeof offset === 'object' ? Number(offset['offset']) : 0;
}
