import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkStarted } from './one-point.ts';
import { parseCounts, parseLinkNames, startArgv, tcpdumpArgv, type Recording } from './on-node.ts';

const recording: Recording = { place: '/var/tmp/fairlead-capture-1', interface: 'any', snap: 240, megabytes: 64, seconds: 90, filter: '', namespace: undefined };
const place = { text: 'shop/web', node: 'agent-1', pod: 'shop/web' };

test('the argv of tcpdump: no promiscuous mode, no names, a ring of files', () => {
  expect(tcpdumpArgv(recording)).toEqual('-i any -p -n -s 240 -B 4096 -C 8 -W 8 -w /var/tmp/fairlead-capture-1/ring/part.pcap'.split(' '));
});

test('a filter is one word behind --, whatever stands in it, and no text of a script', () => {
  fc.assert(fc.property(fc.string({ minLength: 1 }), (filter) => {
    expect(tcpdumpArgv({ ...recording, filter }).slice(-2)).toEqual(['--', filter]);
    const [sh, c, script] = startArgv({ ...recording, filter });
    expect([sh, c, script]).toEqual(startArgv(recording).slice(0, 3));
  }));
});

test('the ring never becomes larger than was allowed, keeps three quarters of it, and no file is too large to be fetched at once', () => {
  fc.assert(fc.property(fc.integer({ min: 4, max: 4000 }), (megabytes) => {
    const argv = tcpdumpArgv({ ...recording, megabytes });
    const [part, files] = [Number(argv[argv.indexOf('-C') + 1]), Number(argv[argv.indexOf('-W') + 1])];
    expect(part * files).toBeLessThanOrEqual(megabytes);
    // One file is being written again.
    expect(part * (files - 1)).toBeGreaterThanOrEqual(megabytes * 0.75);
    expect(part).toBeLessThanOrEqual(16);
  }));
});

test('device names of `ip -o link show`', () => {
  expect(parseLinkNames('1: lo: <LOOPBACK,UP> mtu 65536\\    link/loopback\n12: eth0@if13: <UP> mtu 1450\\    link/ether\n')).toEqual({ 1: 'lo', 12: 'eth0' });
});

test('what tcpdump says in the end', () => {
  expect(parseCounts('tcpdump: listening on any\n1 packet captured\n9 packets received by filter\n7 packets dropped by kernel\n')).toEqual({ captured: 1, dropped: 7 });
  expect(parseCounts('tcpdump: listening on any\n')).toBeUndefined();
});

describe('a start that failed', () => {
  test.each([
    ['ended\ntcpdump: data link type LINUX_SLL2\ntcpdump: can\'t parse filter expression: syntax error\n', 2, /does not take the filter "tcp prot 80": can't parse filter expression: syntax error/],
    ['ended\ntcpdump: eth9: No such device exists\n', 2, /does not take the interface eth9: eth9: No such device exists/],
    ['space 2000', 3, /node agent-1: \/var\/tmp has 2 MB left, and a recording of 64 MB is made only where twice that is free/],
    ['ended\nnsenter: cannot open /proc/7/ns/net: No such file or directory\n', 3, /did not begin to capture in the network of Pod shop\/web: nsenter: cannot open/],
    ['slow\n', 3, /it said nothing \(slow\)/],
  ])('%j', (said, exitCode, message) => {
    expect(() => checkStarted(said, place, { interface: 'eth9', filter: 'tcp prot 80', megabytes: 64 })).toThrow(expect.objectContaining({ exitCode, message: expect.stringMatching(message) as string }) as Error);
  });

  test('is none when it listens', () => {
    expect(() => checkStarted('listening\ntcpdump: listening on any', place, recording)).not.toThrow();
  });
});
