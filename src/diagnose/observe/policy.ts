/** Observations of what policies say, by the policy engine. */
import type { KubeObject } from '../../cluster/objects.ts';
import { Asker, type Reply } from '../../policy/ask/question.ts';
import { reasonsOf } from '../../policy/ask/reasons.ts';
import { compile } from '../../policy/compile/engine.ts';
import type { Enforcer } from '../../policy/enforcers/enforcer.ts';
import { takeSnapshotObjects } from '../../policy/input/from-snapshot.ts';
import { Collector } from '../../policy/input/objects.ts';
import { readState } from '../../policy/state.ts';
import type { View } from '../../audit/view.ts';
import type { Fact } from '../fact.ts';
import { FairleadError } from '../../core/errors.ts';
import { clientNode, clientPod, fact, nameOf, unseen, type Observers, type Scene } from './scene.ts';

/** How the enforcers of a picture are called by the engine; of others the API's text is all that is known. */
const ENGINES: Readonly<Record<string, string>> = { 'kube-router': 'kube-router', calico: 'calico', cilium: 'cilium', none: 'none' };
/** Clients that are asked for one by one when nobody said who it was. */
const MOST_CLIENTS = 100;

const made = new WeakMap<View, { asker: Asker; enforcer: Enforcer } | { why: string }>();

/** Answers about the policies of a cluster, or why there are none. */
type Answering = { asker: Asker; enforcer: Enforcer } | { why: string };

export function askerOf(view: View): Answering {
  const known = made.get(view);
  if (known !== undefined) return known;
  const fresh = compiled(view);
  made.set(view, fresh);
  return fresh;
}

/** As it would be with these policies, in place of those of their names. */
export function askerWith(view: View, policies: readonly KubeObject[]): Answering {
  return compiled(view, policies);
}

function compiled(view: View, changed: readonly KubeObject[] = []): Answering {
  try {
    const collector = new Collector();
    takeSnapshotObjects(view.snapshot, view.snapshot.from[0] ?? 'the cluster', view.snapshot.source === 'live', collector);
    for (const object of changed) collector.object(object.apiVersion, object.kind, object.metadata.name, object.metadata.namespace, object, { file: 'the change', line: undefined, written: undefined });
    const { state } = readState(collector.finish(), ENGINES[view.picture.enforcer?.value ?? ''] ?? 'auto');
    const [engine] = compile([state]);
    return engine === undefined ? { why: 'nothing was compiled' } : { asker: new Asker(engine), enforcer: state.enforcer };
  } catch (error) {
    if (!(error instanceof FairleadError)) throw error;
    return { why: error.message };
  }
}

const say = (verdict: Reply['verdict']): string | undefined => (verdict === 'unknown' ? undefined : ({ allow: 'allows', deny: 'denies', depends: 'depends' } as const)[verdict]);

/** What the policies say of connections from `clients` to the other end; one word where all agree. */
function judged(scene: Scene, asker: Asker, clients: readonly string[], to: string, port: number): Fact {
  const replies = clients.map((from) => asker.ask({ from, to, protocol: scene.ends.protocol, port }));
  const verdicts = new Set(replies.map(({ verdict }) => verdict));
  const [first] = replies;
  if (first === undefined) return unseen('there is no pod that could be the client');
  const [only] = verdicts;
  if (verdicts.has('unknown')) return unseen(first.why.join(' ') || 'the policies cannot be asked', `fairlead policy ask --from ${clients[0] ?? 'POD'} --to ${to} --port ${port}`);
  const agreed = verdicts.size === 1 && only !== undefined ? say(only) ?? 'depends' : 'depends';
  // Somebody who is no pod may have asked.
  const word = agreed === 'denies' && scene.ends.from === undefined ? 'denies-pods' : agreed;
  const whom = clients.length === 1 ? clients[0] ?? '' : `${clients.length} pods`;
  const [example] = first.answers;
  const reasons = example === undefined ? first.why : reasonsOf(example, 'document');
  const says = word === 'depends' ? `whether ${whom} may reach ${to} port ${port} depends` : `policies ${word === 'allows' ? 'allow' : 'deny'} ${whom} to reach ${to} port ${port}`;
  return fact(word, says, ...reasons.slice(0, 3).map((excerpt) => ({ source: 'policies of the input', excerpt, level: 'derived' as const })));
}

const hasPolicies = (view: View): boolean => view.snapshot.entries.some(({ object: { kind } }) => kind.endsWith('NetworkPolicy'));

/** Who may have asked: the client; where it was merely inferred, or nobody is known, every pod. */
function clientsOf(scene: Scene): string[] {
  const pod = clientPod(scene);
  if (pod !== undefined && scene.ends.guessed !== true) return [nameOf(pod)];
  const node = scene.ends.guessed === true ? undefined : clientNode(scene);
  return node !== undefined ? [`node:${node}`] : scene.view.netPods.filter((one) => !scene.ends.pods.includes(one)).slice(0, MOST_CLIENTS).map(nameOf);
}

function policy(scene: Scene): Fact | undefined {
  const { view, ends } = scene;
  const { target, service, servicePort, pods, address, port } = ends;
  if (target === undefined || target === 'loopback' || target === 'own-pod' || target === 'name' || target === 'nothing' || port === undefined) return undefined;
  if (view.picture.enforcer?.value === 'none') return fact('allows', 'nobody enforces policies, so that none forbids it', { source: 'the cluster’s configuration', excerpt: view.picture.enforcer.evidence, level: 'derived' });
  if (!hasPolicies(view)) return view.snapshot.source === 'live' ? fact('allows', 'there are no policies') : unseen('no policies are in the input', 'kubectl get networkpolicies -A');
  const made_ = askerOf(view);
  if ('why' in made_) return unseen(made_.why);
  const [pod] = pods;
  const to = service !== undefined && servicePort !== undefined && pods.length > 0 ? `service:${nameOf(service)}` : pod !== undefined && target === 'pod' ? nameOf(pod) : target === 'node' ? `node:${ends.node?.metadata.name ?? ''}` : address;
  return to === undefined ? undefined : judged(scene, made_.asker, clientsOf(scene), to, port);
}

function dnsPolicy(scene: Scene): Fact | undefined {
  const pod = clientPod(scene);
  const { view } = scene;
  if (pod === undefined) return scene.ends.target === undefined && scene.symptom === undefined ? undefined : unseen('it is not known which pod asked', 'name the client: --from NAMESPACE/POD');
  if (view.picture.enforcer?.value === 'none') return fact('allows', 'nobody enforces policies');
  const made_ = askerOf(view);
  if ('why' in made_) return unseen(made_.why);
  const dns = view.picture.dns.service;
  if (dns === undefined) return unseen('the DNS Service is not in the input');
  const asked = { ...scene, ends: { ...scene.ends, protocol: 'UDP' as const } };
  return judged(asked, made_.asker, [nameOf(pod)], `service:${nameOf(dns)}`, 53);
}

/** Observations by id. */
export const POLICY: Observers = {
  policy,
  'dns-policy': dnsPolicy,
  'denied-how': ({ view }) => {
    const { enforcer } = view.picture;
    if (enforcer === undefined) return unseen('it was not recognised who enforces policies');
    const made_ = askerOf(view);
    if ('why' in made_) return unseen(made_.why);
    const { value, source } = made_.enforcer.denied;
    return enforcer.value === 'none' || enforcer.value === 'other' || value === 'undefined' ? unseen(`how ${enforcer.value} denies is not known`) : fact(value, `${enforcer.value} ${value === 'dropped' ? 'drops what it denies: the client waits' : 'rejects what it denies: the client reads "connection refused"'}`, { source, excerpt: value, level: 'inferred' });
  },
};
