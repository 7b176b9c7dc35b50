/**
 * A comparison as one HTML page that needs nothing else: chart library, script, style and data are in it. Pure.
 *
 * The page is a fixed text. What comes from a job (names, rows) is in it as JSON alone, in which no tag can begin, and is shown by
 * `textContent` alone. A policy in the page lets no script or style run but those whose hashes it names, and nothing be fetched.
 */
import { createHash } from 'node:crypto';
import type { ChartLibrary } from './chart-library.ts';
import type { Comparison } from './comparison.ts';
import type { FigureTable } from './figure-table.ts';
import { REPORT_SCRIPT } from './report-script.ts';
import { REPORT_STYLE } from './report-style.ts';
import { nameOf } from './variant.ts';

export interface ReportContent {
  readonly comparison: Comparison;
  readonly table: FigureTable;
  /** One sentence: whether the outputs are equal. */
  readonly verdict: string;
  /** Where outputs differ, a line each. */
  readonly differences: readonly string[];
  /** Under which conditions all of it holds, a line each. */
  readonly conditions: readonly string[];
}

export function renderReport(content: ReportContent, library: ChartLibrary): string {
  const data = { ...content, names: content.comparison.variants.map(nameOf) };
  const scripts = [library.script, REPORT_SCRIPT].map((text) => text.trim());
  const styles = [library.style, REPORT_STYLE].map((text) => text.trim());
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(scripts, styles)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>Millrace comparison</title>
${styles.map((text) => `<style>${text}</style>`).join('\n')}
</head>
<body>
<main id="page"><noscript>This page draws itself with a script that is inside it.</noscript></main>
<script type="application/json" id="data">${scriptSafe(data)}</script>
${scripts.map((text) => `<script>${text}</script>`).join('\n')}
</body>
</html>
`;
}

/** JSON in which no tag, and no comment of HTML, can begin. */
export function scriptSafe(data: unknown): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c');
}

function policy(scripts: readonly string[], styles: readonly string[]): string {
  const hashes = (texts: readonly string[]): string =>
    texts.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`).join(' ');
  return [
    `default-src 'none'`,
    `script-src ${hashes(scripts)}`,
    `style-src ${hashes(styles)}`,
    `img-src data:`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
}
