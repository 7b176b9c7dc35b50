/** Cases of one operator behind sources whose disorder exceeds the bound, the job of each, and a plain program that goes through its epochs one by one. */
import {
  aggregates,
  defineJob,
  type JobDefinition,
  type JoinType,
  type RandomStream,
  type Stream,
  sinks,
  sources,
  windows,
} from '../../src/index.ts';
import { pairOf } from './interpret-timed-graph.ts';
import type { Frame, TimedEvent } from './timed-graph.ts';

type OperatorUnderTest =
  | { readonly kind: 'window'; readonly frame: Frame }
  | { readonly kind: 'session'; readonly gapMs: number }
  | { readonly kind: 'deduplicate'; readonly withinMs: number }
  | { readonly kind: 'join'; readonly type: JoinType; readonly beforeMs: number; readonly afterMs: number };

interface Arrival extends TimedEvent {
  readonly side: 'left' | 'right';
  readonly split: number;
}

export interface LatenessCase {
  readonly operator: OperatorUnderTest;
  readonly outOfOrderMs: number;
  readonly splits: { readonly left: number; readonly right: number };
  /** What is there before each epoch with data. */
  readonly batches: readonly (readonly Arrival[])[];
}

/** Of one batch of input, and of the epoch without data behind it; as texts, sorted. */
export interface Outcome {
  readonly rows: readonly string[];
  readonly late: readonly string[];
}

const TYPES: readonly JoinType[] = ['inner', 'left', 'right', 'full', 'semi', 'anti'];

export function drawLateness(random: RandomStream): LatenessCase {
  const outOfOrderMs = random.below(15);
  const operator = drawOperator(random);
  // Which record of a key is the first follows from the order in which splits are read.
  const splitsMax = operator.kind === 'deduplicate' ? 1 : 2;
  const splits = { left: 1 + random.below(splitsMax), right: 1 + random.below(2) };
  let now = random.below(100) - 50;
  const drawArrival = (): Arrival => {
    const side = operator.kind === 'join' && random.below(2) === 0 ? 'right' : 'left';
    now += random.below(4);
    const at = now - random.below(random.below(3) === 0 ? 60 : 15);
    return { side, split: random.below(splits[side]), key: `k${random.below(3)}`, at, amount: random.below(3) };
  };
  const batches = Array.from({ length: 1 + random.below(8) }, () =>
    Array.from({ length: 1 + random.below(10) }, drawArrival),
  );
  return { operator, outOfOrderMs, splits, batches };
}

function drawOperator(random: RandomStream): OperatorUnderTest {
  const sizeMs = 5 + random.below(30);
  const offsetMs = random.below(7) - 3;
  const slideMs = 1 + random.below(sizeMs);
  const beforeMs = random.below(15);
  const type = TYPES[random.below(TYPES.length)]!;
  const operators: readonly OperatorUnderTest[] = [
    { kind: 'window', frame: { kind: 'tumbling', sizeMs, offsetMs } },
    { kind: 'window', frame: { kind: 'sliding', sizeMs, slideMs, offsetMs } },
    { kind: 'session', gapMs: 1 + random.below(20) },
    { kind: 'deduplicate', withinMs: 1 + random.below(30) },
    { kind: 'join', type, beforeMs, afterMs: random.below(20) - Math.min(5, beforeMs) },
  ];
  return operators[random.below(operators.length)]!;
}

/** Sources 'left' and, for a join, 'right'; sinks 'out' and 'late'; the operator is 'under-test'. */
export function lateJob({ operator, outOfOrderMs }: LatenessCase): JobDefinition {
  return defineJob('late', (builder) => {
    const timed = (name: string): Stream<TimedEvent> =>
      builder
        .source(name, sources.memory<TimedEvent>([]))
        .withEventTime(({ at }) => at, { outOfOrderMs, idleTimeoutMs: Number.POSITIVE_INFINITY });
    const late = sinks.memory<TimedEvent>();
    const left = timed('left').keyBy(({ key }) => key);
    switch (operator.kind) {
      case 'window':
      case 'session': {
        const definition = operator.kind === 'window' ? windowOf(operator.frame) : windows.session(operator);
        const rows = left.window(definition).aggregate({ count: aggregates.count() }).named('under-test');
        rows.to('out', sinks.memory());
        rows.side('late').to('late', late);
        return;
      }
      case 'deduplicate': {
        const once = left
          .keyBy(deduplicationKeyOf)
          .deduplicate({ scope: 'watermark', ...operator })
          .named('under-test');
        once.to('out', sinks.memory());
        once.side('late').to('late', late);
        return;
      }
      case 'join': {
        const right = timed('right').keyBy(({ key }) => key);
        const pairs = left.join(right, { type: operator.type, within: operator, select: pairOf }).named('under-test');
        pairs.to('out', sinks.memory());
        pairs.side('late').to('late', late);
        return;
      }
    }
  });
}

const windowOf = (frame: Frame) => (frame.kind === 'tumbling' ? windows.tumbling(frame) : windows.sliding(frame));

const deduplicationKeyOf = ({ key, amount }: TimedEvent): string => `${key} ${amount}`;

/** One epoch of an operator: the two watermarks, and what it is given. */
interface EpochInput {
  /** In force while records are taken. */
  readonly late: number;
  /** In force behind them. */
  readonly evict: number;
  readonly records: readonly Arrival[];
}

interface EpochOutput {
  readonly rows: readonly unknown[];
  readonly late: readonly Arrival[];
}

interface PlainOperator {
  epoch(input: EpochInput): EpochOutput;
  /** Whether it would do something at that watermark. */
  isDue(watermark: number): boolean;
}

/**
 * The epochs of a job that has one operator, as in the microbatch semantics of Spark: late by the watermark before, evicted by the current one.
 * `epochs`: how many each batch of input took; there must be one without data where something is due, and there may be one where a timer was.
 */
export function interpretEpochs(drawn: LatenessCase, epochs?: readonly number[]): readonly Outcome[] {
  const { operator, outOfOrderMs, splits, batches } = drawn;
  const plain = plainOperatorOf(operator);
  const seen = new Map<string, number>();
  for (let split = 0; split < splits.left; split++) seen.set(`left ${split}`, Number.NEGATIVE_INFINITY);
  for (let split = 0; operator.kind === 'join' && split < splits.right; split++) {
    seen.set(`right ${split}`, Number.NEGATIVE_INFINITY);
  }
  let previous = Number.NEGATIVE_INFINITY;
  let watermark = Number.NEGATIVE_INFINITY;
  const epoch = (records: readonly Arrival[]): EpochOutput => {
    const output = plain.epoch({ late: previous, evict: watermark, records });
    previous = watermark;
    return output;
  };
  const outcomes = batches.map((records, index) => {
    const outputs = [epoch(records)];
    for (const { side, split, at } of records)
      seen.set(`${side} ${split}`, Math.max(seen.get(`${side} ${split}`)!, at));
    watermark = Math.max(watermark, Math.min(...seen.values()) - outOfOrderMs);
    const isDue = plain.isDue(watermark);
    const isFollowed = epochs === undefined ? isDue : epochs[index]! > 1;
    if (isDue && !isFollowed) throw new Error(`something is due behind batch ${index}, and no epoch has followed`);
    if (isFollowed) outputs.push(epoch([]));
    return outcomeOf(outputs);
  });
  return [...outcomes, outcomeOf([plain.epoch({ late: previous, evict: Number.POSITIVE_INFINITY, records: [] })])];
}

function outcomeOf(outputs: readonly EpochOutput[]): Outcome {
  const texts = (values: readonly unknown[]): readonly string[] => values.map((value) => JSON.stringify(value)).sort();
  return {
    rows: texts(outputs.flatMap(({ rows }) => rows)),
    late: texts(outputs.flatMap(({ late }) => late).map(({ key, at, amount }) => ({ key, at, amount }))),
  };
}

function plainOperatorOf(operator: OperatorUnderTest): PlainOperator {
  switch (operator.kind) {
    case 'window':
      return plainWindows(operator.frame);
    case 'session':
      return plainSessions(operator.gapMs);
    case 'deduplicate':
      return plainDeduplication(operator.withinMs);
    case 'join':
      return plainJoin(operator);
  }
}

interface OpenWindow {
  readonly key: string;
  start: number;
  end: number;
  count: number;
}

const rowOf = ({ key, start, end, count }: OpenWindow): unknown => ({
  key,
  windowStart: start,
  windowEnd: end,
  count,
});

function plainWindows(frame: Frame): PlainOperator {
  let open: OpenWindow[] = [];
  const slideMs = frame.kind === 'sliding' ? frame.slideMs : frame.sizeMs;
  const startsOf = (at: number): readonly number[] => {
    const starts: number[] = [];
    let start = frame.offsetMs + Math.floor((at - frame.offsetMs) / slideMs) * slideMs;
    for (; start + frame.sizeMs > at; start -= slideMs) starts.push(start);
    return starts;
  };
  return {
    isDue: (watermark) => open.some(({ end }) => end <= watermark),
    epoch({ late, evict, records }) {
      const refused = records.filter((record) => {
        const starts = startsOf(record.at).filter((start) => start + frame.sizeMs > late);
        for (const start of starts) {
          const known = open.find((window) => window.key === record.key && window.start === start);
          if (known === undefined) open.push({ key: record.key, start, end: start + frame.sizeMs, count: 1 });
          else known.count++;
        }
        return starts.length === 0;
      });
      const closed = open.filter(({ end }) => end <= evict);
      open = open.filter(({ end }) => end > evict);
      return { rows: closed.map(rowOf), late: refused };
    },
  };
}

function plainSessions(gapMs: number): PlainOperator {
  let open: OpenWindow[] = [];
  return {
    isDue: (watermark) => open.some(({ end }) => end <= watermark),
    epoch({ late, evict, records }) {
      const refused = records.filter(({ at }) => at + gapMs <= late);
      for (const { key, at } of records.filter((record) => record.at + gapMs > late)) {
        const touched = open.filter((other) => other.key === key && other.start <= at + gapMs && at <= other.end);
        open = open.filter((other) => !touched.includes(other));
        open.push({
          key,
          start: Math.min(at, ...touched.map(({ start }) => start)),
          end: Math.max(at + gapMs, ...touched.map(({ end }) => end)),
          count: touched.reduce((count, other) => count + other.count, 1),
        });
      }
      const closed = open.filter(({ end }) => end <= evict);
      open = open.filter(({ end }) => end > evict);
      return { rows: closed.map(rowOf), late: refused };
    },
  };
}

function plainDeduplication(withinMs: number): PlainOperator {
  const expiries = new Map<string, number>();
  return {
    isDue: () => false,
    epoch({ late, evict, records }) {
      const rows: unknown[] = [];
      for (const { key, at, amount } of records.filter((record) => record.at > late)) {
        const id = deduplicationKeyOf({ key, at, amount });
        if (expiries.has(id)) continue;
        expiries.set(id, at + withinMs);
        rows.push({ key, at, amount });
      }
      for (const [id, expiry] of expiries) if (expiry <= evict) expiries.delete(id);
      return { rows, late: records.filter((record) => record.at <= late) };
    },
  };
}

interface Kept {
  readonly record: Arrival;
  isMatched: boolean;
}

function plainJoin({ type, beforeMs, afterMs }: Extract<OperatorUnderTest, { kind: 'join' }>): PlainOperator {
  const isLeftShown = type === 'left' || type === 'full' || type === 'anti';
  const isRightShown = type === 'right' || type === 'full';
  let lefts: Kept[] = [];
  let rights: Kept[] = [];
  const isMatch = (l: Arrival, r: Arrival): boolean =>
    l.key === r.key && l.at - beforeMs <= r.at && r.at <= l.at + afterMs;
  const isLeftOver = ({ record }: Kept, watermark: number): boolean => record.at + afterMs < watermark;
  const isRightOver = ({ record }: Kept, watermark: number): boolean => record.at + beforeMs < watermark;
  const rows: unknown[] = [];
  const pair = (left: Kept, right: Kept): void => {
    if (type === 'semi' && !left.isMatched) rows.push(pairOf(left.record, null));
    if (type !== 'semi' && type !== 'anti') rows.push(pairOf(left.record, right.record));
    left.isMatched = true;
    right.isMatched = true;
  };
  const alone = (all: readonly Kept[], row: (kept: Kept) => unknown): void => {
    for (const kept of all) if (!kept.isMatched) rows.push(row(kept));
  };
  return {
    // Rows that end without a trace need not end at once.
    isDue: (watermark) =>
      (isLeftShown && lefts.some((kept) => !kept.isMatched && isLeftOver(kept, watermark))) ||
      (isRightShown && rights.some((kept) => !kept.isMatched && isRightOver(kept, watermark))),
    epoch({ late, evict, records }) {
      rows.length = 0;
      for (const record of records.filter(({ at }) => at > late)) {
        const kept: Kept = { record, isMatched: false };
        if (record.side === 'left') {
          for (const right of rights) if (isMatch(record, right.record)) pair(kept, right);
          lefts.push(kept);
        } else {
          for (const left of lefts) if (isMatch(left.record, record)) pair(left, kept);
          rights.push(kept);
        }
      }
      const endedLefts = lefts.filter((kept) => isLeftOver(kept, evict));
      const endedRights = rights.filter((kept) => isRightOver(kept, evict));
      lefts = lefts.filter((kept) => !endedLefts.includes(kept));
      rights = rights.filter((kept) => !endedRights.includes(kept));
      if (type === 'left' || type === 'full' || type === 'anti')
        alone(endedLefts, ({ record }) => pairOf(record, null));
      if (isRightShown) alone(endedRights, ({ record }) => pairOf(null, record));
      return { rows: [...rows], late: records.filter(({ at }) => at <= late) };
    },
  };
}
