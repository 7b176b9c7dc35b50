/** `process` for the plan. */
import type { NodeSignature } from '../model/index.ts';
import type { OperatorBlueprint } from './operator-blueprint.ts';
import type { StateDeclaration } from './process-definition.ts';
import { type ErasedProcess, ProcessOperator } from './process-operator.ts';
import { TIMER_STATE_PREFIX, TIMER_TIMES_STATE } from './process-timers.ts';

const TIMER_STATES: NodeSignature['states'] = [
  { name: 'timers:event', kind: 'timers' },
  { name: TIMER_TIMES_STATE, kind: 'map' },
  { name: 'timers:processing', kind: 'timers' },
];

/** `example` is one that `create` makes: what it declares holds for all. */
export function processBlueprint(example: ErasedProcess, create: () => ErasedProcess): OperatorBlueprint {
  const declared = Object.entries(example.states ?? {});
  const hasTimers = example.onTimer !== undefined;
  const states = declared.map(([name, { kind }]) => ({ name, kind }));
  const shown = states.map(({ name, kind }) => `${name}: ${kind}`);
  return {
    kind: 'process',
    label: (hasTimers ? [...shown, 'timers'] : shown).join(', '),
    outputs: ['main', ...Object.keys(example.sides ?? {})],
    identity: {},
    states: [...states, ...(hasTimers ? TIMER_STATES : [])].sort((a, b) => (a.name < b.name ? -1 : 1)),
    problems: declared.flatMap(([name, declaration]) => findStateProblems(name, declaration)),
    create: () => new ProcessOperator(create()),
    state: 'keyed',
  };
}

function findStateProblems(name: string, { ttl }: StateDeclaration): string[] {
  const problems: string[] = [];
  if (name.startsWith(TIMER_STATE_PREFIX)) {
    problems.push(
      `the state '${name}' has a name that timers use; choose one that does not begin with '${TIMER_STATE_PREFIX}'`,
    );
  }
  if (ttl === undefined) return problems;
  if (!(typeof ttl.ttlMs === 'number' && ttl.ttlMs > 0 && ttl.ttlMs < Number.POSITIVE_INFINITY)) {
    problems.push(
      `the state '${name}': ttlMs must be milliseconds above 0, not ${String(ttl.ttlMs)}; without an end, leave the time to live out`,
    );
  }
  if (ttl.refresh !== undefined && ttl.refresh !== 'write' && ttl.refresh !== 'read') {
    problems.push(`the state '${name}': refresh must be 'write' or 'read', not ${JSON.stringify(ttl.refresh)}`);
  }
  return problems;
}
