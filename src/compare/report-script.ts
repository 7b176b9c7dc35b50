/**
 * The script of a report: reads the data of the page and draws it. Text of the page, run by a browser and never by Millrace; see
 * `render-report.ts`.
 *
 * All that it shows it sets by `textContent`; labels of charts are names of variants, which no job can choose.
 */
export const REPORT_SCRIPT: string = String.raw`
'use strict';
(() => {
  const { comparison, table, verdict, differences, conditions: notes, names } = JSON.parse(document.getElementById('data').textContent);
  const page = document.getElementById('page');

  const element = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className !== undefined) made.className = className;
    return made;
  };
  const add = (parent, ...children) => { parent.append(...children); return parent; };
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const seriesColour = (index) => colour('--series-' + (index % 6));

  const showDuration = (ms) => {
    if (ms === null || ms === undefined) return '-';
    if (ms >= 1000) return +(ms / 1000).toPrecision(3) + ' s';
    return ms >= 1 ? +ms.toPrecision(3) + ' ms' : +(ms * 1000).toPrecision(3) + ' µs';
  };
  const showCount = (count) => Math.round(count).toString().replace(/\B(?=(\d{3})+$)/g, ',');

  document.title = comparison.job + ': continuous and microbatch';
  add(page,
    element('h1', comparison.job + ': continuous and microbatch, side by side'),
    element('p', verdict[0].toUpperCase() + verdict.slice(1) + '.', 'verdict ' + (comparison.equal ? 'good' : 'bad')));
  if (!comparison.equal) list('Differences', differences);
  page.append(drawTable());

  function list(title, lines) {
    if (lines.length === 0) return;
    add(page, element('h2', title), add(element('ul'), ...lines.map((line) => element('li', line))));
  }

  function drawTable() {
    const head = add(element('tr'), element('th', ''));
    for (const column of table.columns) head.append(add(element('th', column.title), element('span', column.subtitle, 'sub')));
    const body = element('tbody');
    for (const section of table.sections) {
      const title = element('th', section.title);
      title.colSpan = table.columns.length + 1;
      const row = add(element('tr'), title);
      row.className = 'section';
      body.append(row);
      for (const { name, cells } of section.rows) {
        body.append(add(element('tr'), element('th', name), ...cells.map((cell) => element('td', cell))));
      }
    }
    return add(element('div', undefined, 'scroll'), add(element('table'), add(element('thead'), head), body));
  }

  /** Data of several lines over the union of their x, as the library wants it: null where a line has no point. */
  const align = (lines) => {
    const xs = [...new Set(lines.flatMap((line) => line.points.map(([x]) => x)))].sort((a, b) => a - b);
    const columns = lines.map((line) => {
      const known = new Map(line.points);
      return xs.map((x) => (known.has(x) ? known.get(x) : null));
    });
    return [xs, ...columns];
  };

  const axis = (label, values, splits) => ({
    label, values, ...(splits === undefined ? {} : { splits }),
    stroke: colour('--quiet'), labelFont: '13px system-ui, sans-serif', font: '12px system-ui, sans-serif',
    grid: { stroke: colour('--grid'), width: 1 }, ticks: { stroke: colour('--line'), width: 1 },
  });

  /** Powers of ten around the values, so that a scale has marks whatever it spans. */
  const decades = (min, max) => {
    const marks = [];
    for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power++) marks.push(10 ** power);
    return marks;
  };

  const drawings = [];
  function chart(title, explanation, draw) {
    const box = element('div', undefined, 'chart');
    add(page, element('h2', title), element('p', explanation, 'quiet'), box);
    drawings.push(() => {
      box.textContent = '';
      const { lines, x, y } = draw();
      const values = lines.flatMap((line) => line.points.map(([, value]) => value)).filter((value) => value > 0);
      const marks = decades(Math.min(...values), Math.max(...values));
      new uPlot({
        width: Math.max(320, box.clientWidth - 16), height: 380,
        scales: { x: { time: false, range: x.range }, y: { distr: 3, range: [marks[0], marks[marks.length - 1]] } },
        axes: [axis(x.label, (_, splits) => splits.map(x.show), x.splits), { ...axis(y.label, (_, splits) => splits.map(showDuration), () => marks), size: 72 }],
        legend: { live: true },
        cursor: { points: { size: 7 } },
        series: [
          { label: x.short, value: (_, value) => (value === null || value === undefined ? '-' : x.show(value)) },
          ...lines.map(({ label, index, dash }) => ({
            label, stroke: seriesColour(index), width: 2, spanGaps: true, ...(dash === undefined ? {} : { dash }),
            points: { show: x.showPoints, size: 6, fill: seriesColour(index) },
            value: (_, value) => showDuration(value),
          })),
        ],
      }, align(lines), box);
    });
  }

  const { conditions, variants } = comparison;
  const measured = variants.map((variant, index) => ({ variant, index })).filter(({ variant }) => variant.paced.latency.count > 0);
  if (measured.length > 0) {
    chart('Latency distribution',
      'How long records took from when they were due until a sink took them, at ' + showCount(conditions.recordsPerSecond) +
        ' records/s. Both axes are logarithmic: each step to the right is one nine more.',
      () => {
        const nines = ({ percentile }, count) => (percentile >= 100 ? Math.log10(count) : -Math.log10(1 - percentile / 100));
        const last = Math.max(1, ...measured.map(({ variant }) => Math.log10(variant.paced.latency.count)));
        const showNines = (value) => {
          if (!Number.isInteger(value)) return value > 20 ? '' : +(100 * (1 - 10 ** -value)).toPrecision(6) + ' %';
          return value === 0 ? '0 %' : value === 1 ? '90 %' : '99' + (value > 2 ? '.' + '9'.repeat(value - 2) : '') + ' %';
        };
        return {
          lines: measured.map(({ variant, index }) => ({
            label: names[index], index,
            points: variant.paced.distribution.map((point) => [+nines(point, variant.paced.latency.count).toFixed(4), point.ms]),
          })),
          x: {
            label: 'share of the records', short: 'share', range: [0, last], showPoints: false, show: showNines,
            splits: () => Array.from({ length: Math.floor(last) + 1 }, (_, nine) => nine),
          },
          y: { label: 'latency' },
        };
      });
  }

  const curved = variants.map((variant, index) => ({ variant, index })).filter(({ variant }) => (variant.curve?.points.length ?? 0) > 0);
  if (curved.length > 0) {
    const cut = curved.some(({ variant }) => variant.curve.isCutByInput)
      ? ' The input is too short for higher rates: at the last ones it lasts for two seconds.' : '';
    chart('Throughput and latency',
      'Latency at rates up to what each variant drains. Solid: half of the records took at most that long (p50); dashed: 99 % of them (p99).' + cut,
      () => ({
        lines: curved.flatMap(({ variant, index }) => [['p50', undefined], ['p99', [6, 5]]].map(([percentile, dash]) => ({
          label: names[index] + ', ' + percentile, index, dash,
          points: variant.curve.points.filter(({ latency }) => latency.count > 0)
            .map((point) => [point.offeredPerSecond, point.latency[percentile]]),
        }))),
        x: { label: 'records per second, offered', short: 'rate', range: (_, min, max) => [0, max * 1.03], showPoints: true, show: showCount },
        y: { label: 'latency' },
      }));
  }

  if (comparison.equal) list('Differences', differences);
  list('Conditions', notes);

  const drawAll = () => { for (const draw of drawings) draw(); };
  drawAll();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  let width = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth === width) return;
    width = innerWidth;
    drawAll();
  });
})();
`;
