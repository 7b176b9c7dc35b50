/** Every deliberate bug there is, in the order in which they are run. */
import { ENTRY_MUTANTS } from './entry-mutants.ts';
import { MICROBATCH_MUTANTS } from './microbatch-mutants.ts';
import { MODE_MUTANTS } from './mode-mutants.ts';
import type { Mutant } from './mutant.ts';
import { PROTOCOL_MUTANTS } from './protocol-mutants.ts';
import { TIME_MUTANTS } from './time-mutants.ts';
import { TIMED_OPERATOR_MUTANTS } from './timed-operator-mutants.ts';
import { WINDOW_MUTANTS } from './window-mutants.ts';

export const ALL_MUTANTS: readonly Mutant[] = [
  ...PROTOCOL_MUTANTS,
  ...MICROBATCH_MUTANTS,
  ...MODE_MUTANTS,
  ...WINDOW_MUTANTS,
  ...TIME_MUTANTS,
  ...TIMED_OPERATOR_MUTANTS,
  ...ENTRY_MUTANTS,
];
