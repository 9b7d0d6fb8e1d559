import { describe, expect, it } from 'vitest';
import { bootstrapConfig } from '../mesh/bring-up.ts';
import { parseMeshConfig } from './config.ts';
import type { MeshConfig } from './config.ts';
import { planStreams } from './plan.ts';

const peers: MeshConfig['peers'] = [
  { name: 'pod/a', kind: 'pod', node: 'a', address: '10.0.0.1', id: '1' },
  { name: 'pod/b', kind: 'pod', node: 'b', address: '10.0.1.1', id: '2' },
  { name: 'outside', kind: 'outside', address: '203.0.113.10', id: 'o' },
];
const config: MeshConfig = {
  ...bootstrapConfig('m'),
  peers,
  targets: {
    services: [{ name: 's', address: '10.43.0.9', port: 80 }],
    http: [{ name: 'shop', url: 'http://10.43.0.8/echo' }],
    dns: [{ name: 'kube-dns', address: '10.43.0.10', port: 53, query: 'x.y', expect: '1.2.3.4' }],
    api: [{ name: 'kubernetes', address: '10.43.0.1', port: 443, serverName: 'k', ca: 'pem' }],
    nodePorts: [{ node: 'a', address: '192.168.77.11', port: 30_777 }],
  },
};

describe('parseMeshConfig', () => {
  it('takes what it gives', () => {
    expect(parseMeshConfig(JSON.stringify(config))).toEqual(config);
  });

  it.each([
    ['not JSON', '{'],
    ['$.version: expected 1', '{"version":2}'],
    ['$.peers[1].kind: expected pod, host or outside', JSON.stringify({ ...config, peers: [peers[0], { ...peers[1], kind: 'x' }] })],
    ['$.ports.udp: expected a port number', JSON.stringify({ ...config, ports: { ...config.ports, udp: 70_000 } })],
    ['$.canary.a: expected open, denied or either', JSON.stringify({ ...config, canary: { a: 'shut' } })],
    ['$.rates.udp: expected 0 to 1000 probes per second', JSON.stringify({ ...config, rates: { udp: -1 } })],
    ['$.rates.upd: unknown', JSON.stringify({ ...config, rates: { upd: 1 } })],
    ['$.targets.dns[0].query: expected a string that is not empty', JSON.stringify({ ...config, targets: { ...config.targets, dns: [{ ...config.targets.dns[0], query: '' }] } })],
  ])('says what is wrong: %s', (message, text) => {
    expect(() => parseMeshConfig(text)).toThrow(message);
  });
});

describe('planStreams', () => {
  const streams = (kind: 'pod' | 'host' | 'outside', change: Partial<MeshConfig> = {}): string[] =>
    planStreams({ ...config, ...change }, { name: `${kind}/a`, kind, node: 'a', address: '' }).map((s) => `${s.class} ${s.probe} ${s.to} ${1_000 / s.intervalMs}`);

  it('gives a pod every class but those from elsewhere', () => {
    expect(streams('pod')).toEqual([
      'pod-to-pod udp pod/b 20',
      'pod-to-pod tcp pod/b 5',
      'pod-to-pod bulk pod/b 1',
      'long-lived stream pod/b 10',
      'denied canary pod/b 1',
      'egress udp outside 5',
      'pod-to-service tcp service/s 2',
      'pod-to-service http service/shop 1',
      'dns dns dns/kube-dns 1',
      'api-server http api/kubernetes 1',
    ]);
  });

  it('lets a host probe every pod, that of its own node too', () => {
    expect(streams('host')).toEqual(['host-to-pod udp pod/a 5', 'host-to-pod tcp pod/a 1', 'host-to-pod udp pod/b 5', 'host-to-pod tcp pod/b 1']);
  });

  it('lets outside probe every node', () => {
    expect(streams('outside')).toEqual(['node-port tcp node-port/a 5']);
  });

  it('turns kinds off by rate, and everything when not probing', () => {
    expect(streams('host', { rates: { ...config.rates, hostUdp: 0 } })).toHaveLength(2);
    expect(streams('pod', { probing: false })).toEqual([]);
  });

  it('keeps a stream when only the canary expectation changes, and makes a new one for a new process', () => {
    const keys = (change: Partial<MeshConfig>): string[] => planStreams({ ...config, ...change }, { name: 'pod/a', kind: 'pod', node: 'a', address: '' }).map((s) => s.key);
    expect(keys({ canary: { b: 'denied' } })).toEqual(keys({}));
    const renewed = keys({ peers: peers.map((p) => (p.name === 'pod/b' ? { ...p, id: '3' } : p)) });
    expect(renewed.filter((key) => keys({}).includes(key))).toHaveLength(5);
  });
});
