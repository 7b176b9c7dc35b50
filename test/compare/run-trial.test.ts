/** The parent's half of a trial, over a process that plays the other half. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { killAndRecover } from '../../src/compare/kill-and-recover.ts';
import { runTrial, type TrialPorts } from '../../src/compare/run-trial.ts';
import type { TrialMessage, TrialRequest } from '../../src/compare/trial.ts';
import type { Cancellable } from '../../src/model/index.ts';
import { SimulatedClock } from '../../src/testing/simulated-clock.ts';

/** What the process plays; or a directory, for a run that is killed and one that goes on. */
function playing(play: string): TrialRequest {
  const reference = { kind: 'module', url: 'file:///none.mjs' } as const;
  return { reference, options: {}, stateDirectory: play, warmUpMs: 0, timedSinks: [] };
}

function portsWith(parts: Partial<TrialPorts> = {}): TrialPorts {
  const entry = new URL('./fixtures/trial-double.mjs', import.meta.url);
  return { clock: new SimulatedClock(), signal: new AbortController().signal, entry, ...parts };
}

/** Counts how often it is read, so that what happens later is later; timers of `dueMs` are due at once. */
class TickingClock extends SimulatedClock {
  readonly #dueMs: number;
  #ticks = 0;

  constructor(dueMs: number) {
    super();
    this.#dueMs = dueMs;
  }

  override monotonic(): number {
    return ++this.#ticks;
  }

  override schedule(delayMs: number, callback: () => void): Cancellable {
    const timer = super.schedule(delayMs, callback);
    if (delayMs === this.#dueMs) setImmediate(() => this.advance(delayMs));
    return timer;
  }
}

describe('runTrial', () => {
  it('tells what the process says and gives its result', async () => {
    const heard: TrialMessage[] = [];

    const result = await runTrial(playing('ends'), portsWith({ onMessage: (message) => heard.push(message) }));

    expect(result).toEqual({ recordsRead: 3 });
    expect(heard.map(({ kind }) => kind)).toEqual(['running', 'progress', 'epoch']);
  });

  it('fails with the sentence of the job', async () => {
    await expect(runTrial(playing('fails'), portsWith())).rejects.toThrow(/^the sink is full$/);
  });

  it('fails with what a process complained of when it died', async () => {
    await expect(runTrial(playing('dies'), portsWith())).rejects.toThrow(
      /^its process ended with exit code 7: out of luck$/,
    );
  });

  it('goes on with a process that has read all and still writes or changes state, for as long as it does', async () => {
    const clock = new SimulatedClock();
    let heard = 0;
    const onMessage = (): void => {
      heard++;
      // The last three tell nothing new: they have no longer than what came before them.
      clock.advance(heard <= 5 ? 20_000 : 4000);
    };

    await expect(runTrial(playing('fires'), portsWith({ clock, onMessage }))).rejects.toThrow(
      'it read 3 records, wrote 2 records; then nothing happened for 30 s',
    );
    expect(heard).toBe(8);
    expect(clock.monotonic()).toBe(112_000);
  });

  it('waits for a batch that takes long, which shows nothing before it is committed, but not for ever', async () => {
    const clock = new SimulatedClock();
    const advance = (ms: number) => (message: TrialMessage) => {
      if (message.kind === 'progress' && message.isInBatch)
        for (let at = 0; at < ms; at += 30_000) clock.advance(30_000);
    };

    expect(await runTrial(playing('batch'), portsWith({ clock, onMessage: advance(570_000) }))).toEqual({
      recordsRead: 3,
    });
    await expect(runTrial(playing('endlessBatch'), portsWith({ clock, onMessage: advance(600_000) }))).rejects.toThrow(
      'it read no record, wrote no record; then nothing happened for 600 s',
    );
  });

  it('ends a process in which nothing happens any more, and says how far it came', async () => {
    const clock = new SimulatedClock();
    const onMessage = ({ kind }: TrialMessage): void => {
      if (kind === 'progress') clock.advance(30_000);
    };

    await expect(runTrial(playing('hangs'), portsWith({ clock, onMessage }))).rejects.toThrow(
      'it read 3 records, wrote no record; then nothing happened for 30 s',
    );
    expect(clock.nextDueAt()).toBeUndefined();
  });

  it('ends its process when the comparison is stopped, also when that was before', async () => {
    const stop = new AbortController();
    const onMessage = (): void => stop.abort();

    await expect(runTrial(playing('hangs'), portsWith({ signal: stop.signal, onMessage }))).rejects.toThrow('stopped');
    await expect(runTrial(playing('ends'), portsWith({ signal: stop.signal }))).rejects.toThrow('stopped');
  });
});

describe('killAndRecover', () => {
  it('kills behind a commit, starts again, and takes the time to the first commit and to the first new rows', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-kill-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));

    const figures = await killAndRecover(playing(directory), 1000, portsWith({ clock: new TickingClock(500) }));

    expect(figures!.firstCommitMs).toBeGreaterThan(0);
    // The first commit of the second run has no row more than the last one before the kill.
    expect(figures!.withoutOutputMs).toBeGreaterThan(figures!.firstCommitMs);
  });

  it('has nothing to tell of a run that was over before', async () => {
    expect(await killAndRecover(playing('ends'), 1000, portsWith())).toBeUndefined();
  });
});
