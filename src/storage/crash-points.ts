/**
 * Named places at which a process may die and nothing may be lost (design habit: crash points belong to the product).
 * Outside tests the port does nothing.
 */
export const STORAGE_CRASH_POINTS: readonly [
  'storage.bootstrap.beforeCommit',
  'storage.bootstrap.beforeRename',
  'storage.bootstrap.afterRename',
  'storage.lock.taken',
  'storage.generation.after',
  'storage.plan.before',
  'storage.plan.inside',
  'storage.plan.after',
  'storage.commit.before',
  'storage.commit.inside',
  'storage.commit.after',
  'storage.fold.chunk',
  'storage.fold.inside',
  'storage.fold.finished',
] = [
  'storage.bootstrap.beforeCommit',
  'storage.bootstrap.beforeRename',
  'storage.bootstrap.afterRename',
  'storage.lock.taken',
  'storage.generation.after',
  'storage.plan.before',
  'storage.plan.inside',
  'storage.plan.after',
  'storage.commit.before',
  'storage.commit.inside',
  'storage.commit.after',
  'storage.fold.chunk',
  'storage.fold.inside',
  'storage.fold.finished',
];

/** Called at each named place. May not return (a test kills the process there) or throw. */
export type CrashPoint = (name: string) => void;
