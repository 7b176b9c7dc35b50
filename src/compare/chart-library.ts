/** The chart library as text, from its package, to be put into a page. Read when a report is written; nothing is loaded or run here. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export interface ChartLibrary {
  /** Defines the global `uPlot`. */
  readonly script: string;
  readonly style: string;
}

export function readChartLibrary(): ChartLibrary {
  const { resolve } = createRequire(import.meta.url);
  const read = (file: string): string => readFileSync(resolve(`uplot/dist/${file}`), 'utf8');
  return { script: read('uPlot.iife.min.js'), style: read('uPlot.min.css') };
}
