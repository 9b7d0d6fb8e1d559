/** FL-ML-008. */
import { pod } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { envOf, seldonServers } from '../../seldon.ts';
import { subjectOf } from '../../view.ts';

const example = (tag: string): Readonly<Record<string, unknown>> => pod('mlserver-0', { containers: [{ name: 'agent', image: `docker.io/seldonio/seldon-agent:${tag}`, env: [{ name: 'SELDON_SERVER_HOST', value: '127.0.0.1' }] }] });

export const serverHost: Rule = {
  id: 'FL-ML-008',
  title: "Seldon's agent 2.9.0 ignores SELDON_SERVER_HOST",
  severity: 'info',
  faults: ['S5'],
  looksAt: 'The variable in the container agent of image version 2.9.0.',
  why: 'Nothing breaks: the agent dials 0.0.0.0, which is this very pod on Linux, and its log says so. Changing the address does not help against `connection refused`; that is a server that is not up (FL-ML-004).',
  fix: [{ what: 'Leave it out, or use a newer agent.' }],
  refs: ['SeldonIO/seldon-core#6582', 'faults: popular beliefs 2'],
  check(view) {
    const servers = seldonServers(view);
    if (servers.length === 0) return { skip: "no server of Seldon's is in the snapshot" };
    return servers.filter(({ agent }) => /:v?2\.9\.0$/.test(agent.image ?? '') && envOf(agent, 'SELDON_SERVER_HOST').set).map(({ pod: one, agent }) => ({
      subjects: [subjectOf(one)],
      summary: `${one.metadata.name} sets SELDON_SERVER_HOST, which its agent does not read`,
      evidence: [
        view.seen(one, 'container agent, image', agent.image),
        view.seen(one, 'container agent, env SELDON_SERVER_HOST', envOf(agent, 'SELDON_SERVER_HOST').value ?? 'set'),
      ],
    }));
  },
  bad: [example('2.9.0')],
  good: [example('2.10.1')],
};
