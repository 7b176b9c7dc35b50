/** What tests see of keyed state: read from a copy of it that is thrown away, so that looking changes nothing. */
import { decodeValue, encodeValue } from '../codec/value-codec.ts';
import {
  END_OF_TIME,
  type Key,
  type KeyedState,
  type StateKind,
  type StateTtl,
  type TimeDomain,
  type TimestampMs,
} from '../model/index.ts';

/** A timer that has not fired. */
export interface PendingTimer {
  readonly domain: TimeDomain;
  readonly key: Key;
  readonly at: TimestampMs;
  readonly name: string;
}

/** What one state holds under one key: the value, the elements of the list, the pairs of the map. */
export type StateContent = unknown;

export interface DeclaredState {
  readonly name: string;
  readonly kind: StateKind;
  readonly ttl?: StateTtl | undefined;
}

/** Of one key, by name of the state. Empty states are absent. */
export function readContent(
  copy: KeyedState,
  declared: Iterable<DeclaredState>,
  key: Key,
): Readonly<Record<string, StateContent>> {
  copy.setCurrentKey(key);
  const found = [...declared].map((state) => [state.name, contentOf(copy, state)] as const);
  return Object.fromEntries(found.filter(([, content]) => content !== undefined));
}

/** Of all keys, in the order in which they would fire, event time first. Takes them out of the copy. */
export function takeTimers(copy: KeyedState): readonly PendingTimer[] {
  return (['event', 'processing'] as const).flatMap((domain) => [...takeAll(copy, domain)]);
}

function* takeAll(copy: KeyedState, domain: TimeDomain): Generator<PendingTimer> {
  for (;;) {
    const timer = copy.takeDueTimer(domain, END_OF_TIME);
    if (timer === undefined) return;
    yield { domain, key: timer.key, at: timer.at, name: timer.tag };
  }
}

function contentOf(copy: KeyedState, { name, kind, ttl }: DeclaredState): StateContent {
  if (kind === 'timers') return undefined;
  if (kind === 'value') return copied(copy.value(name, ttl).get());
  const all = kind === 'list' ? [...copy.list(name, ttl).values()] : [...copy.map(name, ttl).entries()];
  return all.length === 0 ? undefined : copied(all);
}

function copied(content: unknown): unknown {
  return content === undefined ? undefined : decodeValue(encodeValue(content));
}
