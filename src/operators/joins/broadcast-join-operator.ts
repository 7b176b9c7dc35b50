/**
 * A stream of any distribution and a small table that every subtask holds whole: each record meets the newest row of its key at once.
 *
 * The table is broadcast state, under the keys of its rows: the same in every subtask. The newest row is the one with the latest event time;
 * where rows have none, or the same, it is the last to come. What a deletion removes is forgotten, its time too: rows of one key come in
 * order, from one split.
 */
import {
  assert,
  canonicalKey,
  type Emitter,
  type NodeSignature,
  type Operator,
  type OperatorContext,
  type StreamRecord,
  type TimestampMs,
  type ValueState,
} from '../../model/index.ts';

export interface BroadcastJoinSettings {
  readonly type: 'inner' | 'left';
  readonly leftKey: (value: unknown) => unknown;
  readonly rightKey: (row: unknown) => unknown;
  readonly isDelete: ((row: unknown) => boolean) | undefined;
  readonly select: (left: unknown, row: unknown) => unknown;
}

interface TableRow {
  readonly value: unknown;
  /** NaN where it has none. */
  readonly time: TimestampMs;
}

const TABLE = 'table';

export const BROADCAST_JOIN_STATES: NodeSignature['states'] = [{ name: TABLE, kind: 'value' }];

export class BroadcastJoinOperator implements Operator {
  readonly #settings: BroadcastJoinSettings;
  #context!: OperatorContext;
  #table!: ValueState<TableRow>;

  constructor(settings: BroadcastJoinSettings) {
    this.#settings = settings;
  }

  open(context: OperatorContext): void {
    const { state, node } = context;
    assert(state !== undefined, `the broadcast join '${node}' was opened without state`);
    this.#context = context;
    this.#table = state.value(TABLE);
  }

  process(record: StreamRecord, out: Emitter): void {
    const { type, leftKey, select } = this.#settings;
    this.#context.useKey(canonicalKey(leftKey(record.value)));
    const row = this.#table.get();
    if (row !== undefined) out.emit(record.withValue(select(record.value, row.value)));
    else if (type === 'left') out.emit(record.withValue(select(record.value, null)));
  }

  processSecond(record: StreamRecord): void {
    const { rightKey, isDelete } = this.#settings;
    const { value, timestamp } = record;
    this.#context.useKey(canonicalKey(rightKey(value)));
    const known = this.#table.get();
    // NaN is not above anything.
    if (known !== undefined && known.time > timestamp) return;
    if (isDelete?.(value) !== true) this.#table.set({ value, time: timestamp });
    else if (known !== undefined) this.#table.clear();
  }
}
