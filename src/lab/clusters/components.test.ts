import { describe, expect, it } from 'vitest';
import { componentTable, fill, type Settings } from './components.ts';
import { layouts } from './layout.ts';

const settings: Settings = { 'cluster-cidr': '10.42.0.0/16', 'service-cidr': '10.43.0.0/16', 'cluster-dns': '10.43.0.10', 'cluster-domain': 'cluster.local', 'node-ip': '192.168.77.12', 'node-name': 'a-agent-1' };

describe('fill', () => {
  it('fills every placeholder and leaves the rest', () => {
    expect(fill('https://${node-ip}:2379,${node-name}=${node-ip} $HOME ${}', settings)).toBe('https://192.168.77.12:2379,a-agent-1=192.168.77.12 $HOME ${}');
  });

  it('refuses a placeholder without a value', () => expect(() => fill('${node-id}', settings)).toThrow('no value for ${node-id}'));
});

describe.each(['k3s', 'kubeadm'] as const)('command lines of profile %s', (profile) => {
  const table = componentTable(layouts[profile], '/config.toml', 'https://192.168.77.11:6443');

  // A change of any of them is a change of what every test and rehearsal runs on: it should be seen.
  it('are those of the golden file', async () => {
    const lines = table.map(({ name, role, argv, env, after, onlyWhen }) => {
      const when = [role, ...(after ?? []).map((other) => `after ${other}`), ...(onlyWhen === undefined ? [] : [`only with ${onlyWhen}`])].join(', ');
      return [`# ${name} (${when})`, ...Object.entries(env ?? {}).map(([key, value]) => `${key}=${fill(value, settings)}`), ...argv.map((arg) => fill(arg, settings)), ''].join('\n');
    });
    await expect(lines.join('\n')).toMatchFileSnapshot(`testdata/components-${profile}.txt`);
  });

  it('come after components that exist, and are named once', () => {
    const names = table.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(table.flatMap(({ after }) => after ?? []).filter((name) => !names.includes(name))).toEqual([]);
  });
});
