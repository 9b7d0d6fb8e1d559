/** What counters of two nodes say, and when they say nothing. The numbers of the first test are of Linux 6 with a VXLAN device between two network namespaces, 10 packets each. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { door, parseCounts, passage, rise, type Counts, type Readings } from './tunnel-counts.ts';

/** rx and tx of eth0, rx and tx of f1; UDP: in, no port, wrong checksum. */
type Row = readonly [number, number, number, number, number, number, number];
const counts = ([rx, tx, tunnelRx, tunnelTx, taken, noPort, badChecksum]: Row): Counts => ({ rx: new Map([['eth0', rx], ['f1', tunnelRx]]), tx: new Map([['eth0', tx], ['f1', tunnelTx]]), taken, noPort, badChecksum });
const read = (before: Row, after: Row): Readings => [counts(before), counts(before), counts(after)];
const LINK = { sent: 10, device: 'f1', card: 'eth0', cardThere: 'eth0' };

describe('what became of packets in a tunnel', () => {
  it.each<[string | undefined, string, [Row, Row], [Row, Row]]>([
    ['arrives', 'all is well', [[3, 5, 0, 0, 0, 0, 0], [14, 16, 10, 10, 10, 0, 0]], [[5, 3, 0, 0, 0, 0, 0], [16, 14, 10, 10, 10, 0, 0]]],
    ['not-taken', 'another VNI', [[22, 37, 0, 0, 10, 0, 0], [23, 47, 0, 10, 10, 0, 0]], [[37, 22, 0, 0, 20, 10, 0], [47, 23, 0, 0, 30, 10, 0]]],
    ['no-port', 'another port', [[23, 47, 0, 0, 10, 0, 0], [25, 57, 0, 10, 10, 0, 0]], [[47, 23, 0, 0, 30, 10, 0], [57, 25, 0, 0, 30, 20, 0]]],
    ['dropped', 'DROP in INPUT', [[25, 58, 0, 0, 10, 0, 0], [27, 69, 0, 10, 10, 0, 0]], [[58, 25, 0, 0, 30, 20, 0], [69, 27, 0, 0, 30, 20, 0]]],
    ['arrives', 'a wrong MAC address: the device counts what it then throws away', [[27, 79, 0, 10, 10, 0, 0], [27, 89, 0, 20, 10, 0, 0]], [[79, 27, 0, 0, 30, 20, 0], [89, 27, 10, 0, 40, 20, 0]]],
    ['unsent', 'an entry that leads to nobody', [[27, 89, 0, 20, 10, 0, 0], [27, 91, 0, 30, 10, 0, 0]], [[89, 27, 10, 0, 40, 20, 0], [91, 27, 10, 0, 40, 20, 0]]],
    ['lost', 'lost between the cards', [[0, 0, 0, 0, 0, 0, 0], [0, 10, 0, 10, 0, 0, 0]], [[0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0]]],
    ['bad-checksum', 'wrong checksums', [[0, 0, 0, 0, 0, 0, 0], [0, 10, 0, 10, 0, 0, 0]], [[0, 0, 0, 0, 0, 0, 0], [10, 0, 0, 0, 0, 0, 10]]],
    [undefined, 'half of them', [[0, 0, 0, 0, 0, 0, 0], [0, 10, 0, 10, 0, 0, 0]], [[0, 0, 0, 0, 0, 0, 0], [5, 0, 5, 0, 5, 0, 0]]],
  ])('%s: %s', (value, _what, [a, b], [c, d]) => expect(passage({ ...LINK, sender: read(a, b), receiver: read(c, d) }).value).toBe(value));

  const row = fc.tuple(fc.nat(5000), fc.nat(5000), fc.nat(5000), fc.nat(5000), fc.nat(5000), fc.nat(5000), fc.nat(5000)).map((numbers): Row => numbers);
  const readings = fc.tuple(row, row, row).map(([a, b, c]): Readings => { const add = (x: Row, y: Row): Row => x.map((one, at) => one + (y[at] ?? 0)) as unknown as Row; const second = add(a, b); return [counts(a), counts(second), counts(add(second, c))]; });

  it('is not told where others send as much', () => {
    fc.assert(fc.property(readings, readings, fc.integer({ min: 10, max: 500 }), (sender, receiver, sent) => {
      const { value } = passage({ ...LINK, sent, sender, receiver });
      const idle = (all: Readings, of: (one: Counts) => number): number => of(all[1]) - of(all[0]);
      // Whatever is said of the other end hangs on its tunnel's counter, and that it is lost on that of UDP, too.
      if (idle(receiver, ({ rx }) => rx.get('f1') ?? 0) > sent / 4) expect(value).toBeUndefined();
      if (value === 'lost' || value === 'dropped') expect(idle(receiver, ({ taken }) => taken)).toBeLessThanOrEqual(sent / 4);
      if (value === 'arrives') expect(rise(receiver, ({ rx }) => rx.get('f1'), sent).by).toBeGreaterThanOrEqual(sent * 0.75);
    }), { numRuns: 2_000 });
  });
});

describe("the tunnel's port", () => {
  const still = read([0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0]);
  const udp = (taken: number, noPort: number, wrong = 0): Readings => read([0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, taken, noPort, wrong]);
  it.each<[string | undefined, Readings, Readings]>([
    ['open', udp(10, 0), udp(0, 10)], ['open', udp(0, 10), udp(0, 10)], ['open', udp(0, 0, 10), udp(0, 10)], ['blocked', still, udp(0, 10)], ['lost', still, still], [undefined, udp(5, 0), udp(0, 10)], [undefined, still, udp(0, 5)],
  ])('%s', (value, port, other) => expect(door(port, other, 10).value).toBe(value));
});

it('reads the counters of the kernel, and nothing of what is none', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    4200      42    0    0    0     0          0         0     4200      42    0    0    0     0       0          0
flannel.1: 1000      11    0    0    0     0          0         0     2000      22    0    5    0     0       0          0
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors
Udp: 7 8 9 10 0 0 3 0 0
UdpLite: InDatagrams NoPorts
UdpLite: 0 0
`;
  const read_ = parseCounts(text);
  expect([read_?.rx.get('flannel.1'), read_?.tx.get('flannel.1'), read_?.taken, read_?.noPort, read_?.badChecksum, read_?.rx.size]).toEqual([11, 22, 7, 8, 3, 2]);
  expect(parseCounts('cat: /proc/net/snmp: No such file or directory')).toBeUndefined();
});
