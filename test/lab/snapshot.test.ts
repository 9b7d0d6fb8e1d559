/** Snapshot and audit of living clusters: everything is read, and nothing is found that is not there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { waitUntil } from '../../src/cluster/wait.ts';
import { fairlead, fairleadOk } from './support/fairlead.ts';

const LAB = 'snap';
const dir = mkdtempSync(join(tmpdir(), 'fairlead-snapshot-'));
afterAll(async () => {
  await fairleadOk('lab', 'down', '--name', LAB);
  rmSync(dir, { recursive: true, force: true });
});

interface Findings {
  findings: { rule: string; severity: string; summary: string }[];
  unknown: { what: string; why: string }[];
}

/** What an audit says that is worse than information. */
async function worse(...words: string[]): Promise<string[]> {
  const said = await fairlead('audit', ...words, '-o', 'json', '--fail-on', 'none');
  expect(said.code, said.stderr).toBe(0);
  const { findings, unknown } = JSON.parse(said.stdout) as Findings;
  expect(unknown).toEqual([]);
  return findings.filter(({ severity }) => severity !== 'info').map(({ rule, summary }) => `${rule} ${summary}`);
}

describe.each([
  // Flannel enforces no policy, and the lab's profile has switched K3s' own controller off: the finding is true.
  { profile: 'k3s', cni: 'flannel', expected: ['FL-POL-001 6 NetworkPolicies are enforced by nobody'] },
  { profile: 'k3s', cni: 'calico', expected: [] },
  { profile: 'kubeadm', cni: 'flannel', expected: ['FL-POL-001 6 NetworkPolicies are enforced by nobody'] },
  { profile: 'kubeadm', cni: 'calico', expected: [] },
])('$profile with $cni', ({ profile, cni, expected }) => {
  const file = join(dir, `${profile}-${cni}.tgz`);

  test('is read as it is', { timeout: 600_000 }, async () => {
    await fairleadOk('lab', 'down', '--name', LAB);
    await fairleadOk('lab', 'up', '--name', LAB, '--profile', profile, '--cni', cni, '--apps');
    // A pod that is just starting is a finding of its own, for as long as it does (a budget that allows nothing).
    await waitUntil(async () => ((await worse('--via', `lab:${LAB}`)).length === expected.length ? true : undefined), { timeoutMs: 120_000, what: 'the lab to be at rest', intervalMs: 2000 });
    await fairleadOk('snapshot', '--via', `lab:${LAB}`, '--to', file);
    const shown = await fairleadOk('snapshot', 'show', file);
    expect(shown).toMatch(new RegExp(`^distribution: ${profile} `, 'm'));
    expect(shown).toMatch(new RegExp(`^ {2}${cni}[ ,]`, 'm'));
    expect(shown.match(/ host read$/gm)).toHaveLength(3);
  });

  test('nothing is found that is not there, in the living cluster and in its snapshot', { timeout: 120_000 }, async () => {
    expect(await worse(file)).toEqual(expected);
    expect(await worse('--via', `lab:${LAB}`)).toEqual(expected);
  });
});
