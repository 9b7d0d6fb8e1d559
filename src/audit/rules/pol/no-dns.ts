/** FL-POL-003. */
import { pod, policy } from '../../examples.ts';
import { directionsOf, egressAllowed, isolating, networkPolicies, otherPolicies, selectedPods } from '../../policies.ts';
import type { Rule } from '../../rule.ts';
import { containersOf } from '../../service-ports.ts';
import { subjectOf } from '../../view.ts';

export const noDns: Rule = {
  id: 'FL-POL-003',
  title: 'Pods may send, but not ask for names',
  severity: 'error',
  faults: ['P3'],
  looksAt: "Pods that policies isolate for egress and that some rule lets send something: all their policies together must let UDP and TCP to the DNS pods through, on the port where those listen (targetPort 53 of CoreDNS). UDP alone is a warning: answers that are too long come by TCP.",
  why: '`Temporary failure in name resolution`, `EAI_AGAIN`, `bad address`: addresses work, names do not.',
  fix: [
    { what: 'Allow both protocols to the DNS pods.', command: 'egress:\n- to:\n  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}\n    podSelector: {matchLabels: {k8s-app: kube-dns}}\n  ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]' },
  ],
  refs: ['kubernetes/website#55115'],
  check(view) {
    const policies = networkPolicies(view).filter((one) => directionsOf(one).egress);
    if (policies.length === 0) return { skip: 'no policy isolates pods for egress' };
    const dns = view.pods.filter(({ metadata }) => metadata.namespace === 'kube-system' && metadata.labels?.['k8s-app'] === 'kube-dns');
    const [server] = dns;
    if (server === undefined) return { unknown: 'the DNS pods (kube-system, k8s-app=kube-dns) are not in the snapshot' };
    const others = otherPolicies(view);
    const port = containersOf(server).flatMap(({ ports = [] }) => ports).find(({ name, protocol }) => name === 'dns' || (protocol === 'UDP' && name?.startsWith('dns') === true))?.containerPort ?? 53;
    const groups = new Map<string, { pods: typeof dns; lacks: string[]; policies: typeof policies }>();
    for (const one of new Set(policies.flatMap((each) => selectedPods(view, each)))) {
      const mine = isolating(view, one, 'egress');
      const sends = mine.some(({ spec }) => (spec?.egress ?? []).length > 0);
      const uses = one.spec?.dnsPolicy !== 'None' && one.spec?.hostNetwork !== true && !dns.includes(one);
      const lacks = ['UDP', 'TCP'].filter((protocol) => !dns.some((target) => egressAllowed(view, mine, target, port, protocol)));
      if (!sends || !uses || lacks.length === 0) continue;
      const key = `${mine.map(subjectOf).join()} ${lacks.join()}`;
      const group = groups.get(key) ?? { pods: [], lacks, policies: mine };
      group.pods.push(one);
      groups.set(key, group);
    }
    const found = [...groups.values()].map(({ pods, lacks, policies: mine }) => {
      // Node-local DNS and Service addresses in an ipBlock are judged before NAT by some CNIs.
      const blocks = mine.flatMap(({ spec }) => spec?.egress ?? []).flatMap(({ to = [] }) => to).flatMap(({ ipBlock }) => ipBlock?.cidr ?? []);
      return {
        subjects: [...mine.map(subjectOf), ...pods.map(subjectOf)],
        severity: lacks.includes('UDP') && others.length === 0 ? 'error' as const : 'warning' as const,
        summary: `${pods.length} pod${pods.length === 1 ? '' : 's'} may not ask DNS by ${lacks.join(' and ')}: no rule of ${mine.map(({ metadata }) => metadata.name).join(', ')} lets port ${port} through`,
        evidence: [...mine.map((one) => view.seen(one, 'spec.egress', one.spec?.egress ?? [])), view.seen(server, 'spec.containers.ports', `DNS on ${port}`), ...(others.length === 0 ? [] : [view.derived('other policies', `${others.join(', ')} are there and were not judged`, 'inferred')]), ...(blocks.length === 0 ? [] : [view.derived('ipBlock', `${blocks.join(', ')}: whether a Service's address in an ipBlock is compared before or after NAT is up to the CNI`, 'inferred')])],
      };
    });
    return found;
  },
  bad: [
    policy('db', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: { matchLabels: { app: 'db' } } }] }] }),
    pod('a'),
    pod('coredns', { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } }),
  ],
  good: [
    policy('db', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: { matchLabels: { app: 'db' } } }] }, { to: [{ namespaceSelector: {} }], ports: [{ protocol: 'UDP', port: 53 }, { protocol: 'TCP', port: 53 }] }] }),
    pod('a'),
    pod('coredns', { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } }),
  ],
};
