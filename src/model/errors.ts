/**
 * One tree of errors, sorted by what recovery does with them, and the plain report that crosses threads.
 *
 * Message style: what happened, where, what to do.
 */
import type { Epoch, NodeId, SplitId, SubtaskId } from './ids.ts';

export type ErrorDomain = 'user' | 'external' | 'internal';

/** `none`: the job fails now. `restart`: back to the last epoch. `backoff`: the same, the cause is outside and may pass. */
export type ErrorRecovery = 'none' | 'restart' | 'backoff';

/** Where it happened, as far as is known. */
export interface ErrorPlace {
  readonly node?: NodeId | undefined;
  readonly subtask?: SubtaskId | undefined;
  readonly epoch?: Epoch | undefined;
  readonly key?: string | undefined;
  readonly split?: SplitId | undefined;
  readonly offset?: string | undefined;
}

export interface MillraceErrorInit extends ErrorPlace {
  readonly code: `ERR_${string}`;
  readonly domain: ErrorDomain;
  readonly recovery: ErrorRecovery;
  readonly cause?: unknown;
}

export class MillraceError extends Error {
  readonly code: string;
  readonly domain: ErrorDomain;
  readonly recovery: ErrorRecovery;
  /** An own property: so it is still there when an error that nothing caught arrives from another thread. */
  readonly place: ErrorPlace;

  constructor(message: string, init: MillraceErrorInit) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    const { code, domain, recovery, cause: _cause, ...place } = init;
    this.name = new.target.name;
    this.code = code;
    this.domain = domain;
    this.recovery = recovery;
    this.place = place;
  }

  /** Adds what an outer layer knows of the place. What is known already stays: the innermost layer knows best. */
  locate(place: ErrorPlace): this {
    (this as { place: ErrorPlace }).place = { ...place, ...dropUndefined(this.place) };
    return this;
  }
}

type Details = ErrorPlace & { readonly code?: `ERR_${string}`; readonly cause?: unknown };

/** A wrong option or job file. Nothing was started. `problems` lists every one found, each with its path. */
export class OptionError extends MillraceError {
  readonly problems: readonly string[];
  constructor(message: string, problems: readonly string[] = [], details: Details = {}) {
    super(message, { code: 'ERR_OPTION', domain: 'user', recovery: 'none', ...details });
    this.problems = problems;
  }
}

/** One thing wrong with a graph. */
export interface PlanProblem {
  readonly message: string;
  /** Where, if it is of one node. */
  readonly node?: NodeId | undefined;
}

/** The graph itself is wrong: a cycle, a name used twice, a keyed operator without a key. `problems` lists every one found in it. */
export class PlanError extends MillraceError {
  readonly problems: readonly PlanProblem[];
  constructor(message: string, details: Details = {}, problems: readonly PlanProblem[] = []) {
    super(message, { code: 'ERR_PLAN', domain: 'user', recovery: 'none', ...details });
    this.problems = problems;
  }
}

/** The state directory belongs to another job or an older shape of this one. The difference is named. */
export class IncompatiblePlanError extends MillraceError {
  constructor(message: string, details: Details = {}) {
    super(message, { code: 'ERR_INCOMPATIBLE_PLAN', domain: 'user', recovery: 'none', ...details });
  }
}

/** Another process holds the state directory, or took it over while this one ran. */
export class LockedError extends MillraceError {
  constructor(message: string, details: Details = {}) {
    super(message, { code: 'ERR_LOCKED', domain: 'user', recovery: 'none', ...details });
  }
}

/** Stored bytes do not match their checksum, or are missing. */
export class CorruptionError extends MillraceError {
  constructor(message: string, details: Details = {}) {
    super(message, { code: 'ERR_CORRUPTION', domain: 'internal', recovery: 'none', ...details });
  }
}

/** User code threw. */
export class OperatorError extends MillraceError {
  constructor(message: string, details: Details = {}) {
    super(message, { code: 'ERR_OPERATOR', domain: 'user', recovery: 'restart', ...details });
  }
}

/** A value outside the documented value domain, at the operator that emitted it. */
export class ValueError extends MillraceError {
  constructor(message: string, details: Details = {}) {
    super(message, { code: 'ERR_VALUE', domain: 'user', recovery: 'restart', ...details });
  }
}

/** The state store could not read. */
export class StateError extends MillraceError {
  constructor(message: string, details: Details = {}) {
    super(message, { code: 'ERR_STATE', domain: 'external', recovery: 'restart', ...details });
  }
}

/** An epoch could not be made durable. Never retried in place (reliability F7). */
export class CheckpointError extends MillraceError {
  constructor(message: string, details: Details = {}) {
    super(message, { code: 'ERR_CHECKPOINT', domain: 'internal', recovery: 'restart', ...details });
  }
}

/** A source or sink could not reach what it reads or writes. */
export class ConnectorError extends MillraceError {
  constructor(message: string, details: Details & { readonly recovery?: ErrorRecovery } = {}) {
    super(message, { code: 'ERR_CONNECTOR', domain: 'external', recovery: 'backoff', ...details });
  }
}

/** A worker thread died or stopped answering. */
export class WorkerLostError extends MillraceError {
  constructor(message: string, details: Details = {}) {
    super(message, { code: 'ERR_WORKER_LOST', domain: 'external', recovery: 'backoff', ...details });
  }
}

/** The caller asked for the stop. No failure, and never logged as one. */
export class CancelledError extends MillraceError {
  constructor(message: string, details: Details = {}) {
    super(message, { code: 'ERR_CANCELLED', domain: 'user', recovery: 'none', ...details });
  }
}

/** What is left of an error when it crosses threads: comlink and structured clone drop code, cause and class. */
export interface ErrorReport extends ErrorPlace {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly domain: ErrorDomain;
  readonly recovery: ErrorRecovery;
  readonly stack?: string | undefined;
  /** Of an {@link OptionError}. */
  readonly problems?: readonly string[] | undefined;
  readonly cause?: ErrorReport | undefined;
}

const CAUSE_DEPTH_MAX = 5;

/** The one normaliser. Takes whatever was thrown, `null` and `undefined` included (reliability, row 1). */
export function toReport(thrown: unknown, place: ErrorPlace = {}, depth = 0): ErrorReport {
  if (thrown instanceof MillraceError) {
    const cause =
      thrown.cause === undefined || depth >= CAUSE_DEPTH_MAX ? undefined : toReport(thrown.cause, {}, depth + 1);
    return {
      ...place,
      ...dropUndefined(thrown.place),
      name: thrown.name,
      message: thrown.message,
      code: thrown.code,
      domain: thrown.domain,
      recovery: thrown.recovery,
      stack: thrown.stack,
      problems: thrown instanceof OptionError ? thrown.problems : undefined,
      cause,
    };
  }
  const error = thrown instanceof Error ? thrown : undefined;
  return {
    ...place,
    name: error?.name ?? 'NonError',
    message: error?.message ?? `a value that is not an Error was thrown: ${describeThrown(thrown)}`,
    code: 'ERR_UNEXPECTED',
    domain: 'user',
    recovery: 'restart',
    stack: error?.stack,
    cause: error?.cause === undefined || depth >= CAUSE_DEPTH_MAX ? undefined : toReport(error.cause, {}, depth + 1),
  };
}

/** An error to throw on the other side: of the class that was thrown, with code, recovery, place and causes. */
export function fromReport(report: ErrorReport): MillraceError {
  const { name, message, code, domain, recovery, stack, cause, problems, ...place } = report;
  const details = {
    ...place,
    code: code as `ERR_${string}`,
    domain,
    recovery,
    ...(cause === undefined ? {} : { cause: fromReport(cause) }),
  };
  const error = createNamed(name, message, details, problems ?? []);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** Subclasses whose constructor takes a message and details. */
const NAMED_CLASSES: ReadonlyMap<string, new (message: string, details: MillraceErrorInit) => MillraceError> = new Map(
  [
    PlanError,
    IncompatiblePlanError,
    LockedError,
    CorruptionError,
    OperatorError,
    ValueError,
    StateError,
    CheckpointError,
    ConnectorError,
    WorkerLostError,
    CancelledError,
  ].map((named) => [named.name, named]),
);

function createNamed(
  name: string,
  message: string,
  details: MillraceErrorInit,
  problems: readonly string[],
): MillraceError {
  if (name === 'OptionError') return new OptionError(message, problems, details);
  const Named = NAMED_CLASSES.get(name);
  return Named === undefined ? new MillraceError(message, details) : new Named(message, details);
}

/** One line for any thrown value, also one that cannot be made a string. */
export function describeThrown(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  if (typeof thrown === 'object' && thrown !== null) return Object.prototype.toString.call(thrown);
  return typeof thrown === 'symbol' ? thrown.toString() : String(thrown).slice(0, 200);
}

function dropUndefined(place: ErrorPlace): ErrorPlace {
  return Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));
}
