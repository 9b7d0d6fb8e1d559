/** On healthy clusters of every CNI, and with ten application stacks on one of them, nothing above `info` is found, and nearly everything is judged. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadSnapshot } from '../cluster/snapshot/load.ts';
import { CATALOGUE } from '../cni/catalogue.ts';
import { FLAVOURS, healthy } from './testing/healthy.ts';
import { STACKS } from './testing/stacks.ts';
import { RULES } from './rules.ts';
import { audit } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-healthy-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe.each(FLAVOURS)('%s', (flavour) => {
  it('has no finding above info', async () => {
    const file = join(dir, `${flavour}.json`);
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: healthy(flavour) }));
    const snapshot = await loadSnapshot([file], { catalogue: CATALOGUE, tool: 'test', now: new Date(0) });
    const report = audit(snapshot, { rules: RULES, tool: 'test', subject: flavour });
    expect(report.findings.filter(({ severity }) => severity !== 'info').map(({ rule, summary }) => `${rule} ${summary}`)).toEqual([]);
    const unjudged = report.checked.filter(({ verdict }) => verdict === 'unknown').map(({ rule, why }) => `${rule} ${why ?? ''}`);
    expect(unjudged).toEqual(flavour === 'kubeadm-cilium' ? ['FL-CNI-010 CiliumEndpoints are not in the snapshot'] : []);
    expect(report.checked.filter(({ verdict }) => verdict === 'pass' || verdict === 'fail').length).toBeGreaterThan(75);
  });
});

describe.each(Object.entries(STACKS))('%s', (name, stack) => {
  it('brings no finding above info', async () => {
    const file = join(dir, 'stack.json');
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...healthy('k3s-calico'), ...stack()] }));
    const snapshot = await loadSnapshot([file], { catalogue: CATALOGUE, tool: 'test', now: new Date(0) });
    expect(snapshot.unknown).toEqual([]);
    const report = audit(snapshot, { rules: RULES, tool: 'test', subject: name });
    expect(report.findings.filter(({ severity }) => severity !== 'info').map(({ rule, summary }) => `${rule} ${summary}`)).toEqual([]);
  });
});
