import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnnouncedWindow, ProbeClass } from '../types.ts';
import { announcementFor, covers } from './announced.ts';

const window = (change: Partial<AnnouncedWindow> = {}): AnnouncedWindow => ({
  id: 'w',
  step: 's',
  classes: ['host-to-pod'],
  scope: 'to',
  node: 'b',
  maxMs: 5_000,
  reason: '',
  openedAt: 10_000,
  closedAt: null,
  ...change,
});
const lost = (t: number, from = 'host/a', to = 'pod/b', probeClass: ProbeClass = 'host-to-pod') => ({ t, class: probeClass, from, to });

describe('announcementFor', () => {
  it('covers a loss whose deadline reaches into the window', () => {
    expect(covers(window(), lost(9_000))).toBe(true);
    expect(covers(window(), lost(8_999))).toBe(false);
    expect(covers(window({ classes: ['dns'] }), lost(5_000, 'pod/a', 'pod/b', 'dns'))).toBe(true);
  });

  it('ends with the gate or with its own bound, whichever is first', () => {
    expect(covers(window(), lost(15_000))).toBe(true);
    expect(covers(window(), lost(15_001))).toBe(false);
    expect(covers(window({ closedAt: 12_000 }), lost(12_001))).toBe(false);
    expect(covers(window({ closedAt: 60_000 }), lost(15_001))).toBe(false);
  });

  it('looks at the ends that its scope names', () => {
    expect(covers(window(), lost(11_000, 'host/b', 'pod/a'))).toBe(false);
    expect(covers(window({ scope: 'from' }), lost(11_000, 'host/b', 'pod/a'))).toBe(true);
    expect(covers(window({ scope: 'either' }), lost(11_000, 'host/b', 'pod/a'))).toBe(true);
    expect(covers(window({ scope: 'either' }), lost(11_000, 'host/c', 'pod/a'))).toBe(false);
    expect(covers(window({ scope: 'any' }), lost(11_000, 'host/c', 'pod/a'))).toBe(true);
    expect(covers(window({ classes: ['node-port'] }), lost(11_000, 'outside', 'node-port/b', 'node-port'))).toBe(true);
    expect(covers(window({ classes: ['dns'] }), lost(11_000, 'pod/b', 'dns/kube-dns', 'dns'))).toBe(false);
  });

  it('never covers anything with a scope that needs a node and has none', () => {
    const { node: _, ...nodeless } = window({ classes: ['dns'], scope: 'either' });
    expect(covers(nodeless, lost(11_000, 'outside', 'dns/kube-dns', 'dns'))).toBe(false);
  });

  it('agrees with asking every millisecond', () => {
    const node = fc.constantFrom('a', 'b');
    fc.assert(
      fc.property(fc.nat(40), fc.nat(40), fc.option(fc.nat(40)), fc.nat(80), node, node, fc.constantFrom('from', 'to', 'either', 'any'), (openedAt, maxMs, life, t, from, to, scope) => {
        // In units of 100 ms, so that a deadline is ten.
        const closedAt = life === null ? null : (openedAt + life) * 100;
        const w = window({ openedAt: openedAt * 100, closedAt, maxMs: maxMs * 100, scope: scope });
        const sample = lost(t * 100, `host/${from}`, `pod/${to}`);
        const ends = { from: [from], to: [to], either: [from, to], any: ['b'] }[scope];
        let inside = false;
        for (let at = sample.t; at <= sample.t + 1_000; at += 100) {
          if (at >= w.openedAt && at <= w.openedAt + w.maxMs && (closedAt === null || at <= closedAt)) inside = true;
        }
        expect(announcementFor(sample, [w]) !== undefined).toBe(inside && ends.includes('b'));
      }),
    );
  });
});
