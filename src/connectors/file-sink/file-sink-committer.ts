/**
 * The driver's half of the file sink: exactly once into a file whose readers never see a line of an epoch that is not
 * committed.
 *
 *   worker   lines ──> segment G-e-s-a            (not durable, not visible)
 *   seal     fsync segments and their directory; fix the place [start, end) in the target ──> token
 *   engine   token inside the epoch's transaction: THE commit point (I3)
 *   commit   write the segments at [start, end), fsync the target, only then remove the segments
 *   restore  the token of the latest manifest once more, then remove what older generations left
 *   close    remove what attempts left whose threads died
 *
 * Why every stop leads to the same file. Let e be the latest epoch with a durable manifest.
 * - Before the transaction of e+1: the target was never touched for e+1; its segments carry a generation that the next start
 *   is above, and are removed.
 * - Behind the transaction, before the fsync: all segments of the token are on disk (seal), the target holds any part of
 *   [start, end), torn or not, on disk or only in memory. Restore writes all of it again at the same place.
 * - Behind the fsync: some segments may be gone. What is gone is on disk in the target, checked by its CRC; the rest is
 *   written again with the same bytes. The removals are not synced: a segment that comes back is one of these cases.
 * - At most one token is unconfirmed: an epoch is sealed only behind the commit of the one before (I2, asserted), so the
 *   latest token is all that a restart has to repeat.
 * - Another generation that still runs (a zombie) can only repeat its last committed epoch: the same bytes at the same
 *   place. It never renames over a file that its successor has made: the token names the file it replaces. Not covered: a
 *   zombie stopped in the very first commit of a folder with `ifExists: 'replace'`, before it removes the old parts.
 * While a commit is under way a reader may see the beginning of a committed epoch, also a torn last line.
 */
import { access, constants, mkdir, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import {
  assert,
  type CommitToken,
  type ConnectorContext,
  ConnectorError,
  type Epoch,
  MillraceError,
  type SinkCommitter,
} from '../../model/index.ts';
import { makeDurableDirectory, syncDirectory, syncFile } from './durable-files.ts';
import type { FileSinkSettings } from './file-sink-options.ts';
import { type FileToken, parseFileToken, parseSegmentName, parseSegmentToken } from './file-sink-token.ts';
import { csvHeader } from './line-encoder.ts';
import { type Attempt, fileIdentity, type PublishPorts, publishToken, unlinkIfThere } from './publish-token.ts';
import {
  cursorBehind,
  decideStart,
  type ExistingTarget,
  partName,
  partNumber,
  planToken,
  type TargetCursor,
} from './target-cursor.ts';

/** Targets that are being written to in this process, and by whom: two writers of one file would break both. */
const claims: Map<string, string> = new Map();

export class FileSinkCommitter implements SinkCommitter {
  readonly #context: ConnectorContext;
  readonly #settings: FileSinkSettings;
  readonly #target: string;
  readonly #owner: string;
  #cursor: TargetCursor | undefined;
  #sealed: FileToken | undefined;
  /** The last epoch that this generation has brought into the target; 0: none. */
  #published: Epoch = 0;

  constructor(context: ConnectorContext, settings: FileSinkSettings) {
    this.#context = context;
    this.#settings = settings;
    this.#target = resolve(context.baseDirectory, settings.path);
    this.#owner = `${context.job}/${context.node}`;
  }

  restore(token: CommitToken | undefined): Promise<void> {
    return this.#placed(async () => {
      this.#claim();
      await makeDurableDirectory(this.#context.pendingDirectory, 0o700);
      if (token === undefined) {
        this.#cursor = await this.#start();
      } else {
        const last = parseFileToken(token);
        this.#checkSameTarget(last);
        await this.#publish(last, 'repeat');
        this.#cursor = cursorBehind(last);
      }
      await this.#removeLeftovers();
      this.#context.crashPoint?.('sink.file.restore.after');
    });
  }

  seal(epoch: Epoch, tokens: readonly CommitToken[]): Promise<CommitToken> {
    return this.#placed(async () => {
      const cursor = this.#cursor;
      assert(cursor !== undefined, 'a file sink is restored before it seals');
      assert(
        this.#sealed === undefined,
        `I2: epoch ${epoch} was sealed before epoch ${this.#sealed?.epoch} was committed`,
      );
      this.#context.crashPoint?.('sink.file.seal.before');
      const { pendingDirectory } = this.#context;
      const { path, rotateBytes, format, columns } = this.#settings;
      const header = format === 'csv' ? csvHeader(columns) : '';
      const token = planToken(cursor, epoch, tokens.map(parseSegmentToken), { path, rotateBytes, header });
      await Promise.all(token.segments.map(({ name }) => syncFile(join(pendingDirectory, name))));
      if (token.segments.length > 0) await syncDirectory(pendingDirectory);
      this.#sealed = token;
      this.#context.crashPoint?.('sink.file.seal.after');
      return { ...token };
    });
  }

  commit(token: CommitToken): Promise<void> {
    return this.#placed(async () => {
      const sealed = this.#sealed;
      const parsed = parseFileToken(token);
      assert(
        sealed !== undefined && sealed.epoch === parsed.epoch,
        `I2: epoch ${parsed.epoch} is committed but not sealed`,
      );
      this.#context.crashPoint?.('sink.file.commit.before');
      // An epoch without output has nothing to make visible.
      if (parsed.isFirst || parsed.end > parsed.start) await this.#publish(parsed, 'first');
      this.#cursor = cursorBehind(parsed);
      this.#sealed = undefined;
      this.#published = parsed.epoch;
      this.#context.crashPoint?.('sink.file.commit.after');
    });
  }

  /** Nobody writes any more. */
  async close(): Promise<void> {
    // What stays is removed by the next start.
    await this.#removeOrphans().catch(() => undefined);
    if (claims.get(this.#target) === this.#owner) claims.delete(this.#target);
  }

  #publish(token: FileToken, attempt: Attempt): Promise<void> {
    const file = this.#fileOf(token.part);
    const { pendingDirectory, crashPoint } = this.#context;
    const ports: PublishPorts = {
      pendingDirectory,
      format: this.#settings.format,
      temporaryFile: this.#temporaryFile(file, this.#context.generation),
      crashPoint: (name) => crashPoint?.(name),
    };
    return publishToken(file, token, attempt, ports);
  }

  #fileOf(part: number): string {
    return part === 0 ? this.#target : join(this.#target, partName(part, this.#settings.format));
  }

  #temporaryFile(file: string, generation: number | string): string {
    return join(dirname(file), `.${basename(file)}.millrace-${generation}`);
  }

  get #isFolder(): boolean {
    return this.#settings.rotateBytes !== Number.POSITIVE_INFINITY;
  }

  /** A new state directory: looks at what is at the target, makes the folder, and changes nothing else. */
  async #start(): Promise<TargetCursor> {
    const folder = this.#isFolder ? this.#target : dirname(this.#target);
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK | constants.X_OK);
    const existing = this.#isFolder ? await this.#lookAtFolder() : await lookAtFile(this.#target);
    const cursor = decideStart(existing, this.#settings.ifExists, this.#isFolder);
    if (typeof cursor === 'string') throw this.#refusal(`'${this.#settings.path}' ${cursor}`);
    return cursor;
  }

  async #lookAtFolder(): Promise<ExistingTarget> {
    const numbers = (await readdir(this.#target)).map((name) => partNumber(name, this.#settings.format));
    const identity = await fileIdentity(this.#fileOf(1));
    return { identity, bytes: 0, endsWithNewline: true, lastPart: Math.max(0, ...numbers) };
  }

  #checkSameTarget(token: FileToken): void {
    if (token.path === this.#settings.path && token.part > 0 === this.#isFolder) return;
    const now = `${this.#isFolder ? 'the folder' : 'the file'} '${this.#settings.path}'`;
    const then = `${token.part > 0 ? 'the folder' : 'the file'} '${token.path}'`;
    throw this.#refusal(
      `writes to ${now}, but its state has written to ${then}; change it back, or start with a new state directory`,
    );
  }

  async #removeLeftovers(): Promise<void> {
    const { pendingDirectory, generation } = this.#context;
    for (const name of await readdir(pendingDirectory)) {
      const owner = parseSegmentName(name);
      if (owner !== undefined && owner.generation < generation) await unlinkIfThere(join(pendingDirectory, name));
    }
    const folder = this.#isFolder ? this.#target : dirname(this.#target);
    const prefix = basename(this.#temporaryFile(this.#fileOf(this.#isFolder ? 1 : 0), ''));
    for (const name of await readdir(folder)) {
      const owner = name.startsWith(prefix) ? Number(name.slice(prefix.length)) : Number.NaN;
      if (owner < generation) await unlinkIfThere(join(folder, name));
    }
  }

  /** Of attempts whose threads died: of epochs that are in the target nothing else is left. */
  async #removeOrphans(): Promise<void> {
    const { pendingDirectory, generation } = this.#context;
    if (this.#published === 0) return;
    for (const name of await readdir(pendingDirectory)) {
      const owner = parseSegmentName(name);
      if (owner?.generation !== generation || owner.epoch > this.#published) continue;
      await unlinkIfThere(join(pendingDirectory, name));
    }
  }

  #claim(): void {
    const owner = claims.get(this.#target);
    if (owner !== undefined && owner !== this.#owner) {
      throw this.#refusal(`and sink '${owner}' both write to ${this.#target}; give each its own path`);
    }
    claims.set(this.#target, this.#owner);
  }

  #refusal(what: string): ConnectorError {
    const { node } = this.#context;
    return new ConnectorError(`sink '${node}' ${what}`, { code: 'ERR_SINK_TARGET', node, recovery: 'none' });
  }

  /** Errors of the operating system as one sentence. */
  async #placed<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await work();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
      // Only what the system said is rephrased; everything else is an error of its own, or a bug.
      if (error instanceof MillraceError || !/^E[A-Z0-9]+$/.test(code)) throw error;
      const { node } = this.#context;
      const isPermanent = ['EACCES', 'EPERM', 'EROFS', 'EISDIR', 'ENOTDIR', 'EEXIST', 'ELOOP', 'ENAMETOOLONG'].includes(
        code,
      );
      const what = isPermanent ? 'cannot be written' : 'could not be written';
      throw new ConnectorError(
        `sink '${node}': its output '${this.#settings.path}' ${what}: ${error instanceof Error ? error.message : String(error)}; check the path, its permissions and the space left`,
        { node, recovery: isPermanent ? 'none' : 'backoff', cause: error },
      );
    }
  }
}

async function lookAtFile(path: string): Promise<ExistingTarget> {
  const identity = await fileIdentity(path);
  if (identity === '') return { identity, bytes: 0, endsWithNewline: true, lastPart: 0 };
  if (!(await stat(path)).isFile()) {
    throw Object.assign(new Error(`${path} is not a regular file`), { code: 'EISDIR' });
  }
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    return { identity, bytes: size, endsWithNewline: last[0] === 10, lastPart: 0 };
  } finally {
    await file.close();
  }
}
