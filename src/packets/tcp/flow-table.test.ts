/** The table of connections against a plain map, and what happens when it is full. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Packet } from '../decode/packet.ts';
import { FlowTable } from './flow-table.ts';
import { AT, TIMES } from './layout.ts';

const packet = (source: number, destination: number, sport: number, dport: number, family: 4 | 6 = 4): Packet =>
  Object.assign(new Packet(), { source, destination, sourcePort: sport, destinationPort: dport, family });

it('finds the same connection in both directions, and no other', () => {
  const small = fc.integer({ min: -3, max: 3 });
  const port = fc.constantFrom(0, 1, 80, 65_535);
  fc.assert(fc.property(fc.array(fc.tuple(small, small, port, port, fc.constantFrom<4 | 6>(4, 6)), { maxLength: 300 }), (list) => {
    const table = new FlowTable(() => undefined);
    const known = new Map<string, number>();
    for (const [source, destination, sport, dport, family] of list) {
      const key = `${family} ${[`${source} ${sport}`, `${destination} ${dport}`].toSorted().join(' ')}`;
      const one = packet(source, destination, sport, dport, family);
      expect(table.peek(one)).toBe(known.get(key) ?? -1);
      const flow = table.find(one);
      expect([flow, table.created]).toEqual([known.get(key) ?? known.size, !known.has(key)]);
      known.set(key, flow);
    }
  }));
});

it('lets the most silent of some connections go when it is full, tells of it, and finds the others still', () => {
  const gone: number[] = [];
  const table = new FlowTable((flow) => gone.push(flow), 10_000);
  for (let at = 0; at < 10_000; at++) {
    const flow = table.find(packet(at, -1, 1, 2));
    table.reset(flow, at);
    table.times[flow * TIMES + AT.last] = at === 7 ? -1 : at;
  }
  expect([table.count, table.evicted]).toEqual([10_000, 0]);
  const flow = table.find(packet(99_999, -1, 1, 2));
  expect([flow, gone, table.evicted, table.count]).toEqual([7, [7], 1, 10_000]);
  expect(table.peek(packet(7, -1, 1, 2))).toBe(-1);
  expect([0, 6, 8, 9999].map((at) => table.peek(packet(-1, at, 2, 1)))).toEqual([0, 6, 8, 9999]);
});
