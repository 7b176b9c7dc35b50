/**
 * Builds one subtask from the plan: its operator chain, its exchanges out, its part in the epoch protocol. The same in both
 * engines; what differs (where records come from, what an exchange leads to, when sinks write) comes in by ports.
 */
import type {
  ChannelWriter,
  Clock,
  ConnectorContext,
  Epoch,
  ErrorReport,
  Generation,
  KeyedState,
  NodeId,
  SinkWriter,
  SinkWriterContext,
  SourceReader,
  SplitId,
  SplitOffsets,
  SubtaskIndex,
  SubtaskSnapshot,
  SurveyHint,
  Watermark,
} from '../model/index.ts';
import { ownedGroups, subtaskId } from '../model/index.ts';
import type { OperatorNode, SinkNode, SourceNode } from '../plan/logical-plan.ts';
import type { ExchangeIndex, PhysicalPlan, Stage } from '../plan/physical-plan.ts';
import type { CrashPoint } from './crash-points.ts';
import { createExchangeWriter, type RecordTarget } from './exchange-writer.ts';
import type { LatencyRecorder } from './latency-recorder.ts';
import { OperatorChain } from './operator-chain.ts';
import type { JobOptions } from './options.ts';
import { inNode } from './placed-error.ts';
import type { RefusedRecords } from './refused-records.ts';
import type { SinkProbe } from './sink-probe.ts';
import { type ChainOutput, SubtaskHost } from './subtask-host.ts';

/** What all subtasks of a worker share in one generation. */
export interface SubtaskSite {
  readonly plan: PhysicalPlan;
  readonly options: JobOptions;
  readonly generation: Generation;
  /** The epoch that the generation began with. */
  readonly firstEpoch: Epoch;
  readonly baseDirectory: string;
  readonly pendingDirectories: Readonly<Record<NodeId, string>>;
  readonly clock: Clock;
  readonly crashPoint: CrashPoint;
}

/** What one subtask is connected to. */
export interface SubtaskPorts {
  /** See `SinkWriterContext`. */
  readonly attempt: number;
  /** The epoch whose state it begins with. */
  readonly restoredEpoch: Epoch;
  readonly probe: SinkProbe;
  readonly pauses: LatencyRecorder;
  channelsOf(exchange: ExchangeIndex): readonly ChannelWriter[];
  createState(node: OperatorNode): KeyedState;
  /** The watermark that goes out by an exchange, besides being put into its channels. */
  onWatermark?(exchange: ExchangeIndex, watermark: Watermark): void;
  /** A call that an operator waits for has settled. */
  wake(): void;
  /** Puts an engine's own writer in front of a sink's. */
  guardWriter?(node: SinkNode, writer: SinkWriter): SinkWriter;
  deliver(snapshot: SubtaskSnapshot): void;
  requestEpoch(reason: string): void;
  /** Nothing is to be read while it holds too much changed state. Absent where the engine bounds what is read by itself. */
  holdSources?(isHeld: boolean): void;
  fail(report: ErrorReport): void;
}

export interface HostedSubtask {
  readonly chain: OperatorChain;
  readonly host: SubtaskHost;
}

export function hostSubtask(
  site: SubtaskSite,
  stage: Stage,
  subtask: SubtaskIndex,
  ports: SubtaskPorts,
): HostedSubtask {
  const { plan, options } = site;
  const outputs: ChainOutput[] = [];
  const exchanges = new Map<ExchangeIndex, RecordTarget>();
  const channelsOf = new Map<ExchangeIndex, readonly ChannelWriter[]>();
  for (const index of stage.outputs) {
    const channels = ports.channelsOf(index);
    const { fromNode, partitioning } = plan.exchanges[index]!;
    outputs.push(...channels.map((channel) => ({ node: fromNode, channel })));
    channelsOf.set(index, channels);
    exchanges.set(index, createExchangeWriter(partitioning, channels, subtask, plan.keyGroups));
  }
  const chain = OperatorChain.build(stage, {
    subtask,
    groups: ownedGroups(subtask, stage.parallelism, plan.keyGroups),
    keyGroups: plan.keyGroups,
    clock: site.clock,
    exchange: (index) => exchanges.get(index)!,
    passWatermark: (index, watermark) => {
      inNode(plan.exchanges[index]!.fromNode, () => {
        for (const channel of channelsOf.get(index)!) channel.control(watermark);
      });
      ports.onWatermark?.(index, watermark);
    },
    wake: () => ports.wake(),
    createState: (node) => ports.createState(node),
    createWriter: (node) => createWriter(site, stage, subtask, node, ports),
    probe: ports.probe,
  });
  const host = new SubtaskHost({
    id: subtaskId(stage.index, subtask),
    subtask,
    generation: site.generation,
    restoredEpoch: ports.restoredEpoch,
    chain,
    outputs,
    probe: ports.probe,
    pauses: ports.pauses,
    clock: site.clock,
    encodeSliceMs: options.loop.encodeSliceMs,
    dirtyBytesMax: options.state.dirtyBytesMax,
    deliver: (snapshot) => ports.deliver(snapshot),
    requestEpoch: (reason) => ports.requestEpoch(reason),
    holdSources: (isHeld) => ports.holdSources?.(isHeld),
    fail: (report) => ports.fail(report),
  });
  return { chain, host };
}

/** What one reader of a source subtask reads. */
export interface ReaderRange {
  readonly splits: readonly SplitId[];
  readonly offsets: SplitOffsets;
  readonly refused: RefusedRecords;
  readonly hint?: SurveyHint | undefined;
}

export function openReader(
  site: SubtaskSite,
  stage: Stage,
  subtask: SubtaskIndex,
  node: SourceNode,
  range: ReaderRange,
): SourceReader {
  const { splits, refused, hint } = range;
  const known = new Map(Object.entries(range.offsets));
  return node.connector.createReader({
    ...contextOf(site, node.id),
    subtask,
    parallelism: stage.parallelism,
    splits,
    offsets: Object.fromEntries(splits.flatMap((split) => (known.has(split) ? [[split, known.get(split)!]] : []))),
    deadLetter: (letter) => refused.deadLetter(letter),
    skipped: () => refused.skipped(),
    hint,
  });
}

function createWriter(
  site: SubtaskSite,
  stage: Stage,
  subtask: SubtaskIndex,
  node: SinkNode,
  ports: SubtaskPorts,
): SinkWriter {
  const { attempt } = ports;
  const context: SinkWriterContext = {
    ...contextOf(site, node.id),
    subtask,
    parallelism: stage.parallelism,
    attempt,
    firstEpoch: site.firstEpoch,
  };
  const writer = node.connector.createWriter(context);
  return ports.guardWriter?.(node, writer) ?? writer;
}

function contextOf(site: SubtaskSite, node: NodeId): ConnectorContext {
  return {
    node,
    job: site.plan.job,
    generation: site.generation,
    baseDirectory: site.baseDirectory,
    pendingDirectory: site.pendingDirectories[node] ?? site.baseDirectory,
    clock: site.clock,
    crashPoint: site.crashPoint,
  };
}
