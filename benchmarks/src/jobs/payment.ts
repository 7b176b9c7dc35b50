/** The record of most benchmarks: one text field that is the key, one number. */
import type { RandomStream } from 'millrace';

export interface Payment {
  readonly card: string;
  readonly amount: number;
}

/** With its event time. */
export interface TimedPayment extends Payment {
  at: number;
}

/** Written out: on Node 20 the garbage of `{ ...payment, at }` outlives two collections (docs/comparing.md), which is not what is measured. */
export function timedPayment({ card, amount }: Payment, at: number): TimedPayment {
  return { card, amount, at };
}

const names = new Map<number, readonly string[]>();

/** The names of `keys` cards, each made once per thread: the generator's cost is a look-up. */
function cardsOf(keys: number): readonly string[] {
  let cards = names.get(keys);
  if (cards === undefined) {
    cards = Array.from({ length: keys }, (_, i) => `card-${String(i).padStart(7, '0')}`);
    names.set(keys, cards);
  }
  return cards;
}

/** Uniformly random over `keys` cards. */
export function randomPayments(keys: number): (index: number, random: RandomStream) => Payment {
  const cards = cardsOf(keys);
  return (index, random) => ({ card: cards[random.below(keys)]!, amount: index & 1023 });
}

/** Every card once, then again: after `keys` records all of them have changed. */
export function rotatingPayments(keys: number): (index: number) => Payment {
  const cards = cardsOf(keys);
  return (index) => ({ card: cards[index % keys]!, amount: index & 1023 });
}

/** As {@link rotatingPayments} without a table of names: for so many keys it would take longer to make than a restart. */
export function namedPayments(keys: number): (index: number) => Payment {
  return (index) => ({ card: `card-${index % keys}`, amount: index & 1023 });
}
