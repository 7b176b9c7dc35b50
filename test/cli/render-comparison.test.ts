import { describe, expect, it } from 'vitest';
import { comparisonTable } from '../../src/cli/comparison-table.ts';
import { renderComparison, renderTable } from '../../src/cli/render-comparison.ts';
import type { SinkComparison } from '../../src/compare/compare-outputs.ts';
import { sampleComparison } from '../compare/sample-comparison.ts';

const DIFFERENT: SinkComparison = {
  sink: 'out',
  level: 'different',
  rowsInReference: 10,
  rowsInOther: 9,
  difference: {
    onlyInReference: 2,
    onlyInOther: 1,
    examplesOfReference: ['{"value":"\u001b[31mred"}'],
    examplesOfOther: ['{"value":2}'],
    isKeyed: false,
    keysDiffering: 0,
  },
};

describe('a comparison as text', () => {
  it('is a table with a column per variant, figures to the right, units with every figure', () => {
    const text = renderTable(comparisonTable(sampleComparison()));

    expect(text).toBe(
      [
        '                       continuous           microbatch',
        '                                   as soon as possible',
        'backlog of 20,000 records, as fast as possible',
        '  throughput            123,456/s            123,456/s',
        '  time to drain            162 ms               162 ms',
        '  CPU time                 420 ms               420 ms',
        '  peak memory             150 MiB              150 MiB',
        '  refused records               0                    0',
        '  epochs                        3                    3',
        '  commit p50               4.5 ms               4.5 ms',
        '  commit p99                40 ms                40 ms',
        '  commit max                41 ms                41 ms',
        '',
        'until a sink took a record that was due, at 2,000 records/s for 10 s',
        '  p50                     0.08 ms              0.08 ms',
        '  p90                      0.2 ms               0.2 ms',
        '  p99                      1.5 ms               1.5 ms',
        '  p99.9                   12.3 ms              12.3 ms',
        '  max                      1.23 s               1.23 s',
        '  samples                   4,000                4,000',
        '  achieved rate           1,999/s              1,999/s',
        '  CPU time                    3 s                  3 s',
        '',
        'until a committed sink showed it',
        '  visible p50              520 ms               520 ms',
        '  visible p99              1.01 s               1.01 s',
        '  visible max              1.05 s               1.05 s',
        '',
        'killed with SIGKILL in the middle of that, and started again',
        '  to the first commit      900 ms               900 ms',
        '  without output            1.4 s                1.4 s',
        '',
        'committed output',
        '  same as continuous    every row            every row',
        '',
      ].join('\n'),
    );
  });

  it('says that all rows are the same, and under which conditions', () => {
    const text = renderComparison(sampleComparison());

    expect(text).toMatch(/^flights: the committed outputs are the same, every row, in 1 run of 2 variants\n/);
    expect(text).not.toContain('differences');
    expect(text).toContain('2 cores (a chip), Node v20.19.0, linux x64; 2 workers, parallelism 2');
    expect(text).toContain(
      '2,000 records/s (half of what the slowest variant drains), open loop over 10 s; the first 2 s are left out',
    );
    expect(text).toMatch(/not measured {2}the job's own sinks/);
  });

  it('says in which sense outputs are equal when rows in between differ', () => {
    const text = renderComparison(
      sampleComparison({
        ...DIFFERENT,
        level: 'last row of each key',
        rowsInOther: 10,
        difference: { ...DIFFERENT.difference!, isKeyed: true, onlyInOther: 2 },
      }),
    );

    expect(text).toContain('the same in the last row of each key, and in the number of its rows');
    expect(text).toContain('sink out: up to 2 of 10 rows are others in between, in 1 run\n');
    expect(text).toMatch(/same as continuous .* last rows\n/);
  });

  it('names sink, run, counts and rows where outputs differ, and lets no row reach the terminal as it is', () => {
    const text = renderComparison(sampleComparison(DIFFERENT, { isRepeatable: false }));

    expect(text).toContain('flights: the committed outputs are NOT the same\n');
    expect(text).toContain(
      'sink out: microbatch as soon as possible (as fast as possible) wrote 9 rows, continuous (as fast as possible) 10; ' +
        '1 only in the former, 2 only in the latter; not every row has a key\n',
    );
    expect(text).toContain('only in microbatch as soon as possible (as fast as possible): {"value":2}\n');
    expect(text).toContain('{"value":"\\u001b[31mred"}');
    expect(text).not.toContain('\u001b');
    expect(text).toContain('two continuous runs differ from each other too');
  });

  it('does not call outputs equal of which there are none', () => {
    const text = renderComparison(
      sampleComparison({ sink: 'out', level: 'every row', rowsInReference: 0, rowsInOther: 0 }),
    );

    expect(text).toMatch(/^flights: no row was committed in 1 run of 2 variants: there was nothing to compare\n/);
  });

  it('warns when the machine had other work', () => {
    const { conditions, ...rest } = sampleComparison();
    const busy = { ...conditions, machine: { ...conditions.machine, loadBefore: 7.25 } };

    expect(renderComparison({ ...rest, conditions: busy })).toContain(
      '7.3 processes wanted one of 2 cores when this began',
    );
    expect(renderComparison({ ...rest, conditions })).not.toContain('NOT ALONE');
  });

  it('says so where something was not measured', () => {
    const comparison = sampleComparison();
    const [first, second] = comparison.variants;
    const { recovery: _recovery, ...unkilled } = first!;
    const silent = { ...unkilled, paced: { ...first!.paced, latency: { ...first!.paced.latency, count: 0 } } };

    const text = renderTable(comparisonTable({ ...comparison, variants: [silent, second!] }));

    expect(text).toMatch(/ {2}p50 +- +0\.08 ms\n/);
    expect(text).toMatch(/ {2}to the first commit +- +900 ms\n/);
  });
});
