import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineFormat } from '../ask/list-format.ts';
import { list } from '../ask/list.ts';
import { compile, type Engine } from '../compile/engine.ts';
import { readText } from '../input/objects.ts';
import { readState } from '../state.ts';
import { carryOut, writeTypes, type Body } from '../testing/carry-out.ts';
import { engineOf } from '../testing/engine-of.ts';
import { objectsOf, worlds } from '../testing/kubernetes-worlds.ts';
import { patience, runs } from '../testing/runs.ts';
import { lintContext } from './context.ts';
import type { Finding } from './finding.ts';
import { lint } from './lint.ts';

function found(text: string, enforcer = 'auto'): Finding[] {
  const loaded = readText('a.yaml', text);
  const { state, problems } = readState(loaded, enforcer);
  const [engine] = compile([state]);
  return lint(lintContext(engine as Engine, loaded.objects, problems));
}

const pod = (name: string, more = '', status = ''): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: n1, labels: {app: ${name}}}\nspec: {${more}containers: [{name: c}]}\n${status}---\n`;
const policy = (spec: string, name = 'p'): string => `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ${name}, namespace: n1}\nspec:\n  ${spec.replaceAll('\n', '\n  ')}\n---\n`;
const dns = '\negress: [{ports: [{port: 53, protocol: UDP}]}]';

describe('lint', () => {
  it.each([
    ['policy/selects-nothing', 'warning', policy('podSelector: {matchLabels: {app: nobody}}'), 'a.yaml:9'],
    ['policy/peer-matches-nothing', 'warning', policy('podSelector: {}\ningress:\n  - from: [{podSelector: {matchLabels: {app: nobody}}}]'), 'a.yaml:12'],
    ['policy/unknown-port', 'warning', policy('podSelector: {}\ningress:\n  - ports: [{port: web}]'), 'a.yaml:12'],
    ['policy/host-network', 'warning', pod('host', 'hostNetwork: true, ') + policy('podSelector: {matchLabels: {app: host}}'), 'a.yaml:15'],
    ['policy/block-inside-cluster', 'warning', pod('b', '', 'status: {podIP: 10.42.0.9}\n') + policy('podSelector: {}\ningress: [{from: [{ipBlock: {cidr: 10.42.0.0/16}}]}]'), 'a.yaml:17'],
    ['policy/dns-forgotten', 'warning', policy('podSelector: {}\npolicyTypes: [Egress]'), 'a.yaml:10'],
    ['policy/open-to-all', 'info', policy('podSelector: {}\ningress: [{}]'), 'a.yaml:11'],
    ['policy/redundant', 'info', policy('podSelector: {}\ningress:\n  - {}\n  - from: [{podSelector: {}}]'), 'a.yaml:13'],
    ['policy/duplicate', 'error', policy('podSelector: {}') + policy('podSelector: {}'), 'a.yaml:6'],
    ['policy/refused', 'error', policy('podSelector: {}\ningress: [{from: [{}]}]'), 'a.yaml:11'],
    ['policy/no-effect', 'warning', policy('podSelector: {}\npolicyTypes: [Ingress]\negress: [{}]'), 'a.yaml:12'],
  ])('finds %s', (rule, severity, text, place) => {
    const all = found(pod('a') + text);
    expect(all.filter((one) => one.rule === rule).map((one) => [one.severity, one.evidence[0]?.source])).toEqual([[severity, place]]);
  });

  it('finds administrators\' policies of one priority, and rules that are never reached', () => {
    const admin = (name: string): string => `apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: ${name}}\nspec:\n  priority: 5\n  subject: {namespaces: {}}\n  ingress:\n    - {action: Deny, from: [{namespaces: {}}]}\n    - {action: Allow, from: [{namespaces: {}}]}\n---\n`;
    expect(found(pod('a') + admin('one') + admin('two')).map((one) => one.rule)).toContain('policy/equal-priority');
    expect(found(pod('a') + admin('one')).filter((one) => one.rule === 'policy/shadowed').map((one) => [one.severity, one.evidence[0]?.source])).toEqual([['warning', 'a.yaml:14']]);
  });

  it('has nothing to say about good policies', () => {
    expect(found(pod('a') + policy(`podSelector: {}\npolicyTypes: [Ingress, Egress]${dns}\ningress: [{from: [{podSelector: {matchLabels: {app: a}}}]}]`)).filter((one) => one.severity !== 'info')).toEqual([]);
  });

  const WORLDS = 200;
  it('calls redundant only what can be taken away', { timeout: patience(WORLDS) }, () => {
    let removed = 0;
    const connectivity = (objects: readonly object[]): string => {
      const { engine } = engineOf(objects);
      return [...list(engine, { level: 'pod', nodes: false, format: lineFormat('csv', engine, 'pod') })].join('').split('\n').filter((line) => !line.includes('outside')).toSorted().join('\n');
    };
    fc.assert(fc.property(worlds, (world) => {
      const objects = objectsOf(world) as Body[];
      writeTypes(objects);
      const text = objects.map((one) => JSON.stringify(one)).join('\n---\n');
      for (const finding of found(text, 'calico').filter((one) => one.rule === 'policy/redundant').slice(0, 3)) {
        const path = finding.evidence[0]!.excerpt.split(/[.[\]]+/).filter((part) => part !== '').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
        const changed = structuredClone(objects);
        const origin = { file: '', line: 1, written: undefined };
        carryOut(changed, [{ kind: 'remove', policy: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', id: finding.subjects[0]!.split(' ')[1]!, origin }, path }]);
        expect(connectivity(changed)).toBe(connectivity(objects));
        removed += 1;
      }
    }), runs(WORLDS));
    expect(removed).toBeGreaterThan(20);
  });
});
