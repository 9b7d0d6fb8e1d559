/** FL-ML-003. */
import type { Pod } from '../../../cluster/snapshot/typed.ts';
import { pod, policy } from '../../examples.ts';
import { blockedBy, networkPolicies, otherPolicies } from '../../policies.ts';
import type { Rule } from '../../rule.ts';
import { AGENT, SCHEDULER, seldonPart, seldonServers } from '../../seldon.ts';
import { subjectOf } from '../../view.ts';

const seldonPod = (name: string, ip: string): Readonly<Record<string, unknown>> => pod(`${name}-0`, { ip, namespace: 'seldon', labels: { 'app.kubernetes.io/name': name }, containers: [{ name: 'c', image: `docker.io/seldonio/${name}:2.9.0` }] });
const server = pod('mlserver-0', { ip: '10.42.0.9', namespace: 'seldon', labels: { 'seldon-server-name': 'mlserver' }, containers: [{ name: 'agent', image: 'docker.io/seldonio/seldon-agent:2.9.0' }] });

export const policyGaps: Rule = {
  id: 'FL-ML-003',
  title: "Policies cut connections that Seldon Core needs",
  severity: 'error',
  faults: ['S4'],
  looksAt: "For the pods of Seldon that are there, by NetworkPolicies of both sides: servers → scheduler 9005; Envoy → scheduler 9002; Envoy → servers 9001 and 9501; gateways and operator → scheduler 9004; dataflow engine → scheduler 9008.",
  why: 'Servers do not register (models stay unscheduled), or Envoy answers 503: `i/o timeout`, on K3s `connection refused`.',
  fix: [{ what: "Allow what the summary names, from and to the pods' labels." }],
  refs: ['seldon-core: k8s/yaml/components.yaml'],
  check(view) {
    const servers = seldonServers(view).map(({ pod: one }) => one);
    const part = (name: string): Pod[] => seldonPart(view, name);
    const scheduler = part('seldon-scheduler');
    if (servers.length === 0 && scheduler.length === 0) return { skip: 'Seldon Core is not in the snapshot' };
    if (networkPolicies(view).length === 0) return [];
    const envoy = part('seldon-envoy');
    const needs: { from: Pod[]; to: Pod[]; port: number; what: string }[] = [
      { from: servers, to: scheduler, port: SCHEDULER.agent, what: 'servers → scheduler' },
      { from: envoy, to: scheduler, port: SCHEDULER.xds, what: 'Envoy → scheduler' },
      { from: envoy, to: servers, port: AGENT.http, what: 'Envoy → servers, HTTP' },
      { from: envoy, to: servers, port: AGENT.grpc, what: 'Envoy → servers, gRPC' },
      { from: [...part('seldon-modelgateway'), ...part('seldon-pipelinegateway'), ...part('seldon-controller-manager'), ...part('v2-controller-manager')], to: scheduler, port: SCHEDULER.api, what: 'gateways and operator → scheduler' },
      { from: part('seldon-dataflow-engine'), to: scheduler, port: SCHEDULER.dataflow, what: 'dataflow engine → scheduler' },
    ];
    const others = otherPolicies(view);
    const cut = needs.flatMap(({ from, to, port, what }) => from.flatMap((a) => to.flatMap((b) => {
      const why = blockedBy(view, a, b, port, 'TCP');
      return why === undefined ? [] : [{ a, b, what: `${what} ${port}`, why }];
    })));
    // One finding for each set of policies: they are what has to be changed.
    const groups = Map.groupBy(cut, ({ why }) => [why.side, ...why.policies.map(subjectOf)].join(' '));
    return [...groups.values()].map((all) => {
      const { side = 'ingress', policies = [] } = all[0]?.why ?? {};
      const ways = [...new Set(all.map(({ what }) => what))];
      return {
        subjects: [...new Set([...policies.map(subjectOf), ...all.flatMap(({ a, b }) => [subjectOf(a), subjectOf(b)])])],
        severity: others.length === 0 ? 'error' as const : 'warning' as const,
        summary: `${side} of ${policies.map(({ metadata }) => metadata.name).join(', ')} does not let through: ${ways.join('; ')}`,
        evidence: [
          ...policies.map((one) => view.seen(one, `spec.${side}`, (side === 'ingress' ? one.spec?.ingress : one.spec?.egress) ?? [])),
          ...all.slice(0, 4).map(({ a, b, what }) => view.derived(what, `${subjectOf(a)} → ${subjectOf(b)}`)),
          ...(others.length === 0 ? [] : [view.derived('other policies', `${others.join(', ')} are there and were not judged`, 'inferred')]),
        ],
      };
    });
  },
  bad: [server, seldonPod('seldon-scheduler', '10.42.0.10'), policy('deny', { podSelector: {}, policyTypes: ['Ingress'] }, 'seldon')],
  good: [
    server,
    seldonPod('seldon-scheduler', '10.42.0.10'),
    policy('own', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }] }] }, 'seldon'),
  ],
};
