/** What is checked of an epoch before its transaction begins. Pure: throws and changes nothing. */
import { assert, type SealedEpoch } from '../model/index.ts';
import { DeltaReader } from './delta-reader.ts';
import { STATE_FORMAT_VERSION } from './format-version.ts';

/** Returns the deltas, opened and verified, in the order of `epoch.deltas`. */
export function verifySealedEpoch(
  epoch: SealedEpoch,
  directory: { readonly job: string; readonly keyGroups: number },
): DeltaReader[] {
  const { manifest } = epoch;
  assert(
    manifest.formatVersion === STATE_FORMAT_VERSION,
    `a manifest is written in format ${STATE_FORMAT_VERSION}, not ${manifest.formatVersion}`,
  );
  assert(manifest.job === directory.job, `I9: job "${manifest.job}" commits to the directory of "${directory.job}"`);
  assert(
    manifest.keyGroups === directory.keyGroups,
    `I9: a commit with ${manifest.keyGroups} key groups to a directory with ${directory.keyGroups}`,
  );
  const seen = new Set<string>();
  const opened: DeltaReader[] = [];
  for (const delta of epoch.deltas) {
    const what = `the delta of "${delta.node}", subtask ${delta.subtask}, epoch ${delta.epoch}`;
    assert(Object.hasOwn(manifest.nodes, delta.node), `${what} belongs to a node of the plan`);
    assert(delta.epoch === manifest.epoch, `I1: ${what} is committed with epoch ${manifest.epoch}`);
    const stored = new DeltaReader(delta.bytes, `${what}, on its way to the driver,`);
    assert(
      stored.node === delta.node && stored.subtask === delta.subtask && stored.epoch === delta.epoch,
      `${what} holds the bytes of another one`,
    );
    const place = `${delta.subtask} ${delta.node}`;
    assert(!seen.has(place), `${what} arrives twice`);
    seen.add(place);
    opened.push(stored);
  }
  return opened;
}
