/**
 * The input of the ledger job: made from a seed, as bytes, together with what a reader must find in them. Independent of
 * the product: it knows where each line begins because it wrote it.
 */
import { DEPTH_MAX, type Leg, RECORD_BYTES_MAX } from '../../fixtures/recovery/ledger-model.ts';
import { SeededChoice } from './seeded-choice.ts';

export type InputLine =
  | { readonly kind: 'record'; readonly offset: number; readonly legs: readonly Leg[] }
  | { readonly kind: 'bad'; readonly offset: number; readonly rawBytes: number };

/** One file. */
export interface InputSplit {
  readonly source: 'transfers' | 'postings';
  /** As the job names it. */
  readonly path: string;
  readonly bytes: Buffer;
  /** In order. Empty lines are not among them. */
  readonly lines: readonly InputLine[];
}

export interface LedgerSize {
  readonly transfers: number;
  readonly postings: number;
}

const TRANSFER_FILES = 5;
const POSTING_FILES = ['a', 'b'];
/** Names that only a careless program treats as anything but data; the last is longer than an LMDB key may be. */
const STRANGE_ACCOUNTS = [
  '',
  '__proto__',
  'constructor',
  'toString',
  'Zürich \u{1F30A}',
  '0',
  'x\u0000y',
  'k'.repeat(1500),
];
const ACCOUNTS: readonly string[] = [
  ...Array.from({ length: 40 }, (_, i) => `a-${i}`),
  ...STRANGE_ACCOUNTS.slice(0, -1),
];

export function makeLedgerInput(seed: number, size: LedgerSize): readonly InputSplit[] {
  const random = new SeededChoice(seed);
  const transfers = Array.from({ length: TRANSFER_FILES }, (_, i) =>
    makeSplit('transfers', `input/transfers-${i}.jsonl`, size.transfers, random, transferLine),
  );
  const postings = POSTING_FILES.map((name) =>
    makeSplit('postings', `input/postings-${name}.jsonl`, size.postings, random, postingLine),
  );
  return [...transfers, ...postings];
}

interface WrittenLine {
  readonly value: unknown;
  readonly legs: readonly Leg[];
}

type MakeLine = (split: string, seq: number, random: SeededChoice) => WrittenLine;

function makeSplit(
  source: InputSplit['source'],
  path: string,
  count: number,
  random: SeededChoice,
  makeLine: MakeLine,
): InputSplit {
  const pieces: Buffer[] = [];
  const lines: InputLine[] = [];
  let offset = 0;
  const write = (content: Buffer, end = '\n'): void => {
    const line = Buffer.concat([content, Buffer.from(end)]);
    pieces.push(line);
    offset += line.length;
  };
  for (let seq = 0; seq < count; seq++) {
    if (random.chance(0.03)) {
      const bad = badLine(random);
      lines.push({ kind: 'bad', offset, rawBytes: bad.length });
      write(bad);
    }
    if (random.chance(0.02)) write(Buffer.alloc(0));
    const { value, legs } = makeLine(path, seq, random);
    lines.push({ kind: 'record', offset, legs });
    write(Buffer.from(JSON.stringify(value)), random.chance(0.1) ? '\r\n' : '\n');
  }
  return { source, path, bytes: Buffer.concat(pieces), lines };
}

function transferLine(split: string, seq: number, random: SeededChoice): WrittenLine {
  // A number is a record, too: the job's filter drops it.
  if (random.chance(0.01)) return { value: seq, legs: [] };
  const from = pickAccount(random);
  let to = pickAccount(random);
  while (to === from) to = pickAccount(random);
  const cents = random.between(1, 1000);
  return {
    value: { split, seq, from, to, cents },
    legs: [
      { account: from, split, seq, cents: -cents },
      { account: to, split, seq, cents },
    ],
  };
}

function postingLine(split: string, seq: number, random: SeededChoice): WrittenLine {
  const others = Array.from({ length: random.between(0, 3) }, (): readonly [string, number] => [
    pickAccount(random),
    random.between(-1000, 1000),
  ]);
  const rest = -others.reduce((sum, [, cents]) => sum + cents, 0);
  // 0 rather than -0: JSON has only one of them.
  const entries = [...others, [pickAccount(random), rest === 0 ? 0 : rest] as const];
  return {
    value: { split, seq, entries },
    legs: entries.map(([account, cents]) => ({ account, split, seq, cents })),
  };
}

function pickAccount(random: SeededChoice): string {
  return random.chance(0.005) ? STRANGE_ACCOUNTS.at(-1)! : random.pick(ACCOUNTS);
}

function badLine(random: SeededChoice): Buffer {
  switch (random.between(0, 4)) {
    case 0:
      return Buffer.from('{"split":"cut short","seq":');
    case 1:
      return Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]);
    case 2:
      return Buffer.from('['.repeat(DEPTH_MAX + 1) + ']'.repeat(DEPTH_MAX + 1));
    case 3:
      return Buffer.from(`"${'z'.repeat(RECORD_BYTES_MAX)}"`);
    default:
      return Buffer.from('not JSON at all');
  }
}
