/** A plan as a Mermaid flowchart: a box per stage, an arrow per edge, exchanges labelled with their partitioning. Pure. */
import type { NodeId } from '../model/index.ts';
import { describeNode } from './describe-node.ts';
import type { PlanNode } from './logical-plan.ts';
import { outputName } from './output-name.ts';
import type { PhysicalPlan, Stage } from './physical-plan.ts';
import { sideOf } from './side-of.ts';

/** The source text of the chart, without a newline at the end. */
export function explainMermaid(plan: PhysicalPlan): string {
  const members = plan.stages.flatMap((stage) => stage.chain);
  const names = new Map<NodeId, string>(members.map(({ node }, index) => [node.id, `n${index}`]));
  const nameOf = (id: NodeId): string => names.get(id)!;
  const arrows = members.flatMap(({ node, targets }) =>
    targets.flatMap((output, index) =>
      output.map((target) => {
        const side = outputName(node, index);
        if (target.kind === 'chained') return arrow(nameOf(node.id), nameOf(target.node), [side], '-->');
        const exchange = plan.exchanges[target.exchange]!;
        const head = plan.stages[exchange.to]!.chain[0]!.node.id;
        return arrow(nameOf(node.id), nameOf(head), [side, exchange.partitioning, sideOf(plan, exchange)], '==>');
      }),
    ),
  );
  return ['flowchart LR', ...plan.stages.flatMap((stage) => box(stage, nameOf)), ...arrows].join('\n');
}

function box(stage: Stage, nameOf: (id: NodeId) => string): string[] {
  return [
    `  subgraph s${stage.index}["stage ${stage.index}, parallelism ${stage.parallelism}"]`,
    ...stage.chain.map(
      ({ node }) => `    ${nameOf(node.id)}["${[node.id, describe(node)].map(escapeLabel).join('<br/>')}"]`,
    ),
    '  end',
  ];
}

function arrow(from: string, to: string, labels: readonly (string | undefined)[], shape: string): string {
  const label = labels.filter((part) => part !== undefined).join(': ');
  return label === '' ? `  ${from} ${shape} ${to}` : `  ${from} ${shape}|"${escapeLabel(label)}"| ${to}`;
}

function describe(node: PlanNode): string {
  const description = describeNode(node);
  return description === '' ? node.kind : `${node.kind}: ${description}`;
}

/** Mermaid's entity codes: labels come from job files and must not become markup. */
function escapeLabel(text: string): string {
  return text.replace(/[#"<>&\n\r]/g, (character) => `#${character.charCodeAt(0)};`);
}
