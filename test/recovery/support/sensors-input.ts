/**
 * The input of the sensors job: made from a seed, as bytes, together with what a reader must find in them. Each file is out of order
 * by less than the bound of its source; files differ in where they begin and how fast their time goes.
 */
import {
  READINGS_DISORDER_MS,
  REPAIRS_DISORDER_MS,
  type Reading,
  type Repair,
  VALUE_MAX,
} from '../../fixtures/recovery/sensors-model.ts';
import { SeededChoice } from './seeded-choice.ts';

/** One file. */
export interface SensorSplit<T> {
  readonly source: 'readings' | 'repairs';
  /** As the job names it. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly records: readonly T[];
  /** Where each begins, in bytes. */
  readonly offsets: readonly number[];
}

export interface SensorsInput {
  readonly readings: readonly SensorSplit<Reading>[];
  readonly repairs: readonly SensorSplit<Repair>[];
}

export interface SensorsSize {
  /** Of each of three files. */
  readonly readings: number;
  /** Of each of two files. */
  readonly repairs: number;
}

const READING_FILES = 3;
const REPAIR_FILES = 2;
const SENSORS: readonly string[] = [
  ...Array.from({ length: 9 }, (_, i) => `s-${i}`),
  '',
  '__proto__',
  'Zürich \u{1F30A}',
  'k'.repeat(1500),
];
/** Before the Unix epoch: times are negative for a while. */
const BEGIN_MS = -2500;
const SPAN_MS = 9000;

export function makeSensorsInput(seed: number, size: SensorsSize): SensorsInput {
  const random = new SeededChoice(seed);
  return {
    readings: Array.from({ length: READING_FILES }, (_, file) =>
      split('readings', `input/readings-${file}.jsonl`, makeReadings(file, size.readings, random)),
    ),
    repairs: Array.from({ length: REPAIR_FILES }, (_, file) =>
      split('repairs', `input/repairs-${file}.jsonl`, makeRepairs(file, size.repairs, random)),
    ),
  };
}

function makeReadings(file: number, count: number, random: SeededChoice): readonly Reading[] {
  const begin = BEGIN_MS + file * 333;
  const readings: Reading[] = [];
  for (let n = 0; n < count; n++) {
    const clock = begin + Math.floor((n * SPAN_MS) / count);
    const at = clock - random.between(0, READINGS_DISORDER_MS - 1);
    const sensor = pickSensor(random);
    const fresh = { id: `${file}.${n}`, sensor, at, value: random.between(0, VALUE_MAX), isStray: false };
    if (random.chance(0.04)) readings.push({ ...fresh, at: clock - random.between(500, 4000), isStray: true });
    else if (random.chance(0.02)) readings.push({ ...fresh, at: null });
    else if (random.chance(0.1)) readings.push(copyOf(readings, clock, random) ?? fresh);
    else readings.push(fresh);
  }
  return readings;
}

/** The same again, while its time is still within the bound: which of the two goes on makes no difference. */
function copyOf(readings: readonly Reading[], clock: number, random: SeededChoice): Reading | undefined {
  const recent = readings.filter(({ at, isStray }) => at !== null && !isStray && clock - at < READINGS_DISORDER_MS);
  return recent.length === 0 ? undefined : { ...random.pick(recent) };
}

function makeRepairs(file: number, count: number, random: SeededChoice): readonly Repair[] {
  const begin = BEGIN_MS - 100 + file * 211;
  return Array.from({ length: count }, (_, n) => ({
    id: `r${file}.${n}`,
    sensor: pickSensor(random),
    at: begin + Math.floor((n * SPAN_MS) / count) - random.between(0, REPAIRS_DISORDER_MS - 1),
  }));
}

function pickSensor(random: SeededChoice): string {
  return random.chance(0.01) ? SENSORS.at(-1)! : random.pick(SENSORS.slice(0, -1));
}

function split<T>(source: SensorSplit<T>['source'], path: string, records: readonly T[]): SensorSplit<T> {
  const offsets: number[] = [];
  let length = 0;
  const lines = records.map((record) => {
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    offsets.push(length);
    length += line.length;
    return line;
  });
  return { source, path, bytes: Buffer.concat(lines), records, offsets };
}
