import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EnvironmentError, UsageError } from '../core/errors.ts';
import { createState, findNode, labNames, readState, refuseTakenName, writeState, type LabState } from './state.ts';

let root: string;
beforeEach(() => {
  root = join(mkdtempSync(join(tmpdir(), 'fairlead-state-')), 'lab');
  process.env['FAIRLEAD_LAB_ROOT'] = root;
});
afterEach(() => {
  delete process.env['FAIRLEAD_LAB_ROOT'];
  rmSync(join(root, '..'), { recursive: true });
});

const state = (name: string): LabState => ({
  version: 1, name, profile: 'k3s', cni: 'flannel', flannelBackend: 'vxlan', clusterCidr: '10.42.0.0/16', serviceCidr: '10.43.0.0/16', clusterDns: '10.43.0.10', clusterDomain: 'cluster.local',
  nodes: [{ name: `${name}-server-1`, role: 'server', address: '192.168.77.11' }, { name: `${name}-agent-1`, role: 'agent', address: '192.168.77.12' }],
  apiPort: 4711, createdAt: '2026-01-01T00:00:00Z', phase: 'creating',
});

describe('records of labs', () => {
  it('are there from the first write on, for root alone', () => {
    expect(labNames()).toEqual([]);
    createState(state('b'));
    createState(state('a'));
    expect(labNames()).toEqual(['a', 'b']);
    expect(statSync(root).mode & 0o777).toBe(0o700);
    writeState({ ...state('a'), phase: 'up' });
    expect(readState('a')).toEqual({ ...state('a'), phase: 'up' });
  });

  it('refuse a name that is taken, even by a lab without a record', () => {
    createState(state('a'));
    mkdirSync(join(root, 'b'));
    for (const name of ['a', 'b']) {
      expect(() => createState(state(name))).toThrow(UsageError);
      expect(() => refuseTakenName(name)).toThrow(`there is a lab called \`${name}\` already`);
    }
    expect(() => refuseTakenName('c')).not.toThrow();
  });

  it('tell no lab from a lab without a readable record', () => {
    createState(state('a'));
    expect(() => readState('c')).toThrow(UsageError);
    expect(() => readState('c')).toThrow(expect.objectContaining({ hint: 'labs on this machine: a' }) as Error);
    mkdirSync(join(root, 'b'));
    expect(() => readState('b')).toThrow(EnvironmentError);
    writeFileSync(join(root, 'b', 'lab.json'), '{');
    expect(() => readState('b')).toThrow(expect.objectContaining({ hint: '`fairlead lab down --name b` removes what is left of that lab' }) as Error);
  });

  it("find a node by its name, or by its name without the lab's", () => {
    expect(findNode(state('a'), 'agent-1').name).toBe('a-agent-1');
    expect(findNode(state('a'), 'a-agent-1').name).toBe('a-agent-1');
    expect(() => findNode(state('a'), 'agent-2')).toThrow('lab a has no node `agent-2`');
  });
});
