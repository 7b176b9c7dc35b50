import { describe, expect, it } from 'vitest';
import type { KeyedState, StateTtl } from '../../src/model/index.ts';
import { exportEntries } from '../../src/storage/export-entries.ts';
import { MemoryDisk } from '../../src/storage/index.ts';
import { readCatalog } from '../../src/storage/ledger.ts';
import { MemoryKeyValueStore } from '../../src/storage/memory-key-value-store.ts';
import { memoryMedium, StateRig } from './state-rig.ts';

function rigOf(ttl: StateTtl, disk: MemoryDisk = new MemoryDisk()): StateRig {
  return new StateRig(memoryMedium(disk), 1, 1_000_000, (state) => declare(state, ttl));
}

function declare(state: KeyedState, ttl: StateTtl): void {
  state.value('total', ttl);
  state.list('history', ttl);
  state.map('parts', ttl);
}

describe('time to live', () => {
  it('ends exactly when it is over: the last millisecond is seen, the next is not', () => {
    const rig = rigOf({ ttlMs: 100 });
    rig.at('a').value('total').set(1);

    rig.setNow(99);
    expect(rig.at('a').value('total').get()).toBe(1);
    rig.setNow(100);
    expect(rig.at('a').value('total').get()).toBeUndefined();
    rig.close();
  });

  it('is prolonged by writes without touching the index: it names an entry once per time to live', () => {
    const rig = rigOf({ ttlMs: 1_000 });
    rig.at('a').value('total').set(0);
    rig.epoch();
    const entries = (): number => {
      rig.freeze();
      return rig.commit().reduce((sum, delta) => sum + delta.entries, 0);
    };
    for (let now = 1; now <= 999; now++) {
      rig.setNow(now);
      rig.at('a').value('total').set(now);
      expect(rig.states[0]!.removeExpired(10)).toBe(false);
      if (now % 100 === 0) expect(entries()).toBe(1);
    }
    rig.setNow(1_000);
    expect(rig.states[0]!.removeExpired(10)).toBe(false);
    expect(rig.states[0]!.nextExpiryAt()).toBe(1_999);
    // The entry, its old place in the index and its new one.
    expect(entries()).toBe(3);
    rig.close();
  });

  it('with reads that refresh is the same whether or not the job was restarted, and writes a sixteenth of it apart', () => {
    const seen: unknown[][] = [];
    for (const isRestarted of [false, true]) {
      const rig = rigOf({ ttlMs: 160, refresh: 'read' });
      rig.at('a').value('total').set('x');
      let changed = 0;
      const seenHere: unknown[] = [];
      for (let now = 1; now < 700; now += now < 400 ? 3 : 7) {
        rig.setNow(now);
        if (now < 500) seenHere.push(rig.at('a').value('total').get());
        if (rig.states[0]!.dirtyBytes() > 0) changed++;
        rig.epoch();
        if (isRestarted) rig.crash(1);
      }
      seenHere.push(rig.at('a').value('total').get());
      expect(changed).toBeLessThan(50);
      expect(seenHere.slice(0, -1).every((value) => value === 'x')).toBe(true);
      expect(seenHere.at(-1)).toBeUndefined();
      seen.push(seenHere);
      rig.close();
    }
    expect(seen[1]).toEqual(seen[0]);
  });

  it('that was shortened counts from the next write on, and is not waited for longer', () => {
    const disk = new MemoryDisk();
    const before = rigOf({ ttlMs: 1_000 }, disk);
    before.at('a').value('total').set('long');
    before.at('b').value('total').set('long');
    before.epoch();
    before.close();

    const rig = rigOf({ ttlMs: 10 }, disk);
    rig.at('a').value('total').set('short');

    expect(rig.states[0]!.nextExpiryAt()).toBe(10);
    rig.setNow(10);
    expect(rig.states[0]!.removeExpired(10)).toBe(false);
    expect(rig.at('a').value('total').get()).toBeUndefined();
    expect(rig.at('b').value('total').get()).toBe('long');
    expect(rig.states[0]!.nextExpiryAt()).toBe(1_000);
    rig.close();
  });

  it('of elements of a list is kept in their order: an element lives as long as those in front of it', () => {
    const rig = rigOf({ ttlMs: 100 });
    for (let n = 0; n < 100; n++) {
      rig.setNow(n);
      rig.at('a').list('history').append(n);
    }
    rig.setNow(150);
    while (rig.states[0]!.removeExpired(1));

    expect(rig.at('a').list('history').length).toBe(49);
    expect([...rig.at('a').list<number>('history').values()][0]).toBe(51);
    rig.close();
  });

  it('is exported with what it is the end of; the index is not', () => {
    const disk = new MemoryDisk();
    const rig = rigOf({ ttlMs: 100 }, disk);
    rig.at('a').value('total').set('v');
    rig.at('a').map('parts').set('p', 1);
    rig.at('a').list('history').append('h');
    rig.at('a').timers('event').add(7, 'due');
    rig.epoch();
    rig.close();

    const raw = new MemoryKeyValueStore(disk);
    const entries = [...exportEntries(raw, readCatalog(raw), 0, 1)].sort((a, b) => (a.state < b.state ? -1 : 1));

    expect(entries).toEqual([
      { node: 'count', state: 'history', kind: 'list', key: 'a', at: 0, value: 'h', expiresAt: 100 },
      { node: 'count', state: 'parts', kind: 'map', key: 'a', at: 'p', value: 1, expiresAt: 100 },
      { node: 'count', state: 'timers:event', kind: 'timers', key: 'a', at: 7, value: 'due', expiresAt: undefined },
      { node: 'count', state: 'total', kind: 'value', key: 'a', at: undefined, value: 'v', expiresAt: 100 },
    ]);
  });
});
