import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlideGeometry } from '../../../src/operators/windows/slide-geometry.ts';
import { slidingWindowsOf } from './plain-windows.ts';

const SHAPE = fc.record({
  slide: fc.integer({ min: 1, max: 30 }),
  more: fc.integer({ min: 0, max: 100 }),
  offset: fc.integer({ min: -100, max: 100 }),
  time: fc.integer({ min: -1_000, max: 1_000 }),
});

describe('the panes of sliding windows', () => {
  it('lie in the windows that their times lie in', () => {
    fc.assert(
      fc.property(SHAPE, ({ slide, more, offset, time }) => {
        const geometry = new SlideGeometry(slide + more, slide, offset);
        const pane = geometry.paneAt(time);
        const first = geometry.firstWindowWith(pane);
        const count = geometry.lastWindowWith(pane) - first + 1;

        const found = Array.from({ length: count }, (_, i) => [geometry.startOf(first + i), geometry.endOf(first + i)]);

        expect(found).toEqual(slidingWindowsOf(slide + more, slide, offset)(time));
      }),
    );
  });

  it('are as many as begin in a window, and begin where their first time is', () => {
    fc.assert(
      fc.property(SHAPE, ({ slide, more, offset, time }) => {
        const geometry = new SlideGeometry(slide + more, slide, offset);
        const window = geometry.lastWindowWith(geometry.paneAt(time));
        const [start, end] = [geometry.startOf(window), geometry.endOf(window)];

        const panes = new Set(Array.from({ length: end - start }, (_, i) => geometry.paneAt(start + i)));

        const first = geometry.firstPaneOf(window);
        expect([...panes]).toEqual(Array.from({ length: geometry.panesPerWindow }, (_, i) => first + i));
        for (const pane of panes) {
          expect(geometry.paneAt(geometry.startOfPane(pane))).toBe(pane);
          expect(geometry.paneAt(geometry.startOfPane(pane) - 1)).toBe(pane - 1);
        }
      }),
    );
  });

  it('are at most two to a slide, also where size and slide have no common divisor', () => {
    expect(new SlideGeometry(3_600_000, 7_001, 0).panesPerWindow).toBe(2 * 514 + 1);
  });

  it('say which window is the first with its end behind a time', () => {
    fc.assert(
      fc.property(SHAPE, ({ slide, more, offset, time }) => {
        const geometry = new SlideGeometry(slide + more, slide, offset);

        const window = geometry.firstOpenAt(time);

        expect(geometry.endOf(window)).toBeGreaterThan(time);
        expect(geometry.endOf(window - 1)).toBeLessThanOrEqual(time);
      }),
    );
    expect(new SlideGeometry(10, 5, 0).firstOpenAt(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
  });
});
