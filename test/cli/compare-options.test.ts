import { describe, expect, it } from 'vitest';
import { compareOptions } from '../../src/cli/compare-options.ts';

describe('options of millrace compare', () => {
  it('have defaults: a rate that is chosen, ten seconds, two intervals', () => {
    expect(compareOptions({})).toEqual({
      recordsPerSecond: undefined,
      durationMs: 10_000,
      records: undefined,
      intervalsMs: [100, 1000],
      isJson: false,
      reportPath: undefined,
      keepDirectory: undefined,
      overrides: {},
    });
  });

  it('are read with their units', () => {
    const options = compareOptions({
      rate: '2500.5',
      duration: '1500ms',
      records: '1000000',
      intervals: '10,500',
      parallelism: '4',
      workers: '3',
      json: true,
      report: 'out/page.html',
      keep: 'kept',
    });

    expect(options).toEqual({
      recordsPerSecond: 2500.5,
      durationMs: 1500,
      records: 1_000_000,
      intervalsMs: [10, 500],
      isJson: true,
      reportPath: 'out/page.html',
      keepDirectory: 'kept',
      overrides: { parallelism: 4, workers: 3 },
    });
    expect(compareOptions({ duration: '30' }).durationMs).toBe(30_000);
    expect(compareOptions({ rate: 'auto' }).recordsPerSecond).toBeUndefined();
  });

  it.each([
    ['rate', '0', /--rate must be records per second, above 0/],
    ['rate', '-5', /--rate/],
    ['rate', 'fast', /--rate .* not "fast"/],
    ['rate', '1e12', /--rate/],
    ['duration', '0', /--duration must be seconds or a duration/],
    ['duration', '20ms', /from 1 s to 1 h/],
    ['duration', '2h', /from 1 s to 1 h/],
    ['duration', 'long', /--duration/],
    ['records', '0', /--records must be a whole number of at least 1/],
    ['records', '1.5', /--records/],
    ['intervals', '', /--intervals/],
    ['intervals', '100,100', /each once/],
    ['intervals', '100,', /--intervals/],
    ['intervals', '0', /from 1 to 600000/],
    ['intervals', '700000', /from 1 to 600000/],
    ['intervals', '1,2,3,4,5,6,7,8,9', /at most 8/],
    ['workers', 'two', /--workers/],
  ])('--%s %s is refused in one sentence', (name, text, message) => {
    expect(() => compareOptions({ [name]: text })).toThrow(message);
  });
});
