/** Policies that deny what is meant to be allowed: the least rule that allows it. What the policy engine does not see to help is not proposed. Pure. */
import { isolating } from '../../audit/policies.ts';
import { targetOf } from '../../audit/service-ports.ts';
import type { View } from '../../audit/view.ts';
import { refOf, type KubeObject } from '../../cluster/objects.ts';
import type { NetworkPolicy, Pod } from '../../cluster/snapshot/typed.ts';
import type { Asker } from '../../policy/ask/question.ts';
import { peerOf } from '../../policy/generate/generate.ts';
import { selectables, type Selectable } from '../../policy/generate/workloads.ts';
import { askerOf, askerWith } from '../observe/policy.ts';
import { clientPod, nameOf, type Scene } from '../observe/scene.ts';
import { cannot, editSpec, make, type Aim, type Cannot, type Mender, type Remedy } from './mender.ts';

type Direction = 'egress' | 'ingress';
const TYPE = { egress: 'Egress', ingress: 'Ingress' } as const;
const KEY = { egress: 'to', ingress: 'from' } as const;
interface Port { protocol: string; port: number }
interface Question { from: string; to: string; protocol: 'TCP' | 'UDP'; port: number }

/** The workload of a pod as labels name it, and nothing else of its namespace. */
function groupOf(asker: Asker, pod: Pod): Selectable | Cannot {
  const group = selectables(asker.engine.state.world).find(({ pods }) => pods.some(({ id }) => id === nameOf(pod)));
  return group === undefined || Object.keys(group.labels).length === 0 ? cannot(`no label names Pod ${nameOf(pod)} and its like alone`) : group;
}

const named = ({ names }: Selectable): string => (names[0] ?? '').replace(/^[^/]*\//, '').replace(/\[\w+\]$/, '');

/** A policy that only adds: all pods that it selects must be isolated in its direction already, else it would close them for everything else. */
function adding(view: View, name: string, own: Selectable, direction: Direction, rule: object): KubeObject | Cannot {
  const open = view.podsOf(own.namespace, { matchLabels: { ...own.labels } }).find((pod) => pod.spec?.hostNetwork !== true && isolating(view, pod, direction).length === 0);
  if (open !== undefined) return cannot(`a rule for ${named(own)} would be the first that selects Pod ${nameOf(open)} for ${direction}, and would close it for everything else`);
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: name.slice(0, 250), namespace: own.namespace }, spec: { podSelector: { matchLabels: { ...own.labels } }, policyTypes: [TYPE[direction]], [direction]: [rule] } };
}

/** Why it would not help, as the engine answers with the changed policies; undefined where everything asked is allowed. */
function unhelpful(view: View, policies: readonly KubeObject[], questions: readonly Question[]): Cannot | undefined {
  const after = askerWith(view, policies);
  if ('why' in after) return cannot(after.why);
  const still = questions.find((one) => after.asker.ask(one).verdict !== 'allow');
  return still === undefined ? undefined : cannot(`with the rule ${still.from} would still not be allowed to reach ${still.to} port ${still.port}/${still.protocol}: other policies deny it, or it depends`);
}

/** Both protocols to the DNS pods, on the port where they listen. */
function dnsRule(view: View, own: Pick<Selectable, 'namespace'>): { rule: object; questions: Omit<Question, 'from'>[] } | Cannot {
  const { service } = view.picture.dns;
  const [server] = service === undefined ? [] : view.backends(service);
  const port = service?.spec?.ports?.find((one) => one.port === 53 && one.protocol === 'UDP');
  const at = port === undefined || server === undefined ? undefined : targetOf(port, server);
  if (service === undefined || at === undefined) return cannot('the DNS Service, or its pods, were not found');
  const peer = peerOf({ names: [], namespace: service.metadata.namespace ?? 'kube-system', labels: service.spec?.selector ?? {}, pods: [] }, own);
  return { rule: { to: [peer], ports: [{ protocol: 'UDP', port: at }, { protocol: 'TCP', port: at }] }, questions: (['UDP', 'TCP'] as const).map((protocol) => ({ to: `service:${nameOf(service)}`, protocol, port: 53 })) };
}

function allowDns(scene: Scene): Remedy | Cannot {
  const pod = clientPod(scene);
  const { view } = scene;
  if (pod === undefined) return cannot('it is not known which pod asks: name it by --from NAMESPACE/POD');
  const [mine, before] = [isolating(view, pod, 'egress'), askerOf(view)];
  if ('why' in before) return cannot(before.why);
  if (mine.length === 0) return cannot(`no NetworkPolicy of Kubernetes isolates Pod ${nameOf(pod)} for egress: policies of another API deny it`);
  const wanted = dnsRule(view, { namespace: pod.metadata.namespace ?? 'default' });
  if ('cannot' in wanted) return wanted;
  const { rule } = wanted;
  const made = dnsPolicy(view, before.asker, pod, mine, rule);
  if ('cannot' in made) return made;
  return unhelpful(view, [made.after], wanted.questions.map((one) => ({ ...one, from: nameOf(pod) }))) ?? { what: made.what, why: [`${mine.map(({ metadata }) => metadata.name).join(', ')} isolate${mine.length === 1 ? 's' : ''} Pod ${nameOf(pod)} for egress, and no rule lets it ask DNS`, 'with the rule the policy engine finds both protocols allowed'], aims: [made.aim] };
}

/** The rule goes into the one policy that lets its pods send and forgot it; where none or several do, into one of its own. */
function dnsPolicy(view: View, asker: Asker, pod: Pod, mine: readonly NetworkPolicy[], rule: object): { what: string; after: KubeObject; aim: Aim } | Cannot {
  const sending = mine.filter(({ spec }) => (spec?.egress ?? []).length > 0);
  const [policy] = sending;
  if (policy !== undefined && sending.length === 1) {
    const seen = policy.spec?.egress ?? [];
    const aim = editSpec(refOf(policy), (spec) => {
      const living = (spec['egress'] ?? []) as readonly object[];
      return living.length === seen.length ? { egress: [...living, rule] } : cannot(`NetworkPolicy ${nameOf(policy)} was changed meanwhile`);
    });
    return { what: `NetworkPolicy ${nameOf(policy)} lets its pods ask DNS, too`, after: { ...policy, spec: { ...policy.spec, egress: [...seen, rule] } }, aim };
  }
  const own = groupOf(asker, pod);
  if ('cannot' in own) return own;
  const after = adding(view, `allow-dns-${named(own)}`, own, 'egress', rule);
  return 'cannot' in after ? (after as Cannot) : { what: `a NetworkPolicy of its own lets ${own.names.join(', ')} ask DNS`, after, aim: make(after) };
}

/** The sides of the connection that deny it, and what both ends are. */
function deniedSides(asker: Asker, from: Pod, pods: readonly Pod[], port: Port): Direction[] | Cannot {
  const answers = pods.flatMap((pod) => asker.ask({ from: nameOf(from), to: nameOf(pod), protocol: port.protocol as 'TCP', port: port.port }).answers);
  if (answers.some(({ egress, ingress }) => egress === undefined || ingress === undefined)) return cannot('what the policies say of it cannot be told');
  return (['egress', 'ingress'] as const).filter((side) => answers.some((one) => one[side]?.answer === 'deny'));
}

function allowPath(scene: Scene): Remedy | Cannot {
  const from = clientPod(scene);
  const { view, ends: { pods, ports, protocol } } = scene;
  const [target] = pods;
  const before = askerOf(view);
  if (from === undefined) return cannot('the client is no pod that was named: --from NAMESPACE/POD');
  if ('why' in before) return cannot(before.why);
  const [port, ...more] = [...new Set(pods.map((pod) => ports.get(pod)))];
  if (target === undefined || port === undefined || more.length > 0 || pods.some(({ spec }) => spec?.hostNetwork === true)) return cannot('the other end is no pod, or its pods have different ports');
  const [client, server] = [groupOf(before.asker, from), groupOf(before.asker, target)];
  if ('cannot' in client) return client;
  if ('cannot' in server) return server;
  if (pods.some((pod) => !server.pods.some(({ id }) => id === nameOf(pod)))) return cannot('the pods at the other end are of several workloads');
  const sides = deniedSides(before.asker, from, pods, { protocol, port });
  if ('cannot' in sides) return sides;
  if (sides.length === 0) return cannot('of the pods themselves neither side denies it');
  const policies = sides.map((side) => {
    const [own, other] = side === 'egress' ? [client, server] : [server, client];
    return adding(view, side === 'egress' ? `allow-${named(client)}-to-${named(server)}` : `allow-${named(server)}-from-${named(client)}`, own, side, { [KEY[side]]: [peerOf(other, own)], ports: [{ protocol, port }] });
  });
  const bad = policies.find((one) => 'cannot' in one);
  if (bad !== undefined) return bad as Cannot;
  const objects = policies as KubeObject[];
  return unhelpful(view, objects, pods.map((pod) => ({ from: nameOf(from), to: nameOf(pod), protocol, port }))) ?? {
    what: `${client.names.join(', ')} may reach ${server.names.join(', ')} on port ${port}/${protocol}`,
    why: [`${sides.join(' and ')} is denied, and with ${objects.length === 1 ? 'this rule' : 'these rules'} the policy engine finds it allowed`, 'the pods that are selected are isolated already, so that nothing else opens or closes', 'whether it was meant to be denied, only you know'],
    aims: objects.map(make),
  };
}

export const POLICY_MENDERS: readonly Mender[] = [
  { faults: ['P3'], does: 'Adds the rule for DNS (UDP and TCP, to the DNS pods alone) to the one policy that lets the pod send something; where there is none or several, makes a policy of its own for the pod\'s workload. Only where the policy engine finds lookups allowed with it.', find: allowDns },
  { faults: ['P10', 'P2'], does: "Makes a policy that lets the client's workload reach the target's workload on this port, on the sides that deny it. Only where all pods that it selects are isolated already, so that it closes nothing, and where the policy engine finds the connection allowed with it. Whether the connection is meant to be denied, only you know.", find: allowPath },
];
