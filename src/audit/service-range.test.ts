/** What the range of Services is where settings and ServiceCIDR objects both say so. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadSnapshot } from '../cluster/snapshot/load.ts';
import { CATALOGUE } from '../cni/catalogue.ts';
import { node, object, service } from './examples.ts';
import { clusterIpOutside } from './rules/svc/cluster-ip-outside.ts';
import { audit } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-service-range-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const k3s = (range: string): Readonly<Record<string, unknown>> => node('n1', { args: ['--service-cidr', range] });
const cidr = (name: string, range: string): Readonly<Record<string, unknown>> => object('networking.k8s.io/v1', 'ServiceCIDR', name, { spec: { cidrs: [range] } }, null);

describe('a Service with 10.43.0.77', () => {
  it.each([
    ['the settings have its range, and no object is there', [k3s('10.43.0.0/16')], 'pass'],
    ['settings and object have its range', [k3s('10.43.0.0/16'), cidr('kubernetes', '10.43.0.0/16')], 'pass'],
    ['a second object has its range', [k3s('10.96.0.0/12'), cidr('kubernetes', '10.96.0.0/12'), cidr('more', '10.43.0.0/16')], 'pass'],
    ['only an object has its range', [cidr('kubernetes', '10.43.0.0/16')], 'pass'],
    ['settings were changed after the object was made', [k3s('10.96.0.0/12'), cidr('kubernetes', '10.43.0.0/16')], 'fail'],
    ['neither has its range', [k3s('10.96.0.0/12'), cidr('kubernetes', '10.96.0.0/12')], 'fail'],
  ])('%s: %s', async (_, objects, verdict) => {
    const file = join(dir, 'x.json');
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...objects, service('web', { clusterIP: '10.43.0.77' })] }));
    const snapshot = await loadSnapshot([file], { catalogue: CATALOGUE, tool: 'test', now: new Date(0) });
    expect(audit(snapshot, { rules: [clusterIpOutside], tool: 'test', subject: 'x' }).checked).toMatchObject([{ verdict }]);
  });
});
