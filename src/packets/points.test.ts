import { expect, test } from 'vitest';
import { LinkType } from './decode/decoder.ts';
import { Points } from './points.ts';

test('names of devices have no control characters, wherever they come from', () => {
  const points = new Points();
  points.add('a.pcapng', LinkType.ethernet, 'eth0\u001B[31m\u009B2J');
  points.add('a.pcapng', LinkType.cooked2, undefined);
  const packet = Buffer.alloc(20);
  packet.writeUInt32BE(7, 4);
  expect([points.text(0), points.text(points.of(1, packet, 0, 20, { 7: 'cali\n1' }))]).toEqual(['eth0.[31m.2J', 'cali.1']);
});

test('devices beyond those that are told apart share one', () => {
  const points = new Points();
  points.add('a.pcap', LinkType.cooked2, undefined);
  const packet = Buffer.alloc(20);
  const found = new Set(Array.from({ length: 3000 }, (_, index) => {
    packet.writeUInt32BE(index, 4);
    return points.of(0, packet, 0, 20, {});
  }));
  expect([points.all.length, found.size, found.has(1023)]).toEqual([1024, 1023, true]);
});
