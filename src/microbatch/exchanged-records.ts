/**
 * What the supersteps of one batch have written for those behind them: shuffle blocks, and the watermarks behind them. Lives on the driver,
 * for one batch; the blocks themselves are shared memory.
 */
import type { ShuffleOutput } from '../channels/index.ts';
import { INPUT_UNSET } from '../execution/merge-times.ts';
import type { InputTime, StageIndex } from '../model/index.ts';
import type { ExchangeIndex, PhysicalPlan } from '../plan/physical-plan.ts';
import type { TaskOutput } from './task.ts';

export class ExchangedRecords {
  readonly #plan: PhysicalPlan;
  readonly #written = new Map<ExchangeIndex, ShuffleOutput[]>();
  readonly #times = new Map<ExchangeIndex, InputTime[]>();

  constructor(plan: PhysicalPlan) {
    this.#plan = plan;
  }

  /** By producer subtask. `undefined`: not written yet, or read already. */
  writtenTo(exchange: ExchangeIndex): readonly ShuffleOutput[] | undefined {
    return this.#written.get(exchange);
  }

  /** By producer subtask; nothing is known before it has run. */
  timesOf(exchange: ExchangeIndex): readonly InputTime[] {
    return this.#times.get(exchange) ?? [INPUT_UNSET];
  }

  /** `outputs` come in the order of subtasks. What `stages` have read is not needed any more. */
  superstepDone(stages: readonly StageIndex[], outputs: readonly TaskOutput[]): void {
    for (const { index, to } of this.#plan.exchanges) if (stages.includes(to)) this.#written.delete(index);
    for (const { exchanges, watermarks } of outputs) {
      for (const { exchange, output } of exchanges) {
        const said = watermarks.find((watermark) => watermark.exchange === exchange);
        append(this.#written, exchange, output);
        append(this.#times, exchange, said?.time ?? INPUT_UNSET);
      }
    }
  }
}

function append<T>(lists: Map<ExchangeIndex, T[]>, exchange: ExchangeIndex, element: T): void {
  const list = lists.get(exchange);
  if (list === undefined) lists.set(exchange, [element]);
  else list.push(element);
}
