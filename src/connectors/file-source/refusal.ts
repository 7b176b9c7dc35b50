/** Why some bytes are no record: one sentence. A value, not an error: the source's policy says what happens. */
export class Refusal {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}
