/** FL-POL-014. */
import { parseRange } from '../../../net/range.ts';
import { policy } from '../../examples.ts';
import { networkPolicies } from '../../policies.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

export const badFields: Rule = {
  id: 'FL-POL-014',
  title: 'A policy has fields that the API server refuses, or that mean nothing',
  severity: 'error',
  faults: [],
  looksAt: 'endPort without a number, with a name, or below port; ipBlock beside a selector in one peer; empty peers; CIDRs that are none; except outside of its cidr.',
  why: 'The API server refuses the manifest, so that the policy as it stands is not in force.',
  fix: [],
  refs: ['k8s.io/kubernetes pkg/apis/networking/validation'],
  check(view) {
    const policies = networkPolicies(view);
    if (policies.length === 0) return { skip: 'there are no NetworkPolicies in the snapshot' };
    return policies.flatMap((one) => {
      const rules = [...(one.spec?.ingress ?? []).map(({ from = [], ports = [] }) => ({ peers: from, ports })), ...(one.spec?.egress ?? []).map(({ to = [], ports = [] }) => ({ peers: to, ports }))];
      const wrong = rules.flatMap(({ peers, ports }) => [
        ...ports.flatMap(({ port, endPort }) => (endPort === undefined ? [] : port === undefined ? ['endPort without port'] : typeof port === 'string' ? [`endPort with the named port ${port}`] : endPort < port ? [`endPort ${endPort} below port ${port}`] : [])),
        ...peers.flatMap((peer) => {
          if (Object.keys(peer).length === 0) return ['a peer with nothing in it'];
          const { ipBlock } = peer;
          if (ipBlock === undefined) return [];
          const { cidr = 'an ipBlock without cidr' } = ipBlock;
          if (peer.podSelector !== undefined || peer.namespaceSelector !== undefined) return [`ipBlock ${cidr} beside a selector`];
          const outer = cidr.includes('/') ? parseRange(cidr) : undefined;
          if (outer === undefined) return [`${cidr} is no CIDR`];
          return (ipBlock.except ?? []).flatMap((text) => { const inner = parseRange(text); return inner === undefined || inner.first < outer.first || inner.last > outer.last ? [`except ${text} is not inside ${cidr}`] : []; });
        }),
      ]);
      return wrong.length === 0 ? [] : [{
        subjects: [subjectOf(one)],
        summary: `NetworkPolicy ${one.metadata.namespace ?? ''}/${one.metadata.name}: ${wrong.join('; ')}`,
        evidence: [view.seen(one, 'spec', one.spec)],
        fix: [{ what: 'Put these fields right; `kubectl apply --dry-run=server` says the same.' }],
      }];
    });
  },
  bad: [policy('p', { podSelector: {}, ingress: [{ ports: [{ port: 9000, endPort: 8000 }], from: [{ ipBlock: { cidr: '10.0.0.0/33' } }] }] })],
  good: [policy('p', { podSelector: {}, ingress: [{ ports: [{ port: 8000, endPort: 9000 }], from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] }] })],
};
