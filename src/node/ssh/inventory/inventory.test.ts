import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostsOf } from './ansible.ts';
import { inventoryTarget, readInventory } from './inventory.ts';

const fixtures = join(import.meta.dirname, 'fixtures');
const dir = mkdtempSync(join(tmpdir(), 'fairlead-inventory-'));
afterAll(() => rmSync(dir, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};

describe('fairlead.yaml', () => {
  it('says how nodes are logged in to; what holds for all is each host\'s unless it says otherwise', async () => {
    const inventory = await readInventory(join(fixtures, 'ok.fairlead.yaml'));
    expect(inventory.config).toBe(join(fixtures, 'ssh_config'));
    expect(inventory.sudoPassword?.reference).toBe('env:SUDO_PASSWORD');
    expect(inventoryTarget(inventory, 'server-1', undefined)).toEqual({ host: '192.0.2.10', user: 'root' });
    expect(inventoryTarget(inventory, 'agent-1', undefined)).toEqual({ host: '192.0.2.11', user: 'ops', port: 2222, identityFile: join(homedir(), '.ssh/a key'), jump: 'bastion.example.org' });
    expect(inventoryTarget(inventory, 'agent-2', undefined)).toEqual({ host: 'agent-2', user: 'ops' });
  });

  it.each([
    ['nodes:\n  a:\n    host: 1.2.3.4\n    prot: 22\n', /fairlead\.yaml:4: nodes\.a\.prot: is not known here/],
    ['nodes:\n  a:\n    port: 99999\n', /fairlead\.yaml:3: nodes\.a\.port: /],
    ['ssh:\n  user: ops\n', /fairlead\.yaml:1: nodes: /],
    ['nodes:\n  a: [\n', /fairlead\.yaml:\d+: this is not YAML: /],
    ['ssh:\n  sudoPassword: hunter2\nnodes: {}\n', /fairlead\.yaml:2: ssh\.sudoPassword is no reference to a secret$/],
  ])('says where it is wrong: %j', async (text, message) => {
    await expect(readInventory(file('fairlead.yaml', text))).rejects.toThrow(message);
  });
});

describe('an Ansible inventory', () => {
  // fixtures/listed.json is what `ansible-inventory --inventory hosts.ini --list` of ansible-core 2.19 prints there.
  const listed = readFileSync(join(fixtures, 'listed.json'), 'utf8');
  const inventory = { file: 'hosts.ini', hosts: hostsOf('hosts.ini', listed) };

  it('gives the variables of the connection, and no others', () => {
    const args = ['-J', 'ops@bastion.example.org', '-o', 'ServerAliveInterval=30'];
    expect(Object.fromEntries(inventory.hosts)).toEqual({
      bare: { user: 'ops' },
      'k3s-server': { host: '192.0.2.10', user: 'ops' },
      'k3s-agent1.example.org': { user: 'ops', port: 2222, args },
      'k3s-agent2.example.org': { user: 'ops', port: 2222, args },
      odd: { host: '192.0.2.30', user: 'ops', identityFile: '~/.ssh/a key', args },
    });
  });

  it('finds a Node by its name, by its name in a domain, and by its address', () => {
    expect(inventoryTarget(inventory, 'k3s-server', undefined).host).toBe('192.0.2.10');
    expect(inventoryTarget(inventory, 'k3s-agent1', undefined).host).toBe('k3s-agent1.example.org');
    expect(inventoryTarget(inventory, 'worker-7', '192.0.2.30')).toMatchObject({ host: '192.0.2.30', identityFile: '~/.ssh/a key' });
    expect(() => inventoryTarget(inventory, 'k3s-agent3', '192.0.2.99')).toThrow(/^hosts\.ini has no host for node k3s-agent3 \(192\.0\.2\.99\): it has .*k3s-server/);
  });

  it('does not guess between two', () => {
    const hosts = new Map([['n.one.example', {}], ['n.two.example', {}]]);
    expect(() => inventoryTarget({ file: 'f', hosts }, 'n', undefined)).toThrow('f has more than one host for node n: n.one.example and n.two.example');
  });

  it('refuses what it would have to guess', () => {
    const one = (vars: object): string => JSON.stringify({ _meta: { hostvars: { h: vars } } });
    expect(() => hostsOf('f', one({ ansible_host: '{{ lookup("x") }}' }))).toThrow(/ansible_host of h is a template/);
    expect(() => hostsOf('f', one({ ansible_connection: 'local' }))).toThrow(/h is reached by local, not by ssh/);
    expect(() => hostsOf('f', one({ ansible_port: 'many' }))).toThrow(/the port of h is "many"/);
    expect(() => hostsOf('f', one({ ansible_host: ['a'] }))).toThrow(/neither a text nor a number/);
    expect(() => hostsOf('f', 'WARNING: no JSON')).toThrow(/printed something else/);
  });
});

describe('Ansible\'s own program', () => {
  const before = process.env['PATH'];
  beforeEach(() => void (process.env['PATH'] = `${dir}:/usr/bin:/bin`));
  afterEach(() => void (process.env['PATH'] = before));

  it('is asked, and what it says is passed on', async () => {
    const hosts = file('hosts', '');
    file('ansible-inventory', `#!/bin/sh\n[ "$*" = "--inventory ${hosts} --list" ] && exec cat ${fixtures}/listed.json\necho "ERROR! cannot parse $2" >&2; exit 1\n`);
    chmodSync(join(dir, 'ansible-inventory'), 0o755);
    expect((await readInventory(hosts)).hosts.size).toBe(5);
    await expect(readInventory(file('others', ''))).rejects.toThrow(/ansible-inventory cannot read it: ERROR! cannot parse .*others/);
    rmSync(join(dir, 'ansible-inventory'));
  });

  it('is named when it is missing, and so is a file that is', async () => {
    process.env['PATH'] = dir;
    await expect(readInventory(file('inventory.ini', ''))).rejects.toMatchObject({ message: expect.stringContaining('ansible-inventory is not installed') as string, hint: expect.stringContaining('fairlead.yaml') as string });
    await expect(readInventory(join(dir, 'nowhere.ini'))).rejects.toThrow(/there is no such file/);
  });
});
