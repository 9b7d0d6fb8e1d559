import { describe, expect, test } from 'vitest';
import { UsageError } from '../../core/errors.ts';
import type { LabState } from '../state.ts';
import { aimAt, checkOptions } from './act.ts';
import { between, switchScript } from './switch.ts';
import { FAULTS, findFault, IMPOSSIBLE } from './table.ts';

const lab: LabState = {
  version: 1, name: 'x', profile: 'k3s', cni: 'flannel', flannelBackend: 'vxlan', clusterCidr: '10.42.0.0/16', serviceCidr: '10.43.0.0/16',
  clusterDns: '10.43.0.10', clusterDomain: 'cluster.local', apiPort: 1, createdAt: '2026-01-01T00:00:00.000Z', phase: 'up',
  nodes: [
    { name: 'x-server-1', role: 'server', address: '192.168.77.11' },
    { name: 'x-agent-1', role: 'agent', address: '192.168.77.12' },
    { name: 'x-agent-2', role: 'agent', address: '192.168.77.13' },
  ],
};
const [server, agent] = lab.nodes as [LabState['nodes'][0], LabState['nodes'][0]];

describe('faults', () => {
  test('have names of their own, and say what they do', () => {
    const names = FAULTS.map((fault) => fault.name);
    expect(new Set([...names, ...Object.keys(IMPOSSIBLE)]).size).toBe(names.length + Object.keys(IMPOSSIBLE).length);
    // A name becomes part of names of tables and of Kubernetes objects.
    for (const { name, does, ends } of FAULTS) expect([name, does, ends]).toEqual([expect.stringMatching(/^[a-z][a-z-]{2,24}$/), expect.stringMatching(/\.$/), expect.stringMatching(/\.$/)]);
  });

  test('are found by name, and what cannot be had is explained', () => {
    expect(findFault('drop').name).toBe('drop');
    expect(() => findFault('conntrack-full')).toThrow(/cannot be had.*nf_conntrack_max/);
    expect(() => findFault('earthquake')).toThrow(UsageError);
  });

  test('are aimed at a node, the server, or nothing', () => {
    expect(aimAt(findFault('drop'), lab, 'agent-1')).toBe(agent);
    expect(aimAt(findFault('api-down'), lab, undefined)).toBe(server);
    expect(aimAt(findFault('kill-tool'), lab, undefined)).toBeUndefined();
    expect(() => aimAt(findFault('drop'), lab, undefined)).toThrow('needs --node');
    expect(() => aimAt(findFault('drop'), lab, 'agent-7')).toThrow('no node');
    expect(() => aimAt(findFault('kill-tool'), lab, 'agent-1')).toThrow('no node');
  });

  test('take their own options only', () => {
    expect(checkOptions(findFault('drop'), lab, agent, { peers: ['server-1'] })).toEqual({ peers: ['x-server-1'] });
    expect(() => checkOptions(findFault('drop'), lab, agent, { bytes: 5 })).toThrow('no option --bytes');
    expect(() => checkOptions(findFault('drop'), lab, agent, { peers: ['agent-1'] })).toThrow('the node itself');
    expect(() => checkOptions(findFault('drop'), { ...lab, nodes: [server] }, server, {})).toThrow('one node only');
  });
});

describe('rules of the switch', () => {
  test('name ports by the last byte of an address', () => {
    expect(between(agent, [server], 'both')).toEqual(['iifname "p12" oifname { "p11" }', 'oifname "p12" iifname { "p11" }']);
    expect(between(agent, [server], 'in', ' udp dport 8472')).toEqual(['oifname "p12" iifname { "p11" } udp dport 8472']);
  });

  test('lie in a table of the fault alone', () => {
    expect(switchScript('one-way-drop-3', ['iifname "p12"'])).toBe(`table bridge fairlead_fault_one_way_drop_3 {
  chain forward {
    type filter hook forward priority -300; policy accept;
    iifname "p12" counter drop
  }
}
`);
  });
});
