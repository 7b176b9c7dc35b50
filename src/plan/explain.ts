/** A plan as text for people: stages, their chains as trees, exchanges, workers, ids. Pure. */
import type { NodeId, OutputIndex } from '../model/index.ts';
import { describeNode } from './describe-node.ts';
import { outputName } from './output-name.ts';
import type { ChainTarget, PhysicalPlan, Stage } from './physical-plan.ts';
import { workerOf } from './placement.ts';
import { sideOf } from './side-of.ts';

/** Several lines, without a newline at the end. */
export function explain(plan: PhysicalPlan): string {
  const counts = [
    plural(plan.stages.length, 'stage'),
    plural(plan.exchanges.length, 'exchange'),
    plural(plan.workers, 'worker'),
    plural(plan.keyGroups, 'key group'),
  ];
  const head = `job ${plan.job}: ${counts.join(', ')}\nfingerprint ${plan.fingerprint}`;
  return [head, ...plan.stages.map((stage) => explainStage(plan, stage))].join('\n\n');
}

function explainStage(plan: PhysicalPlan, stage: Stage): string {
  const workers = [...new Set(Array.from({ length: stage.parallelism }, (_, i) => workerOf(plan, stage.index, i)))];
  const lines = [
    `stage ${stage.index}: parallelism ${stage.parallelism}, ${workers.length === 1 ? 'worker' : 'workers'} ${workers.sort((a, b) => a - b).join(' ')}`,
    ...stage.inputs.map((index) => {
      const { partitioning, from, fromNode, output } = plan.exchanges[index]!;
      const side = sideOf(plan, plan.exchanges[index]!);
      return `  ${side === undefined ? '' : `${side}: `}from stage ${from} by ${partitioning} (exchange ${index}): ${placeName(plan, fromNode, output)}`;
    }),
    ...explainNode(plan, stage, stage.chain[0]!.node.id, '  ', '  '),
  ];
  return lines.join('\n');
}

/** The node and everything behind it; a branch is indented only where there are several. */
function explainNode(plan: PhysicalPlan, stage: Stage, id: NodeId, first: string, rest: string): string[] {
  const { node, targets } = stage.chain.find((member) => member.node.id === id)!;
  const branches = targets.flatMap((output, index) =>
    output.map((target) => ({ target, name: outputName(node, index) })),
  );
  const description = describeNode(node);
  const label = description === '' ? '' : ` (${description})`;
  const lines = [`${first}${node.id}: ${node.kind}${label}`];
  for (const [i, { target, name }] of branches.entries()) {
    const [tee, bar] = branches.length === 1 ? ['', ''] : i === branches.length - 1 ? ['└─ ', '   '] : ['├─ ', '│  '];
    const side = name === undefined ? '' : `[${name}] `;
    lines.push(...explainTarget(plan, stage, target, `${rest}${tee}${side}`, `${rest}${bar}`));
  }
  return lines;
}

function explainTarget(plan: PhysicalPlan, stage: Stage, target: ChainTarget, first: string, rest: string): string[] {
  if (target.kind === 'chained') return explainNode(plan, stage, target.node, first, rest);
  const { partitioning, to, index } = plan.exchanges[target.exchange]!;
  return [`${first}to stage ${to} by ${partitioning} (exchange ${index})`];
}

function placeName(plan: PhysicalPlan, id: NodeId, output: OutputIndex): string {
  const member = plan.stages.flatMap((stage) => stage.chain).find(({ node }) => node.id === id)!;
  const name = outputName(member.node, output);
  return name === undefined ? id : `${id} [${name}]`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
