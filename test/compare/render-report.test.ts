import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readChartLibrary } from '../../src/compare/chart-library.ts';
import { renderReport } from '../../src/compare/render-report.ts';
import { sampleComparison } from './sample-comparison.ts';

const HOSTILE = [
  '</script><script>alert(1)</script>',
  '<!--<script>',
  '<img src=x onerror=alert(1)>',
  `"'\`\${alert(1)}\u2028&lt;`,
];

const TABLE = { columns: [{ title: 'continuous', subtitle: '' }], sections: [] };

function pageOf(name: string): string {
  return renderReport(
    {
      comparison: sampleComparison(undefined, { job: name }),
      table: TABLE,
      verdict: name,
      differences: [name],
      conditions: [name],
    },
    readChartLibrary(),
  );
}

/** Content of the elements of that name, attributes apart. */
function contentsOf(page: string, tag: string): readonly (readonly [attributes: string, text: string])[] {
  return [...page.matchAll(new RegExp(`<${tag}([^>]*)>(.*?)</${tag}>`, 'gs'))].map(([, attributes, text]) => [
    attributes!,
    text!,
  ]);
}

describe('the report', () => {
  it.each(HOSTILE)('holds %s as data and as nothing else', (name) => {
    const page = pageOf(name);
    const harmless = pageOf('harmless');

    const [data] = contentsOf(page, 'script').filter(([attributes]) => attributes.includes('application/json'));
    expect(JSON.parse(data![1]).comparison.job).toBe(name);
    expect(data![1]).not.toContain('<');
    // Apart from the data it is the same page, tag by tag.
    expect(page.replace(data![1], '')).toBe(harmless.replace(contentsOf(harmless, 'script')[0]![1], ''));
  });

  it('lets run what its policy names by hash, and that is all there is', () => {
    const page = pageOf('flights');

    const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page)!;
    const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const scripts = contentsOf(page, 'script').filter(([attributes]) => attributes === '');
    const styles = contentsOf(page, 'style');
    expect(policy).toContain(`script-src ${scripts.map(([, text]) => hash(text)).join(' ')};`);
    expect(policy).toContain(`style-src ${styles.map(([, text]) => hash(text)).join(' ')};`);
    expect(policy).toContain(`default-src 'none';`);
    expect([scripts.length, styles.length]).toEqual([2, 2]);
  });

  it('fetches nothing: no address of another place, no element that loads', () => {
    const page = pageOf('flights');
    const own = contentsOf(page, 'script').reduce((rest, [, text]) => rest.replace(text, ''), page);

    expect(own).not.toMatch(/https?:|<iframe|<object|@import|\burl\(/);
    expect([...own.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1])).toEqual(['data:,']);
  });

  it('shows text as text: its script sets no HTML', () => {
    const [, own] = contentsOf(pageOf('flights'), 'script').filter(([attributes]) => attributes === '');

    expect(own![1]).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\(/);
    expect(() => new Function(own![1])).not.toThrow();
  });
});
