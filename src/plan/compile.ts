/**
 * From what was asked for to what runs: chains of fused operators (stages), the exchanges between them, their parallelism
 * and their workers. Pure; the result is frozen.
 *
 * A node joins the chain of its producer when its only input is a forward edge from a node of equal parallelism.
 * Every other node heads a stage, hence only heads read from exchanges. Fan-out inside a chain makes it a tree.
 */
import { assert, type NodeId, OptionError, PlanError, type StageIndex, type WorkerIndex } from '../model/index.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { InputEdge, LogicalPlan } from './logical-plan.ts';
import type {
  ChainNode,
  ChainTarget,
  CompileOptions,
  Exchange,
  ExchangeIndex,
  PhysicalPlan,
  Stage,
} from './physical-plan.ts';
import { placeStages } from './place-stages.ts';
import { type ResolvedNode, resolveEdges } from './resolve-edges.ts';
import { signaturesOf } from './signatures-of.ts';

/**
 * Throws `OptionError` for counts that are no whole numbers of at least 1, `PlanError` when a keyed stage has more
 * subtasks than there are key groups.
 */
export function compile(plan: LogicalPlan, options: CompileOptions): PhysicalPlan {
  checkOptions(options);
  const nodes = resolveEdges(plan, options.parallelism);
  checkKeyGroups(plan, [...nodes.values()], options.keyGroups);
  const stageOf = cutIntoStages(nodes);
  const exchanges = listExchanges(nodes, stageOf);
  const stages = buildStages(nodes, stageOf, exchanges, options.workers);
  return Object.freeze({
    job: plan.job,
    fingerprint: fingerprintOf(plan),
    nodes: signaturesOf(plan),
    keyGroups: options.keyGroups,
    workers: options.workers,
    stages: Object.freeze(stages),
    exchanges: Object.freeze(exchanges),
  });
}

function checkOptions({ parallelism, workers, keyGroups }: CompileOptions): void {
  const problems = Object.entries({ parallelism, workers, keyGroups })
    .filter(([, count]) => !Number.isSafeInteger(count) || count < 1)
    .map(([name, count]) => `${name} is ${String(count)}; it must be a whole number of at least 1`);
  if (problems.length > 0) throw new OptionError(`the job cannot be planned: ${problems.join('; ')}`, problems);
}

/** A subtask without a key group would never get a record of a keyed stream, and have no place for state of its own. */
function checkKeyGroups(plan: LogicalPlan, nodes: readonly ResolvedNode[], keyGroups: number): void {
  const tooWide = nodes.filter(
    ({ node, parallelism, inputs }) =>
      parallelism > keyGroups &&
      (inputs.some(({ partitioning }) => partitioning === 'hash') ||
        (node.role === 'operator' && node.state === 'own')),
  );
  if (tooWide.length === 0) return;
  const named = tooWide.map(({ node, parallelism }) => `'${node.id}' (${parallelism})`).join(', ');
  throw new PlanError(
    `job '${plan.job}': the parallelism of ${named} exceeds the ${keyGroups} key groups; lower it, or begin a new state directory with more key groups`,
  );
}

/** Stages are numbered in the order of their heads. */
function cutIntoStages(nodes: ReadonlyMap<NodeId, ResolvedNode>): ReadonlyMap<NodeId, StageIndex> {
  const stageOf = new Map<NodeId, StageIndex>();
  let stages = 0;
  for (const [id, resolved] of nodes)
    stageOf.set(id, isFused(resolved) ? stageOf.get(resolved.inputs[0]!.from)! : stages++);
  return stageOf;
}

/** After resolving, a forward edge always joins equal parallelisms. */
function isFused({ inputs }: ResolvedNode): boolean {
  return inputs.length === 1 && inputs[0]!.partitioning === 'forward';
}

function listExchanges(
  nodes: ReadonlyMap<NodeId, ResolvedNode>,
  stageOf: ReadonlyMap<NodeId, StageIndex>,
): readonly Exchange[] {
  return [...nodes.values()]
    .filter((resolved) => !isFused(resolved))
    .flatMap(({ node, inputs }) => inputs.map((edge) => ({ edge, to: stageOf.get(node.id)! })))
    .map(({ edge: { from, output, partitioning, input }, to }, index) =>
      Object.freeze({ index, from: stageOf.get(from)!, fromNode: from, output, to, input, partitioning }),
    );
}

function buildStages(
  nodes: ReadonlyMap<NodeId, ResolvedNode>,
  stageOf: ReadonlyMap<NodeId, StageIndex>,
  exchanges: readonly Exchange[],
  workers: number,
): readonly Stage[] {
  const chains: ResolvedNode[][] = [];
  for (const [id, resolved] of nodes) {
    const stage = stageOf.get(id)!;
    if (stage === chains.length) chains.push([resolved]);
    else chains[stage]!.push(resolved);
  }
  const placeable = chains.map(([head], stage) => ({
    parallelism: head!.parallelism,
    inputs: exchanges.filter(({ to }) => to === stage),
  }));
  const firstWorkers = placeStages(placeable, workers);
  return chains.map((chain, index) => buildStage(index, chain, exchanges, firstWorkers[index]!));
}

function buildStage(
  index: StageIndex,
  chain: readonly ResolvedNode[],
  exchanges: readonly Exchange[],
  firstWorker: WorkerIndex,
): Stage {
  const { parallelism } = chain[0]!;
  assert(
    chain.every((member) => member.parallelism === parallelism),
    `stage ${index} fuses nodes of unequal parallelism`,
  );
  const indexesWhere = (isMeant: (exchange: Exchange) => boolean): readonly ExchangeIndex[] =>
    Object.freeze(exchanges.filter(isMeant).map((exchange) => exchange.index));
  return Object.freeze({
    index,
    name: chain.map(({ node }) => node.id).join(' > '),
    parallelism,
    chain: Object.freeze(chain.map((member) => chainNode(member, chain, exchanges))),
    inputs: indexesWhere(({ to }) => to === index),
    outputs: indexesWhere(({ from }) => from === index),
    firstWorker,
  });
}

function chainNode({ node }: ResolvedNode, chain: readonly ResolvedNode[], exchanges: readonly Exchange[]): ChainNode {
  const outputs = node.role === 'sink' ? 0 : node.role === 'source' ? 1 : node.outputs.length;
  const targets = Array.from({ length: outputs }, (_, output): readonly ChainTarget[] => {
    const reads = ({ from, output: read }: Pick<InputEdge, 'from' | 'output'>) => from === node.id && read === output;
    const chained = chain
      .filter((member) => isFused(member) && reads(member.inputs[0]!))
      .map((member) => Object.freeze({ kind: 'chained' as const, node: member.node.id }));
    const leaving = exchanges
      .filter((exchange) => reads({ from: exchange.fromNode, output: exchange.output }))
      .map((exchange) => Object.freeze({ kind: 'exchange' as const, exchange: exchange.index }));
    return Object.freeze([...chained, ...leaving]);
  });
  return Object.freeze({ node, targets: Object.freeze(targets) });
}
