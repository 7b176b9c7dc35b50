/**
 * The inputs of calls that have not given out their result, in state: what a restart asks again.
 *
 * An input is kept with the key group of its record's key, so that after a restart with another parallelism it is found where the records of
 * that key are processed. Places are used again: an epoch writes about as many entries as there are calls under way, however many records have
 * passed. Beside them, in each group that has any, the last watermark that was passed on: it must come before the results of what is asked again,
 * wherever the group goes.
 */
import {
  assert,
  type Key,
  type KeyGroup,
  keyGroupOf,
  type MapState,
  type OperatorContext,
  StreamRecord,
  TIME_UNSET,
  type TimestampMs,
  type ValueState,
} from '../../model/index.ts';

export const INPUTS_STATE = 'unfinished';
export const PASSED_STATE = 'passedWatermark';

interface StoredInput {
  /** Order of arrival in the subtask that took it. */
  readonly sequence: number;
  readonly value: unknown;
  readonly key: Key | undefined;
  readonly timestamp: TimestampMs;
}

/** The places of one key group. */
interface GroupPlaces {
  readonly ownKey: Key;
  readonly free: number[];
  /** None was ever used from here on. */
  end: number;
  /** Those in use. */
  inputs: number;
}

/** Where an input is kept. */
export interface InputPlace {
  readonly group: GroupPlaces;
  readonly slot: number;
}

export interface RestoredInput {
  readonly place: InputPlace;
  readonly record: StreamRecord;
}

export class UnfinishedInputs {
  readonly #context: OperatorContext;
  readonly #inputs: MapState<StoredInput>;
  readonly #passed: ValueState<TimestampMs>;
  readonly #groups = new Map<KeyGroup, GroupPlaces>();
  /** Those of them that have inputs. */
  readonly #busy: Set<GroupPlaces> = new Set();
  /** For records without a key, and those whose key lives elsewhere. */
  readonly #anyGroup: GroupPlaces;
  #watermark: TimestampMs = TIME_UNSET;
  #sequence = 0;

  constructor(context: OperatorContext) {
    const { state, ownKeys, keyGroups, node } = context;
    assert(state !== undefined && ownKeys.length > 0, `the asyncMap '${node}' was opened without state of its own`);
    this.#context = context;
    this.#inputs = state.map<StoredInput>(INPUTS_STATE);
    this.#passed = state.value<TimestampMs>(PASSED_STATE);
    for (const ownKey of ownKeys)
      this.#groups.set(keyGroupOf(ownKey, keyGroups), { ownKey, free: [], end: 0, inputs: 0 });
    this.#anyGroup = this.#groups.get(keyGroupOf(ownKeys[0]!, keyGroups))!;
  }

  add(record: StreamRecord): InputPlace {
    const { key, value, timestamp } = record;
    const group = this.#groupOf(key);
    const slot = group.free.pop() ?? group.end++;
    this.#context.useKey(group.ownKey);
    this.#inputs.set(slot, { sequence: this.#sequence++, value, key, timestamp });
    if (group.inputs++ === 0) {
      this.#busy.add(group);
      this.#passed.set(this.#watermark);
    }
    return { group, slot };
  }

  remove({ group, slot }: InputPlace): void {
    this.#context.useKey(group.ownKey);
    this.#inputs.delete(slot);
    group.free.push(slot);
    if (--group.inputs > 0) return;
    this.#busy.delete(group);
    this.#passed.clear();
  }

  passed(watermark: TimestampMs): void {
    this.#watermark = watermark;
    for (const { ownKey } of this.#busy) {
      this.#context.useKey(ownKey);
      this.#passed.set(watermark);
    }
  }

  /** What was kept, in the order of arrival. Called once, before anything is added. */
  restore(): RestoredInput[] {
    const ingestTime = this.#context.time.ingestTime();
    const found: (RestoredInput & { readonly sequence: number })[] = [];
    for (const group of this.#groups.values()) {
      this.#context.useKey(group.ownKey);
      const used = new Set<number>();
      for (const [slot, { sequence, value, key, timestamp }] of this.#inputs.entries()) {
        used.add(Number(slot));
        const record = new StreamRecord(value, key, timestamp, ingestTime);
        found.push({ sequence, record, place: { group, slot: Number(slot) } });
      }
      if (used.size > 0) this.#busy.add(group);
      group.inputs = used.size;
      group.end = Math.max(-1, ...used) + 1;
      for (let slot = group.end - 1; slot >= 0; slot--) if (!used.has(slot)) group.free.push(slot);
    }
    // A stable sort: what several subtasks took before a restart with a lower parallelism has numbers in common.
    found.sort((a, b) => a.sequence - b.sequence);
    this.#sequence = (found.at(-1)?.sequence ?? -1) + 1;
    return found;
  }

  /**
   * The last watermark that was passed on in front of what is kept; the lowest where it was kept by several subtasks. TIME_UNSET: none, or
   * nothing is kept. Behind {@link restore}.
   */
  restorePassed(): TimestampMs {
    const found: TimestampMs[] = [];
    for (const { ownKey } of this.#busy) {
      this.#context.useKey(ownKey);
      found.push(this.#passed.get() ?? TIME_UNSET);
    }
    if (found.length > 0) this.passed(Math.min(...found));
    return this.#watermark;
  }

  #groupOf(key: Key | undefined): GroupPlaces {
    if (key === undefined) return this.#anyGroup;
    return this.#groups.get(keyGroupOf(key, this.#context.keyGroups)) ?? this.#anyGroup;
  }
}
