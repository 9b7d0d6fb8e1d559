/** The popular mistakes, one by one: what is diagnosed is right, and it is said politely why the belief is wrong; where it does not matter nothing is said of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ciliumAgent, flannelDaemonSet, host, vxlanLink, node, workload } from '../audit/examples.ts';
import { RULES } from '../audit/rules.ts';
import { healthy } from '../audit/testing/healthy.ts';
import { runMain } from '../cli/testing/run-main.ts';
import { BELIEFS } from './beliefs.ts';
import type { DiagnosisReport } from './report/schema.ts';
import { Random, Trial, type Flavour } from './testing/cluster.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-beliefs-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const PATIENCE = 60_000;
beforeAll(async () => {
  await runMain('diagnose', '--help');
}, 3 * PATIENCE);

async function diagnose(objects: readonly object[], ...argv: string[]): Promise<DiagnosisReport> {
  const file = join(dir, 'cluster.json');
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  const { stdout, stderr } = await runMain('diagnose', ...argv, '--snapshot', file, '-o', 'json');
  expect(stderr).toBe('');
  return JSON.parse(stdout) as DiagnosisReport;
}

const trial = (flavour: Flavour): Trial => new Trial(new Random(1), [flavour]);
const textOf = (number: number): string => BELIEFS.find((one) => one.number === number)?.belief ?? '';
const told = ({ notes }: DiagnosisReport, number: number): boolean => notes.some(({ belief }) => belief === textOf(number));
const proved = ({ causes }: DiagnosisReport): string[] => causes.filter(({ certainty }) => certainty === 'proved').map(({ fault }) => fault);
const bad = (id: string): readonly object[] => { const rule = RULES.find((one) => one.id === id); return rule === undefined ? [] : typeof rule.bad === 'function' ? rule.bad() : rule.bad; };
const DB = 'dial tcp 10.43.3.2:5432: ';

describe('beliefs', () => {
  it('are all of the catalogue, in its order, and each says what is true and where that is from', () => {
    expect(BELIEFS.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    for (const { belief, text, source } of BELIEFS) expect([belief, text, source].every((one) => one.length > 5)).toBe(true);
  });

  it('1: a CNI does not block loopback', async () => {
    const report = await diagnose(healthy('k3s-flannel'), 'dial tcp 127.0.0.1:9500: connect: connection refused', '--from', 'shop/web-1');
    expect(report).toMatchObject({ network: false });
    expect(proved(report)).toEqual(['X3']);
    expect(told(report, 1)).toBe(true);
    expect(told(await diagnose(healthy('k3s-flannel'), `${DB}i/o timeout`, '--from', 'shop/web-1'), 1)).toBe(false);
  }, PATIENCE);

  it('2: 0.0.0.0 is the host itself', async () => {
    const report = await diagnose(healthy('k3s-flannel'), 'dial tcp 0.0.0.0:9500: connect: connection refused', '--from', 'shop/web-1');
    expect(report).toMatchObject({ network: false, question: { target: 'loopback' } });
    expect([told(report, 2), proved(report)]).toEqual([true, ['X3']]);
  }, PATIENCE);

  it('3: Calico does not deny by default', async () => {
    const open = trial('k3s-calico').remove('NetworkPolicy', /./);
    const without = await diagnose(open.objects, `${DB}i/o timeout`, '--from', 'monitoring/prometheus-1');
    expect(proved(without)).toEqual([]);
    const report = await diagnose(healthy('k3s-calico'), `${DB}i/o timeout`, '--from', 'monitoring/prometheus-1');
    expect([told(report, 3), proved(report)]).toEqual([true, ['P10']]);
  }, PATIENCE);

  it('4: K3s enforces policies although Flannel does not', async () => {
    const report = await diagnose(healthy('k3s-flannel'), `${DB}connect: connection refused`, '--from', 'monitoring/prometheus-1');
    expect([told(report, 4), proved(report)]).toEqual([true, ['P2']]);
    // Where nobody enforces, no policy is to blame.
    const none = await diagnose(healthy('kubeadm-flannel'), 'dial tcp 10.96.3.2:5432: connect: connection refused', '--from', 'monitoring/prometheus-1');
    expect([told(none, 4), proved(none), none.causes.find(({ fault }) => fault === 'P2')?.certainty]).toEqual([false, [], 'excluded']);
  }, PATIENCE);

  it('5: i/o timeout to a Service is not the gateway of calico#8689', async () => {
    const report = await diagnose(healthy('k3s-calico'), `${DB}i/o timeout`, '--from', 'monitoring/prometheus-1');
    expect(told(report, 5)).toBe(true);
    expect(proved(report)).not.toContain('A1');
    expect(JSON.stringify(report.causes.find(({ fault }) => fault === 'A1'))).not.toMatch(/fixed in|3\.27/);
  }, PATIENCE);

  it('6: refused across pods may be a policy, or a Service without endpoints', async () => {
    const denied = await diagnose(healthy('k3s-flannel'), `${DB}connect: connection refused`, '--from', 'monitoring/prometheus-1');
    expect([told(denied, 6), denied.network]).toEqual([true, true]);
    const empty = await diagnose(trial('k3s-flannel').change('Service', /^db$/, (one) => (one.spec.selector = { app: 'x' })).objects, `${DB}connect: connection refused`, '--from', 'shop/web-1');
    expect([proved(empty), empty.network]).toEqual([['K1'], false]);
  }, PATIENCE);

  it("7: an address of a load balancer answers no ping", async () => {
    expect(told(await diagnose(healthy('k3s-flannel'), 'dial tcp 192.168.10.200:80: i/o timeout'), 7)).toBe(true);
    expect(told(await diagnose(healthy('k3s-flannel'), `${DB}i/o timeout`), 7)).toBe(false);
  }, PATIENCE);

  it('8: loose rp_filter breaks no Calico of today', async () => {
    const loose = trial('k3s-calico').change('HostFacts', /./, (one) => (one.sysctls['net.ipv4.conf.all.rp_filter'] = '2'));
    const report = await diagnose(loose.objects, 'timeout: is rp_filter = 2 to blame?', '--from', 'shop/web-1', '--to', 'service:shop/db', '--port', '5432');
    expect([told(report, 8), proved(report)]).toEqual([true, []]);
    expect(report.causes.find(({ fault }) => fault === 'H2')?.for).toEqual([]);
  }, PATIENCE);

  it('9: strictARP matters in IPVS mode alone', async () => {
    const report = await diagnose(healthy('kubeadm-flannel'), 'dial tcp 192.168.10.200:80: i/o timeout');
    expect([told(report, 9), report.causes.find(({ fault }) => fault === 'B5')?.certainty]).toEqual([true, 'excluded']);
  }, PATIENCE);

  it('10: bad checksums of the sender are no fault', async () => {
    const report = await diagnose(healthy('k3s-flannel'), 'tcpdump says [bad udp cksum 0x1234 -> 0x5678!], and there is a timeout', '--from', 'shop/web-1', '--to', 'shop/db-2', '--port', '5432');
    expect([told(report, 10), proved(report)]).toEqual([true, []]);
  }, PATIENCE);

  it('11: mixed backends of iptables are no proof of anything', async () => {
    const report = await diagnose(bad('FL-HOST-007'));
    expect(report.causes.find(({ fault }) => fault === 'H5')?.certainty).toBe('likely');
    const { stdout } = await runMain('diagnose', '# Warning: iptables-legacy tables present, use iptables-legacy-save; timeout');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('Two rule sets that know nothing of each other both apply');
  }, PATIENCE);

  it("12: changing a pool's value gives no pod another address", async () => {
    const report = await diagnose(bad('FL-CIDR-001'));
    expect([told(report, 12), proved(report).includes('C1')]).toEqual([true, true]);
  }, PATIENCE);

  it('13: what deleted a CNI left is still there', async () => {
    const report = await diagnose(bad('FL-CNI-008'));
    expect(told(report, 13)).toBe(true);
    expect(['L1', 'L2']).toContain(report.causes[0]?.fault);
  }, PATIENCE);

  it('14: two VXLAN CNIs may live side by side', async () => {
    const both = (port: number): readonly object[] => [node('n1'), flannelDaemonSet(), ciliumAgent(), workload('DaemonSet', 'x', 'x:1'), host('n1', { links: [vxlanLink('flannel.1'), vxlanLink('cilium_vxlan', { vni: 2, port })] })];
    expect(told(await diagnose(bad('FL-VXLAN-001')), 14)).toBe(true);
    const apart = await diagnose(both(8473));
    expect([told(apart, 14), proved(apart).includes('V3')]).toEqual([false, false]);
  }, PATIENCE);
});
