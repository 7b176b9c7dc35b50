/** One thing that several may want and one gets, decided without asking anybody: see `channels` for the shared-memory one. */
export interface Claim {
  /** True for the first who takes it, and for that one again and again. `taker` is a whole number of at least 1. */
  take(taker: number): boolean;
  /** Who has it; 0: nobody. */
  holder(): number;
}
