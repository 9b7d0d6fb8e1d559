/** Recorded with iproute2 6.1 inside of network namespaces: a pod of both families with every kind of listener, the same without `ss`, and one without an address. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseNamespaces } from './pod-namespaces.ts';

const recorded = readFileSync(new URL('fixtures/pod-namespaces.txt', import.meta.url), 'utf8');

describe('namespaces of pods', () => {
  const { pods, unknown } = parseNamespaces(recorded, '@@recorded');

  it('give devices, addresses, routes and listening sockets; one without a pod address is left out', () => {
    expect(pods).toHaveLength(2);
    expect(pods[0]).toMatchObject({
      addresses: ['10.42.0.5', 'fd00:42::5'], loopbackUp: true, mtu: 1500, neighbours: [],
      links: [{ name: 'eth0', kind: 'veth', mtu: 1500, up: true, peerIndex: 2 }],
    });
    expect(pods[0]?.routes?.map(({ family, dst, gateway }) => `${family} ${dst} ${gateway ?? ''}`.trim())).toEqual(['4 default 169.254.1.1', '4 169.254.1.1', '6 fd00:42::5', '6 default fe80::1']);
    expect(pods[0]?.sockets?.map(({ protocol, address, port }) => `${protocol} ${address} ${port}`)).toEqual([
      'udp 0.0.0.0 53', 'udp * 54', 'udp :: 55', 'tcp 10.42.0.5 8006', 'tcp 0.0.0.0 8001', 'tcp 127.0.0.1 8004', 'tcp * 8002', 'tcp :: 8003', 'tcp ::1 8005',
    ]);
    expect(new Set(pods[0]?.sockets?.map(({ process }) => process))).toEqual(new Set(['app srv"x']));
  });

  it('without ss have no sockets, which is told and is not the same as nobody listening', () => {
    expect(pods[1]).toMatchObject({ addresses: ['10.42.0.5', 'fd00:42::5'] });
    expect(pods[1]).not.toHaveProperty('sockets');
    expect(unknown).toEqual([{ what: 'listening sockets in 1 network namespace of pods', why: 'sh: 1: ss: not found' }]);
  });

  it('that cannot be entered, or looked into, or are too many, are told', () => {
    const text = '\n@@m denied 3\n\n@@m namespace 1\nnsenter: reassociate to namespace \'ns/net\' failed: Operation not permitted\n\n@@m status 1 nsenter\n\n@@m namespace 2\nnsenter: cannot open /proc/22036/ns/net: No such file or directory\n\n@@m status 1 nsenter\n\n@@m left 2\n\n@@m left 3\n';
    expect(parseNamespaces(text, '@@m')).toEqual({ pods: [], unknown: [
      { what: '1 network namespace of pods', why: "they cannot be entered: nsenter: reassociate to namespace 'ns/net' failed: Operation not permitted" },
      { what: 'network namespaces of some pods', why: '3 processes cannot be looked into (permission denied on /proc/…/ns/net): root is needed' },
      { what: '2 network namespaces of pods', why: 'no more than 400 are entered on a node' },
    ] });
  });

  it('whose pod ends while it is read keep what came before', () => {
    const cut = recorded.slice(0, recorded.indexOf('@@recorded part neighbours'));
    expect(parseNamespaces(cut, '@@recorded').pods[0]).toMatchObject({ addresses: ['10.42.0.5', 'fd00:42::5'] });
    expect(parseNamespaces(cut, '@@recorded').pods[0]).not.toHaveProperty('sockets');
  });

  it('cannot pretend to be another: without the marker a line is nothing but a line', () => {
    const forged = recorded.replace('app srv"x",pid=3989,fd=8))', 'x",pid=1,fd=1))\n@@forged namespace 7');
    expect(parseNamespaces(forged, '@@recorded').pods).toHaveLength(2);
  });
});
