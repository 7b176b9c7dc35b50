import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideMode, type ModeState } from '../../src/execution/decide-mode.ts';
import { type EngineMode, resolveJobOptions } from '../../src/execution/options.ts';
import '../support/property-seed.ts';

const OPTIONS = { backlogMs: 50, caughtUpMs: 20, dwellMs: 100 };

/** A job that does what is decided, at once. */
class AdaptiveJob {
  mode: EngineMode = 'microbatch';
  readonly switches: number[] = [];
  state: ModeState | undefined;

  observe(now: number, behindMs: number, options: typeof OPTIONS = OPTIONS): EngineMode {
    const decision = decideMode(this.state, { now, mode: this.mode, behindMs }, options);
    this.state = decision.state;
    if (decision.mode !== this.mode) this.switches.push(now);
    this.mode = decision.mode;
    return this.mode;
  }
}

describe('an adaptive job', () => {
  it('goes on record by record once it has been caught up for long enough', () => {
    const job = new AdaptiveJob();

    expect(job.observe(0, 900)).toBe('microbatch');
    expect(job.observe(10, 0)).toBe('microbatch');
    expect(job.observe(29, 0)).toBe('microbatch');
    expect(job.observe(30, 0)).toBe('continuous');
  });

  it('begins to count anew when it falls behind for a moment', () => {
    const job = new AdaptiveJob();
    job.observe(0, 0);

    job.observe(19, 1);

    expect(job.observe(21, 0)).toBe('microbatch');
    expect(job.observe(40, 0)).toBe('microbatch');
    expect(job.observe(41, 0)).toBe('continuous');
  });

  it('takes to batches when it has not caught up for long enough', () => {
    const job = new AdaptiveJob();
    job.observe(0, 0);
    job.observe(20, 0);
    job.observe(30, 0);

    expect(job.observe(200, 49)).toBe('continuous');
    expect(job.observe(201, 50)).toBe('microbatch');
    expect(job.switches).toEqual([20, 201]);
  });

  it('stays where it is for a while after it is seen to have switched, and then does what there is still reason to do', () => {
    const job = new AdaptiveJob();
    job.observe(0, 0);
    job.observe(20, 0);
    job.observe(30, 10);

    expect(job.observe(80, 60)).toBe('continuous');
    expect(job.observe(129, 109)).toBe('continuous');
    expect(job.observe(130, 110)).toBe('microbatch');
  });

  it('counts a switch that somebody else asked for', () => {
    const job = new AdaptiveJob();
    job.observe(0, 0);

    job.mode = 'continuous';
    job.observe(10, 60);

    expect(job.observe(109, 159)).toBe('continuous');
    expect(job.observe(110, 160)).toBe('microbatch');
  });

  it('that somebody else switched begins to count anew', () => {
    const options = { ...OPTIONS, dwellMs: 0 };
    const job = new AdaptiveJob();
    for (let now = 0; now <= 90; now += 10) job.observe(now, 0, options);

    job.mode = 'microbatch';

    expect(job.observe(100, 0, options)).toBe('microbatch');
    expect(job.observe(119, 0, options)).toBe('microbatch');
    expect(job.observe(120, 0, options)).toBe('continuous');
  });

  it('tries again later what came to nothing', () => {
    const job = new AdaptiveJob();
    job.observe(0, 0);
    expect(job.observe(20, 0)).toBe('continuous');

    // The other engine could not be brought up.
    job.mode = 'microbatch';

    expect(job.observe(21, 0)).toBe('microbatch');
    expect(job.observe(119, 0)).toBe('microbatch');
    expect(job.observe(120, 0)).toBe('continuous');
  });

  it('does not take having caught up for a backlog, with any options', () => {
    const eager = { backlogMs: 0, caughtUpMs: 0, dwellMs: 0 };
    const job = new AdaptiveJob();

    expect(job.observe(0, 0, eager)).toBe('continuous');
    expect(job.observe(1, 0, eager)).toBe('continuous');
    expect(job.observe(2, 1, eager)).toBe('microbatch');
  });

  it('has options of its own that fit together', () => {
    expect(resolveJobOptions({ mode: 'adaptive' }).adaptive).toEqual({
      backlogMs: 5000,
      caughtUpMs: 2000,
      dwellMs: 10_000,
    });
  });

  it('never flaps: switches are apart, and each has its reason', () => {
    const steps = fc.array(fc.record({ afterMs: fc.integer({ min: 1, max: 40 }), isBehind: fc.boolean() }), {
      maxLength: 80,
    });

    fc.assert(
      fc.property(steps, (observations) => {
        const job = new AdaptiveJob();
        let now = 0;
        let caughtUpAt = 0;
        let behindAt: number | undefined;
        for (const { afterMs, isBehind } of observations) {
          now += afterMs;
          behindAt = isBehind ? undefined : (behindAt ?? now);
          if (!isBehind) caughtUpAt = now;
          const before = job.mode;
          const after = job.observe(now, isBehind ? now - caughtUpAt : 0);
          if (before === after) continue;
          if (after === 'microbatch') expect(now - caughtUpAt).toBeGreaterThanOrEqual(OPTIONS.backlogMs);
          else expect(now - behindAt!).toBeGreaterThanOrEqual(OPTIONS.caughtUpMs);
        }
        for (const [index, at] of job.switches.entries()) {
          if (index > 0) expect(at - job.switches[index - 1]!).toBeGreaterThanOrEqual(OPTIONS.dwellMs);
        }
      }),
    );
  });
});
