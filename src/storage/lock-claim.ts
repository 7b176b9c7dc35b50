/**
 * Whether a claim on a state directory still holds. Pure: facts in, decision out.
 *
 * A claim names its owner so exactly that neither a kill -9, nor a reused process id, nor a reboot leaves anything to do
 * by hand (reliability rows 18, 19). Where owners cannot see each other (containers, network file systems) the generation
 * fences the older one at its next commit.
 */
export interface LockClaim {
  readonly pid: number;
  readonly host: string;
  /** Changes with every boot; empty where the system has none. */
  readonly bootId: string;
  /** When process and thread were started, as the system counts it; empty where it does not say. */
  readonly processStart: string;
  readonly thread: number;
  readonly threadStart: string;
  /** Random: tells two owners in one thread apart. */
  readonly instance: string;
  /** Wall clock, for people. */
  readonly claimedAt: string;
  /** The owner closed the directory. The claim stays, so that its number is never given again. */
  readonly isReleased: boolean;
}

/** The system as seen by whoever asks. */
export interface OwnerFacts {
  readonly bootId: string;
  /** Start of the process that now has the claim's id; `undefined`: there is none. Empty where the system does not say. */
  readonly processStart: string | undefined;
  /** Start of the claim's thread inside that process; `undefined`: it has ended. */
  readonly threadStart: string | undefined;
}

export type ClaimState = 'held' | 'released' | 'other-boot' | 'process-gone' | 'process-id-reused' | 'thread-gone';

export function decideClaim(claim: LockClaim, facts: OwnerFacts): ClaimState {
  if (claim.isReleased) return 'released';
  if (claim.bootId !== facts.bootId) return 'other-boot';
  if (facts.processStart === undefined) return 'process-gone';
  if (claim.processStart !== facts.processStart) return 'process-id-reused';
  if (claim.threadStart !== '' && claim.threadStart !== facts.threadStart) return 'thread-gone';
  return 'held';
}
