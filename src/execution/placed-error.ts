/** Where a failure of an operator or a sink happened. */
import { describeThrown, type Key, MillraceError, type NodeId, OperatorError } from '../model/index.ts';

const KEY_SHOWN_MAX = 200;

/** Gives a failure its place, once: the innermost link knows best. */
export function placed(thrown: unknown, node: NodeId, key: Key | undefined): MillraceError {
  if (thrown instanceof MillraceError && (thrown.place.node !== undefined || thrown.recovery === 'none')) return thrown;
  const reason = describeThrown(thrown);
  const shownKey = key === undefined ? undefined : String(key).slice(0, KEY_SHOWN_MAX);
  const details = { node, key: shownKey, cause: thrown };
  if (thrown instanceof MillraceError) {
    return new MillraceError(`${node}: ${reason}`, {
      ...thrown.place,
      ...details,
      code: thrown.code as `ERR_${string}`,
      domain: thrown.domain,
      recovery: thrown.recovery,
    });
  }
  return new OperatorError(`operator ${node} threw: ${reason}`, details);
}

/** Runs `body`; what it throws happened in `node`. */
export function inNode<T>(node: NodeId, body: () => T): T {
  try {
    return body();
  } catch (thrown) {
    throw placed(thrown, node, undefined);
  }
}
