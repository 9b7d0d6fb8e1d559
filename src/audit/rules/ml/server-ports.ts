/** FL-ML-002. */
import { pod } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { envOf, seldonServers } from '../../seldon.ts';
import { subjectOf } from '../../view.ts';

/** Which port the agent dials and which the server opens: the variables, and their defaults (agent: cli.go; MLServer: settings.py). */
const PAIRS = [
  { what: 'gRPC', agent: 'SELDON_SERVER_GRPC_PORT', agentDefault: 9500, server: 'MLSERVER_GRPC_PORT', serverDefault: 8081 },
  { what: 'HTTP', agent: 'SELDON_SERVER_HTTP_PORT', agentDefault: 8080, server: 'MLSERVER_HTTP_PORT', serverDefault: 8080 },
] as const;

const example = (env: readonly object[]): Readonly<Record<string, unknown>> => pod('mlserver-0', { containers: [
  { name: 'agent', image: 'docker.io/seldonio/seldon-agent:2.9.0', env: [{ name: 'SELDON_SERVER_HTTP_PORT', value: '9000' }, { name: 'SELDON_SERVER_GRPC_PORT', value: '9500' }] },
  { name: 'mlserver', image: 'docker.io/seldonio/mlserver:1.7.0', env },
] });

export const serverPorts: Rule = {
  id: 'FL-ML-002',
  title: "Seldon's agent and the inference server disagree about a port",
  severity: 'error',
  faults: ['S2'],
  looksAt: 'SELDON_SERVER_GRPC_PORT and _HTTP_PORT of the agent against MLSERVER_GRPC_PORT and _HTTP_PORT of MLServer in the same pod, defaults included (agent 9500 and 8080, MLServer 8081 and 8080). Only where the pod sets one of them.',
  why: '`dial tcp 127.0.0.1:9500: connect: connection refused`, for ever and not for the first seconds only: nobody listens on that port in the pod. No CNI can block it, since it never leaves the pod.',
  fix: [
    { what: 'Set both to the same: Seldon deploys MLServer with 9000 and 9500.', command: 'MLSERVER_HTTP_PORT=9000  MLSERVER_GRPC_PORT=9500  SELDON_SERVER_HTTP_PORT=9000  SELDON_SERVER_GRPC_PORT=9500' },
  ],
  refs: ['seldon-core: k8s/yaml/components.yaml', 'seldon-core: scheduler/cmd/agent/cli/cli.go'],
  check(view) {
    const servers = seldonServers(view).filter(({ inference }) => /mlserver/.test(`${inference?.name ?? ''} ${inference?.image ?? ''}`));
    if (servers.length === 0) return { skip: "no MLServer of Seldon's is in the snapshot" };
    return servers.flatMap(({ pod: one, agent, inference }) => PAIRS.flatMap((pair) => {
      const [dials, opens] = [envOf(agent, pair.agent), envOf(inference, pair.server)];
      // Set from somewhere that is not kept: nothing is known.
      if ((dials.set && dials.value === undefined) || (opens.set && opens.value === undefined) || (!dials.set && !opens.set)) return [];
      const [a, b] = [Number(dials.value ?? pair.agentDefault), Number(opens.value ?? pair.serverDefault)];
      return a === b ? [] : [{
        subjects: [subjectOf(one)],
        summary: `in ${one.metadata.name} the agent dials ${a} for ${pair.what}, and MLServer opens ${b}`,
        evidence: [
          view.seen(one, `container agent, env ${pair.agent}`, dials.value ?? `not set, so ${pair.agentDefault}`),
          view.seen(one, `container ${inference?.name ?? ''}, env ${pair.server}`, opens.value ?? `not set, so ${pair.serverDefault}`),
        ],
      }];
    }));
  },
  bad: [example([{ name: 'MLSERVER_HTTP_PORT', value: '9000' }])],
  good: [example([{ name: 'MLSERVER_HTTP_PORT', value: '9000' }, { name: 'MLSERVER_GRPC_PORT', value: '9500' }])],
};
