/** Wrong input: an exit code and one clear message each, and nothing made. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { labNames } from '../../src/lab/state.ts';
import { fairlead, fairleadAsNobody, fairleadOk } from './support/fairlead.ts';
import { differences, lookAtMachine, type Machine } from './support/machine.ts';

const LAB = 'e7';
/** Never made. */
const NONE = 'e8';
let before: Machine;

beforeAll(async () => {
  for (const name of [LAB, NONE]) await fairleadOk('lab', 'down', '--name', name);
  before = await lookAtMachine([NONE]);
  // The smallest lab: one node, and nothing waited for but its registration.
  await fairleadOk('lab', 'up', '--name', LAB, '--nodes', '1', '--cni', 'none');
});

afterAll(async () => {
  await fairleadOk('lab', 'down', '--name', LAB);
});

const up = (...words: string[]): string[] => ['lab', 'up', '--name', NONE, ...words];

test.each<[string, string[], number, string]>([
  ['an unknown profile', up('--profile', 'rke2'), 2, "error: option '--profile <profile>' argument 'rke2' is invalid. Allowed choices are k3s, kubeadm."],
  ['an unknown CNI', up('--cni', 'weave'), 2, "error: option '--cni <cni>' argument 'weave' is invalid"],
  ['an unknown backend', up('--flannel-backend', 'udp'), 2, "error: option '--flannel-backend <backend>' argument 'udp' is invalid"],
  ['no node', up('--nodes', '0'), 2, 'error: --nodes is "0"; expected a whole number from 1 to 20.'],
  ['too many nodes', up('--nodes', '21'), 2, 'error: --nodes is "21"; expected a whole number from 1 to 20.'],
  ['a number of nodes that is none', up('--nodes', 'three'), 2, 'error: --nodes is "three"'],
  ['a name with capitals', ['lab', 'up', '--name', 'E8'], 2, 'error: `E8` is not a lab name: expected a lower-case letter followed by'],
  ['a name that is too long', ['lab', 'up', '--name', 'abcdefghijklm'], 2, 'error: `abcdefghijklm` is not a lab name'],
  ['a name that climbs', ['lab', 'down', '--name', '../x'], 2, 'error: `../x` is not a lab name'],
  ['no prefix', up('--cluster-cidr', '10.42.0.0'), 2, 'error: `10.42.0.0` is not an IP prefix'],
  ['IPv6', up('--service-cidr', 'fd00::/112'), 2, 'error: --service-cidr is fd00::/112; expected an IPv4 prefix'],
  ['ranges that overlap', up('--cluster-cidr', '10.43.0.0/17'), 2, 'error: --cluster-cidr overlaps --service-cidr: 10.43.0.0/17 and 10.43.0.0/16'],
  ['a range that overlaps the underlay', up('--cluster-cidr', '192.168.0.0/16'), 2, 'error: --cluster-cidr overlaps the underlay'],
  ['a range that is too small', up('--cluster-cidr', '10.42.0.0/24', '--nodes', '2'), 2, 'error: --cluster-cidr 10.42.0.0/24 is too small for 2 nodes'],
  ['a lab of that name', ['lab', 'up', '--name', LAB], 2, `error: there is a lab called \`${LAB}\` already\nhint: \`fairlead lab status --name ${LAB}\` shows it`],
  ['a node that is not there', ['lab', 'exec', '--name', LAB, 'agent-1', '--', 'true'], 2, `error: lab ${LAB} has no node \`agent-1\`\nhint: its nodes: ${LAB}-server-1`],
  ['a reboot of no node', ['lab', 'reboot', '--name', LAB, 'outside'], 2, `error: lab ${LAB} has no node \`outside\``],
  ['the status of no lab', ['lab', 'status', '--name', NONE], 2, `error: there is no lab called \`${NONE}\`\nhint: `],
  ['the kubeconfig of no lab', ['lab', 'kubeconfig', '--name', NONE], 2, `error: there is no lab called \`${NONE}\``],
  ['a word too many', up('please'), 2, "error: too many arguments for 'up'"],
  ['an unknown option', up('--fast'), 2, "error: unknown option '--fast'"],
])('%s', async (_what, words, code, message) => {
  const said = await fairlead(...words);
  expect(said).toMatchObject({ code, stdout: '' });
  expect(said.stderr.startsWith(message), said.stderr).toBe(true);
  expect(said.stderr.match(/^error: /gm)).toHaveLength(1);
  expect(said.stderr).not.toMatch(/\n {4}at /);
});

describe('an ordinary user', () => {
  test.each<[string[], string]>([
    [up(), 'error: This machine cannot run the lab:\n  - root ('],
    [['lab', 'down', '--name', LAB], "error: the labs of this machine are root's"],
    [['lab', 'status'], "error: the labs of this machine are root's"],
    [['lab', 'exec', '--name', LAB, 'server-1', '--', 'true'], "error: the labs of this machine are root's"],
    [['lab', 'reboot', '--name', LAB, 'server-1'], "error: the labs of this machine are root's"],
  ])('is refused `%s`', async (words, message) => {
    const said = await fairleadAsNobody(...words);
    expect(said).toMatchObject({ code: 3, stdout: '' });
    expect(said.stderr.startsWith(message), said.stderr).toBe(true);
  });
});

test('nothing came of any of it', async () => {
  expect(labNames()).not.toContain(NONE);
  expect(differences(before, await lookAtMachine([NONE]))).toEqual([]);
});
