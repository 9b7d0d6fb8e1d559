/** FL-ML-001. */
import { pod } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { envOf, SCHEDULER, seldonServers } from '../../seldon.ts';
import { subjectOf } from '../../view.ts';

const agent = (port: string): Readonly<Record<string, unknown>> => ({ name: 'agent', image: 'docker.io/seldonio/seldon-agent:2.9.0', env: [{ name: 'SELDON_SCHEDULER_PORT', value: port }] });

export const agentPort: Rule = {
  id: 'FL-ML-001',
  title: "Seldon's agent dials the scheduler's API instead of the port for agents",
  severity: 'error',
  faults: ['S1'],
  looksAt: 'SELDON_SCHEDULER_PORT of the container agent: 9005, or SELDON_SCHEDULER_TLS_PORT 9055. 9004 and 9044 are for the operator and the gateways.',
  why: '`dial tcp …:9004: i/o timeout`, or an error of the protocol: the server never registers, and models stay unscheduled. The network is fine.',
  fix: [{ what: 'Take the variable away (its default is 9005), or set it.', command: 'kubectl -n NAMESPACE edit serverconfig mlserver   # SELDON_SCHEDULER_PORT: "9005"' }],
  refs: ['seldon-core: scheduler/cmd/agent/cli/cli.go', 'seldon-core: k8s/yaml/components.yaml'],
  check(view) {
    const servers = seldonServers(view);
    if (servers.length === 0) return { skip: "no server of Seldon's is in the snapshot" };
    return servers.flatMap(({ pod: one, agent: container }) => [['SELDON_SCHEDULER_PORT', SCHEDULER.agent], ['SELDON_SCHEDULER_TLS_PORT', SCHEDULER.agentTls]].flatMap(([name, right]) => {
      const { value } = envOf(container, String(name));
      return value === undefined || Number(value) === right ? [] : [{
        subjects: [subjectOf(one)],
        summary: `the agent of ${one.metadata.name} dials port ${value}${Number(value) === SCHEDULER.api || Number(value) === SCHEDULER.apiTls ? ", the scheduler's API for others" : ''}; agents belong on ${right}`,
        evidence: [view.seen(one, `container agent, env ${String(name)}`, value)],
      }];
    }));
  },
  bad: [pod('mlserver-0', { containers: [agent('9004')] })],
  good: [pod('mlserver-0', { containers: [agent('9005')] })],
};
