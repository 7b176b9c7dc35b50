/**
 * The serving half of the control plane: exposes the functions of a plain object on one port.
 *
 * Only own functions are exposed, on an object without a prototype, so a message can name nothing else. Whatever a
 * command throws goes back as an {@link ErrorReport}; nothing escapes into the event loop.
 */
import type { MessagePort } from 'node:worker_threads';
import { type Endpoint, expose } from 'comlink';
import { assert } from '../model/index.ts';
import { answerTo, type ControlAnswer } from './control-answer.ts';
import { controlEndpoint, type RingOptions } from './control-endpoint.ts';

export interface ControlServer {
  /** Commands begun and not yet answered. A loop must not sleep on them: count them as asynchronous work. */
  pending(): number;
  /** Closes the port. Answers still owed are not sent. */
  close(): void;
}

/** Serves `api`, an object literal whose own functions are the commands; each may be synchronous or return a promise. */
export function exposeControl(api: object, port: MessagePort, options: RingOptions = {}): ControlServer {
  let pending = 0;
  const commands: Record<string, (...args: unknown[]) => Promise<ControlAnswer>> = Object.create(null);
  for (const [name, command] of Object.entries(api)) {
    if (typeof command !== 'function') continue;
    commands[name] = async (...args) => {
      pending++;
      try {
        return await answerTo(() => command.apply(api, args));
      } finally {
        pending--;
      }
    };
  }
  assert(
    Object.keys(commands).length > 0,
    'a control API needs at least one own function (methods of a class are not own)',
  );
  expose(Object.freeze(commands), controlEndpoint(port, options) as Endpoint);
  return { pending: () => pending, close: () => port.close() };
}
