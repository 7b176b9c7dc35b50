/**
 * The subtasks of one worker in the continuous engine: builds them from plan and deployment, and passes commands on to them.
 *
 * Owns the subtasks and the channels inside this worker. Does not own the thread, its loop, nor the transport of commands.
 */
import type { ChainTime } from '../execution/chain-time.ts';
import type { Deployment, WorkerEvents, WorkerStatus } from '../execution/deployment.ts';
import { deriveHeldBack, hasEndedBefore } from '../execution/derive-held-back.ts';
import { hostSubtask, openReader, type SubtaskSite } from '../execution/host-subtask.ts';
import { deriveOrigins, type InputOrigin } from '../execution/input-origin.ts';
import { LatencyRecorder } from '../execution/latency-recorder.ts';
import type { OperatorChain } from '../execution/operator-chain.ts';
import { RefusedRecords } from '../execution/refused-records.ts';
import { SinkProbe } from '../execution/sink-probe.ts';
import { SourceClock } from '../execution/source-clock.ts';
import type { SubtaskHost } from '../execution/subtask-host.ts';
import { WatermarkMerger } from '../execution/watermark-merger.ts';
import {
  assert,
  type ChannelReader,
  type ChannelWriter,
  type Clock,
  END_OF_TIME,
  type Epoch,
  type KeyedState,
  type Marker,
  type NodeId,
  type SubtaskIndex,
  TIME_UNSET,
  type TimestampMs,
} from '../model/index.ts';
import type { OperatorNode, SourceNode } from '../plan/logical-plan.ts';
import type { PhysicalPlan, Stage } from '../plan/physical-plan.ts';
import { type ChannelPlacement, listChannels, workerOf } from '../plan/placement.ts';
import { ExchangeSubtask } from './exchange-subtask.ts';
import { SourceSubtask } from './source-subtask.ts';
import type { LiveSubtask } from './subtask-command.ts';

/** How a worker gets at what lives outside it. */
export interface ContinuousWorkerPorts {
  readonly clock: Clock;
  readonly crashPoint: (name: string) => void;
  createState(node: OperatorNode, subtask: SubtaskIndex, parallelism: number): KeyedState;
  writerOf(channel: ChannelPlacement): ChannelWriter;
  readerOf(channel: ChannelPlacement): ChannelReader;
  /** Shared by all workers of the generation. */
  readonly brake: Brake;
  readonly events: WorkerEvents;
}

/** Held by subtasks with too much changed state; while it is, no source reads. */
export interface Brake {
  press(): void;
  release(): void;
  isPressed(): boolean;
}

export class ContinuousWorker {
  readonly subtasks: readonly LiveSubtask[];
  readonly #deployment: Deployment;
  readonly #ports: ContinuousWorkerPorts;
  readonly #site: SubtaskSite;
  /** By stage. */
  readonly #origins: readonly InputOrigin[];
  readonly #hosts: SubtaskHost[] = [];
  readonly #sources: {
    readonly node: NodeId;
    readonly subtask: SourceSubtask;
    readonly refused: RefusedRecords;
    readonly eventTime: SourceClock;
    readAtLastStatus: number;
  }[] = [];
  readonly #probes: SinkProbe[] = [];
  readonly #states: KeyedState[] = [];
  /** Sources that wait for tables to be read, at the start of the generation. */
  readonly #heldBack: ReadonlySet<NodeId>;
  /** By the node at the head. */
  readonly #chains: { readonly node: NodeId; readonly time: ChainTime }[] = [];
  readonly #latency: LatencyRecorder = new LatencyRecorder();
  readonly #pauses: LatencyRecorder = new LatencyRecorder();

  constructor(plan: PhysicalPlan, deployment: Deployment, ports: ContinuousWorkerPorts) {
    assert(plan.fingerprint === deployment.fingerprint, 'I9: the worker runs another plan than the driver');
    this.#deployment = deployment;
    this.#ports = ports;
    const { options, generation, manifest, baseDirectory, pendingDirectories } = deployment;
    const firstEpoch = (manifest?.epoch ?? 0) + 1;
    const { clock, crashPoint } = ports;
    this.#site = { plan, options, generation, firstEpoch, baseDirectory, pendingDirectories, clock, crashPoint };
    this.#origins = deriveOrigins(plan);
    const { splits } = deployment;
    this.#heldBack = deriveHeldBack(plan, (source) => hasEndedBefore(manifest?.time, splits, source));
    const channels = listChannels(plan);
    this.subtasks = plan.stages.flatMap((stage) =>
      Array.from({ length: stage.parallelism }, (_, subtask) => subtask)
        .filter((subtask) => workerOf(plan, stage.index, subtask) === deployment.worker)
        .map((subtask) => this.#buildSubtask(stage, subtask, channels)),
    );
  }

  beginEpoch(marker: Marker): void {
    for (const { subtask } of this.#sources) subtask.tell({ kind: 'begin-epoch', marker });
  }

  epochCommitted(epoch: Epoch, foldedThrough: Epoch, heldBack: readonly NodeId[]): void {
    assert(foldedThrough <= epoch, `I6: folded through ${foldedThrough}, committed ${epoch}`);
    for (const subtask of this.subtasks) subtask.tell({ kind: 'committed', epoch, foldedThrough });
    for (const { node, subtask } of this.#sources) if (!heldBack.includes(node)) subtask.tell({ kind: 'release' });
  }

  isAsyncPending(): boolean {
    return this.#hosts.some((host) => host.isAsyncPending());
  }

  /** What happened since the last status, and where things stand. */
  status(): WorkerStatus {
    const refused = this.#sources.map((source) => source.refused.totals());
    const memory = this.#states.map((state) => state.memory());
    return {
      worker: this.#deployment.worker,
      recordsRead: sum(this.#sources.map(({ subtask }) => subtask.recordsRead())),
      recordsWritten: sum(this.#probes.map((probe) => probe.total())),
      deadLetters: sum(refused.map(({ deadLetters }) => deadLetters)),
      recordsSkipped: sum(refused.map(({ skipped }) => skipped)),
      sources: this.#sources.map((source) => {
        const read = source.subtask.recordsRead();
        const isQuiet = read === source.readAtLastStatus;
        source.readAtLastStatus = read;
        const { state, name } = source.subtask;
        return { subtask: name, state: state === 'idle' && !isQuiet ? 'active' : state };
      }),
      behindMs: Math.max(0, ...this.#sources.map(({ subtask }) => subtask.behindMs())),
      time: this.#time(),
      stateBytes: sum(memory.map(({ bytes }) => bytes)),
      stateEntries: sum(memory.map(({ entries }) => entries)),
      latency: this.#latency.take(),
      pauses: this.#pauses.take(),
    };
  }

  #time(): WorkerStatus['time'] {
    const now = this.#ports.clock.monotonic();
    const stages: Record<NodeId, TimestampMs> = {};
    for (const { node, time } of this.#chains) stages[node] = Math.min(time.watermark, stages[node] ?? END_OF_TIME);
    const splits = this.#sources.flatMap(({ node, eventTime }) =>
      eventTime.splits(now).map((split) => ({ ...split, source: node })),
    );
    return { splits, stages };
  }

  #buildSubtask(stage: Stage, subtask: number, channels: readonly ChannelPlacement[]): LiveSubtask {
    const { clock, events } = this.#ports;
    const outgoing = channels.filter(({ from }) => from.stage === stage.index && from.subtask === subtask);
    const latency = this.#latency;
    const probe = new SinkProbe((ingestTime, records) => latency.record(clock.monotonic() - ingestTime, records));
    this.#probes.push(probe);
    const { chain, host } = hostSubtask(this.#site, stage, subtask, {
      attempt: 0,
      restoredEpoch: this.#deployment.manifest?.epoch ?? 0,
      probe,
      pauses: this.#pauses,
      channelsOf: (exchange) =>
        outgoing.filter((channel) => channel.exchange === exchange).map((channel) => this.#ports.writerOf(channel)),
      createState: (node) => this.#ports.createState(node, subtask, stage.parallelism),
      // Whatever runs on this thread is asked again before it sleeps.
      wake: () => {},
      deliver: (snapshot) => events.snapshot(snapshot),
      requestEpoch: (reason) => events.requestEpoch(reason),
      holdSources: (isHeld) => (isHeld ? this.#ports.brake.press() : this.#ports.brake.release()),
      fail: (report) => events.failed(report),
    });
    this.#states.push(...chain.states);
    this.#chains.push({ node: stage.chain[0]!.node.id, time: chain.time });
    this.#hosts.push(host);
    const head = stage.chain[0]!.node;
    const time = this.#deployment.manifest?.time;
    chain.time.tick(time?.now ?? 0, clock.monotonic());
    const restored = time?.stages[head.id] ?? TIME_UNSET;
    chain.time.restore(restored);
    if (head.role === 'source') return this.#createSource(stage, subtask, head, host, chain);
    // What is behind it knows nothing yet, and may never hear of it again.
    if (restored !== TIME_UNSET)
      host.raise({ kind: 'watermark', time: restored, isIdle: false, ingestTime: clock.monotonic() });
    return this.#createExchange(stage, subtask, host, chain, channels, restored);
  }

  #createExchange(
    stage: Stage,
    subtask: SubtaskIndex,
    host: SubtaskHost,
    chain: OperatorChain,
    channels: readonly ChannelPlacement[],
    restored: TimestampMs,
  ): LiveSubtask {
    const { exchanges } = this.#site.plan;
    const { watermark } = this.#site.options;
    const inputs = channels.filter(({ to }) => to.stage === stage.index && to.subtask === subtask);
    const groupOf = inputs.map(({ exchange }) => stage.inputs.indexOf(exchange));
    return new ExchangeSubtask({
      host,
      heads: chain.heads,
      inputs: inputs.map((channel) => ({
        channel: this.#ports.readerOf(channel),
        input: exchanges[channel.exchange]!.input,
      })),
      merger: new WatermarkMerger(
        groupOf,
        watermark.policy,
        restored,
        stage.inputs.map((exchange) => this.#origins[exchanges[exchange]!.from]!),
      ),
    });
  }

  #createSource(stage: Stage, subtask: number, node: SourceNode, host: SubtaskHost, chain: OperatorChain): LiveSubtask {
    const { events } = this.#ports;
    const { options, manifest, splits } = this.#deployment;
    const refused = new RefusedRecords(node.id, (reason) => events.requestEpoch(reason));
    const reader = openReader(this.#site, stage, subtask, node, {
      splits: splits[node.id]?.[subtask] ?? [],
      offsets: manifest?.offsets[node.id] ?? {},
      refused,
    });
    const { clock } = this.#ports;
    const eventTime = new SourceClock(node.eventTime, {
      splits: splits[node.id]?.[subtask] ?? [],
      seen: manifest?.time.splits[node.id] ?? {},
      isBounded: node.connector.isBounded,
      now: clock.monotonic(),
    });
    const source = new SourceSubtask({
      host,
      node: node.id,
      head: chain.heads[0]!,
      reader,
      clock,
      refused,
      eventTime,
      advance: options.watermark.advance,
      watermarkIntervalMs: options.watermark.intervalMs,
      epochRecords: Math.ceil(options.epoch.records / stage.parallelism),
      requestEpoch: (reason) => events.requestEpoch(reason),
      isStateFull: () => this.#ports.brake.isPressed(),
      isHeldBack: this.#heldBack.has(node.id),
      onEnded: () => {
        events.status(this.status());
        // Who waits for this table goes on behind the next epoch.
        if (this.#heldBack.size > 0) events.requestEpoch(`${node.id} has been read to its end`);
      },
    });
    this.#sources.push({ node: node.id, subtask: source, refused, eventTime, readAtLastStatus: -1 });
    return source;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
