/**
 * The record-at-a-time engine on the driver thread: every subtask is live on a worker, markers flow in band.
 *
 * Owns the workers of one generation and its epoch coordinator, and the workers prepared for the next. Does not own restarts: the
 * first failure, wherever it comes from, ends the generation and is reported once.
 */

import type { Deployment, WorkerEvents } from '../execution/deployment.ts';
import { deriveHeldBack, hasEndedBefore } from '../execution/derive-held-back.ts';
import type { Engine, GenerationContext, GenerationEnd, GenerationRun, StopKind } from '../execution/engine.ts';
import { EpochCoordinator } from '../execution/epoch-coordinator.ts';
import type { JobOptions } from '../execution/options.ts';
import {
  assert,
  type ErrorReport,
  type NodeId,
  subtaskId,
  toReport,
  type WorkerIndex,
  WorkerLostError,
} from '../model/index.ts';
import type { PhysicalPlan } from '../plan/physical-plan.ts';
import { listSubtasks } from '../plan/placement.ts';
import type { PreparedWorkers, WorkerHosting, WorkerLink } from './worker-hosting.ts';

export class ContinuousEngine implements Engine {
  readonly mode = 'continuous';
  readonly #hosting: WorkerHosting;
  #prepared: PreparedFor | undefined;

  constructor(hosting: WorkerHosting) {
    this.#hosting = hosting;
  }

  async prepare(plan: PhysicalPlan, options: JobOptions): Promise<void> {
    this.#prepared ??= { plan, workers: this.#hosting.prepare(plan, options) };
    const prepared = this.#prepared;
    assert(prepared.plan === plan, 'I9: workers are prepared for another plan');
    try {
      await prepared.workers.ready;
    } catch (thrown) {
      if (this.#prepared === prepared) this.#prepared = undefined;
      throw thrown;
    }
  }

  async start(context: GenerationContext): Promise<GenerationRun> {
    const { plan, options } = context;
    const prepared = this.#prepared ?? { plan, workers: this.#hosting.prepare(plan, options) };
    assert(prepared.plan === plan, 'I9: workers are prepared for another plan');
    this.#prepared = undefined;
    const generation = new ContinuousGeneration(context);
    await generation.start(prepared.workers);
    return generation;
  }

  async close(): Promise<void> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    await prepared?.workers.close();
  }
}

interface PreparedFor {
  readonly plan: PhysicalPlan;
  readonly workers: PreparedWorkers;
}

class ContinuousGeneration implements GenerationRun {
  readonly ended: Promise<GenerationEnd>;
  /** A generation is handed out when its workers run. */
  readonly moving: Promise<void> = Promise.resolve();
  readonly #context: GenerationContext;
  readonly #coordinator: EpochCoordinator;
  #end: (end: GenerationEnd) => void = () => {};
  #workers: readonly WorkerLink[] = [];
  #closing: Promise<void> | undefined;

  constructor(context: GenerationContext) {
    this.#context = context;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    const { options, plan } = context;
    this.#coordinator = new EpochCoordinator({
      plan,
      subtasks: listSubtasks(plan).map(({ stage, subtask }) => subtaskId(stage, subtask)),
      generation: context.generation,
      store: context.store,
      committers: context.committers,
      clock: context.clock,
      intervalMs: options.epoch.intervalMs,
      unfoldedBytesMax: options.state.unfoldedBytesMax,
      crashPoint: context.crashPoint,
      policy: options.watermark.policy,
      beginEpoch: (marker) => this.#tell((worker) => worker.beginEpoch(marker)),
      announce: (epoch, foldedThrough, time) => {
        const { splits } = context;
        const heldBack = [...deriveHeldBack(plan, (source) => hasEndedBefore(time, splits, source))];
        this.#tell((worker) => worker.epochCommitted(epoch, foldedThrough, heldBack));
      },
      onEpoch: (report) => {
        context.onEpoch(report);
        // As its marker said: sources may have ended behind it.
        if (report.isFinal) this.#end({ kind: 'finished', stop: report.manifest.isComplete ? 'complete' : 'drain' });
      },
      onFailure: (report) => this.#fail(report),
    });
  }

  async start(prepared: PreparedWorkers): Promise<void> {
    const { plan } = this.#context;
    const deployments = Array.from({ length: plan.workers }, (_, worker) => this.#deploymentOf(worker));
    this.#workers = await prepared.deploy(deployments, this.#events());
    for (const worker of this.#workers) void worker.lost.then((report) => this.#fail(report));
    try {
      await Promise.all(this.#workers.map((worker) => worker.run()));
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
    this.#coordinator.start();
  }

  finish(stop: StopKind): void {
    this.#coordinator.finish(stop);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  inFlight(): { readonly ageMs: number; readonly missing: readonly string[] } | undefined {
    return this.#coordinator.inFlight();
  }

  async #close(): Promise<void> {
    await this.#coordinator.close();
    await Promise.all(this.#workers.map((worker) => worker.end()));
  }

  #events(): WorkerEvents {
    return {
      snapshot: (snapshot) => this.#coordinator.onSnapshot(snapshot),
      requestEpoch: () => this.#coordinator.requestEpoch(),
      status: (status) => this.#context.onStatus(status),
      failed: (report) => this.#fail(report),
    };
  }

  #tell(command: (worker: WorkerLink) => Promise<void>): void {
    for (const worker of this.#workers) {
      command(worker).catch((thrown: unknown) => {
        // A lost worker tells why itself; that a command to it got no answer is only the consequence.
        if (!(thrown instanceof WorkerLostError)) this.#fail(toReport(thrown));
      });
    }
  }

  #fail(report: ErrorReport): void {
    if (this.#closing !== undefined) return;
    this.#end({ kind: 'failed', report });
  }

  #deploymentOf(worker: WorkerIndex): Deployment {
    const { contextOf, generation, manifest, options, plan, splits } = this.#context;
    const nodes = plan.stages.flatMap((stage) => stage.chain.map(({ node }) => node.id));
    return {
      worker,
      generation,
      options,
      fingerprint: plan.fingerprint,
      manifest,
      splits,
      baseDirectory: contextOf(nodes[0]!).baseDirectory,
      pendingDirectories: Object.fromEntries(
        nodes.map((node): [NodeId, string] => [node, contextOf(node).pendingDirectory]),
      ),
    };
  }
}
