/**
 * Results as they come, between two watermarks (Flink's unordered wait): the calls in front of a watermark are one section, whose results
 * go out in the order of their settling; when the last of them is out the watermark follows, and the next section is opened.
 */
import { assert, type TimestampMs } from '../../model/index.ts';
import type { RecordCall } from './record-call.ts';
import type { ResultOrder } from './result-order.ts';

interface Section {
  /** Calls not taken out yet. */
  calls: number;
  /** Those of them that have settled, in the order in which they did. */
  readonly settled: RecordCall[];
  /** Behind the calls. Only the last section has none. */
  watermark: TimestampMs | undefined;
}

export class UnorderedResults implements ResultOrder {
  /** Never empty. */
  readonly #sections: Section[] = [newSection()];
  readonly #sectionOf = new Map<RecordCall, Section>();

  get watermarks(): number {
    return this.#sections.length - 1;
  }

  add(call: RecordCall): void {
    const section = this.#sections.at(-1)!;
    section.calls++;
    this.#sectionOf.set(call, section);
  }

  hold(watermark: TimestampMs): void {
    const last = this.#sections.at(-1)!;
    const before = this.#sections.at(-2);
    if (before !== undefined && last.calls === 0) {
      before.watermark = watermark;
      return;
    }
    last.watermark = watermark;
    this.#sections.push(newSection());
  }

  onSettled(call: RecordCall): void {
    const section = this.#sectionOf.get(call);
    assert(section !== undefined, 'a call has settled that nobody waits for');
    this.#sectionOf.delete(call);
    section.settled.push(call);
  }

  hasNext(): boolean {
    const { calls, settled, watermark } = this.#sections[0]!;
    return settled.length > 0 || (calls === 0 && watermark !== undefined);
  }

  next(): RecordCall | TimestampMs {
    const section = this.#sections[0]!;
    const call = section.settled.shift();
    if (call !== undefined) {
      section.calls--;
      return call;
    }
    const { watermark } = section;
    assert(section.calls === 0 && watermark !== undefined, 'a result was taken where none was');
    this.#sections.shift();
    return watermark;
  }
}

function newSection(): Section {
  return { calls: 0, settled: [], watermark: undefined };
}
