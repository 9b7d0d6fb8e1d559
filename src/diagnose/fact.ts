/** Observations: what can be looked at to tell causes apart, what each may come to, and how much trouble it is. */
import type { Evidence } from '../core/evidence.ts';
import { SYMPTOM_KINDS } from './symptom/symptom.ts';

interface Observation {
  /** What is asked. */
  question: string;
  /** All that it may come to; `unknown` is no value. */
  values: readonly string[];
  /** One of `PRICES`. */
  cost: number;
}

/** Answers of a probe: what `connect` came to. */
const CONNECT = ['ok', 'refused', 'timeout', 'no-route', 'net-unreachable', 'reset'] as const;
/** How a pod is, worst reason first. */
const STATE = ['ready', 'not-ready', 'starting', 'crash-loop', 'oom-killed', 'image', 'config-error', 'pending', 'sandbox', 'completed', 'gone'] as const;

/** What an observation costs whoever makes it, from the cheapest to the dearest. */
export const PRICES: Readonly<Record<number, string>> = { 1: 'objects of the API', 2: 'facts of a host, or a rule of the audit', 3: 'a log that was handed over', 5: 'a connection that is tried', 6: 'logs of components, or counters', 7: 'a capture' };

export const OBSERVATIONS = {
  'symptom': { question: 'what was complained of', values: SYMPTOM_KINDS, cost: 1 },
  'target': { question: 'what is at the other end', values: ['loopback', 'own-pod', 'pod', 'service', 'api-server', 'dns', 'node', 'load-balancer', 'outside', 'nothing', 'name'], cost: 1 },
  'cni': { question: 'which CNI serves pods', values: ['flannel', 'calico', 'canal', 'cilium', 'other', 'several', 'none'], cost: 1 },
  'enforcer': { question: 'who enforces policies', values: ['kube-router', 'calico', 'cilium', 'other', 'none'], cost: 1 },
  'proxy': { question: 'how Services are implemented', values: ['iptables', 'ipvs', 'nftables', 'cilium', 'none'], cost: 1 },
  'placement': { question: 'whether both ends are on one node', values: ['same', 'different'], cost: 1 },
  'client-state': { question: 'how the pod is that opens the connection', values: STATE, cost: 1 },
  'target-state': { question: 'how the pods at the other end are', values: STATE, cost: 1 },
  'target-restarts': { question: 'whether containers at the other end were restarted', values: ['none', 'some', 'many'], cost: 1 },
  'endpoints': { question: 'whether the Service has ready endpoints', values: ['ready', 'none-selected', 'none-ready', 'none-in-input', 'no-selector'], cost: 1 },
  'service-port': { question: 'whether the Service has the port', values: ['there', 'missing', 'name-missing'], cost: 1 },
  'container-port': { question: 'whether a container declares the port', values: ['declared', 'not-declared'], cost: 1 },
  'name': { question: 'what the name stands for', values: ['service', 'other-namespace', 'no-such-service', 'no-such-namespace', 'not-in-input', 'outside'], cost: 1 },
  'policy': { question: 'what the policies say of the connection', values: ['allows', 'denies', 'denies-pods', 'depends'], cost: 1 },
  'denied-how': { question: 'how the enforcer denies', values: ['dropped', 'rejected'], cost: 1 },
  'dns-policy': { question: 'whether policies let the pod ask DNS', values: ['allows', 'denies', 'depends'], cost: 1 },
  'dns-servers': { question: 'how the DNS pods are', values: ['ready', 'none-ready', 'none'], cost: 1 },
  'nodes': { question: 'whether the nodes of both ends are ready', values: ['ready', 'not-ready'], cost: 1 },
  'listener': { question: 'who listens on the port at the other end', values: ['there', 'none', 'loopback-only', 'other-address'], cost: 2 },
  'target-namespace': { question: 'whether a network namespace on the node has the address', values: ['there', 'not-there'], cost: 2 },
  'route': { question: "where the client's node sends the packets", values: ['there', 'missing', 'unreachable', 'diverted'], cost: 2 },
  'pod-route': { question: 'whether the client pod has a default route', values: ['there', 'missing'], cost: 2 },
  'gateway-neighbour': { question: "whether the client pod has its gateway's MAC address", values: ['reachable', 'failed', 'none'], cost: 2 },
  'loopback': { question: 'whether lo is up in the pod', values: ['up', 'down'], cost: 2 },
  'conntrack': { question: 'how full connection tracking is', values: ['ok', 'full'], cost: 2 },
  'neighbour-table': { question: 'how full the neighbour table is', values: ['ok', 'full'], cost: 2 },
  'proxy-listens': { question: "whether kube-proxy's health port is open on the client's node", values: ['yes', 'no'], cost: 2 },
  'tunnel-entry': { question: "where the nodes of both ends send what is for each other's pods", values: ['right', 'wrong-node', 'wrong-mac', 'missing'], cost: 2 },
  'node-neighbour': { question: "whether the nodes of both ends have each other's cards under their addresses", values: ['own', 'other-card'], cost: 2 },
  'listener-later': { question: 'whether the log shows the listener starting after the refusal', values: ['yes', 'no'], cost: 3 },
  'connect-inside': { question: "connecting to the pod's own address from inside of it", values: CONNECT, cost: 5 },
  'connect-target-node': { question: 'connecting to the pod from its own node', values: CONNECT, cost: 5 },
  'connect-client-node': { question: "connecting to the pod from the client's node", values: CONNECT, cost: 5 },
  'connect-direct': { question: "connecting to the pod's address from the client pod, past the Service", values: CONNECT, cost: 5 },
  'connect-client': { question: 'the connection itself, once more, from the client pod', values: CONNECT, cost: 5 },
  'connect-nodes': { question: "connecting from the client's node to the kubelet of the target's node", values: CONNECT, cost: 5 },
  'connect-nodes-back': { question: "connecting from the target's node to the kubelet of the client's node", values: CONNECT, cost: 5 },
  'underlay-ping': { question: "whether the target's node answers pings of the client's node", values: ['ok', 'lost'], cost: 5 },
  'large-packets': { question: 'whether packets as large as the pod may send arrive', values: ['fits', 'lost', 'too-big'], cost: 5 },
  'name-answer': { question: 'what DNS says to the client pod of the name', values: ['answered', 'no-such-name', 'server-failure', 'refused', 'silent'], cost: 5 },
  'connect-dns': { question: 'connecting to DNS (TCP 53) from the client pod', values: CONNECT, cost: 5 },
  'tunnel': { question: 'whether what one node puts into the tunnel comes out of it on the other, in both directions', values: ['arrives', 'lost', 'dropped', 'no-port', 'not-taken', 'bad-checksum', 'unsent'], cost: 6 },
  'tunnel-port': { question: "whether datagrams that go straight from node to node reach the tunnel's port, in both directions", values: ['open', 'blocked', 'lost'], cost: 6 },
  'service-rules': { question: "whether the client's node has kube-proxy's rules for the Service, with its endpoints", values: ['there', 'missing', 'stale', 'mixed', 'none'], cost: 6 },
  'endpoint-rules': { question: 'whether Felix has rules for the devices of the pods at both ends', values: ['there', 'missing-client', 'missing-target'], cost: 6 },
  'filter-counter': { question: 'whether a rule that drops or rejects counts the probe', values: ['counts-drop', 'counts-reject', 'still'], cost: 6 },
  'filter-rule': { question: 'whose rule counts the probe', values: ['kube-router', 'kube-proxy', 'calico', 'cilium', 'other'], cost: 6 },
} as const satisfies Readonly<Record<string, Observation>>;

type NamedId = keyof typeof OBSERVATIONS;
/** `rule:FL-…`: what a rule of the audit says; `capture:ID`: whether a capture has a signature; `says:FAULT`: whether a log or event has a fault's own words. */
export type ObservationId = NamedId | `rule:${string}` | `capture:${string}` | `says:${string}`;

/** `here`: found at one of the ends, or on its node; `cluster`: found in what all share; `elsewhere`: found, and not on this path. */
const OF_RULE: Observation = { question: 'what the audit finds', values: ['here', 'cluster', 'elsewhere', 'pass'], cost: 2 };
const OF_CAPTURE: Observation = { question: 'what a capture shows', values: ['seen', 'absent'], cost: 7 };
const OF_LOG: Observation = { question: 'what logs and events say', values: ['said', 'silent'], cost: 6 };

/** What an id stands for. */
export function observationOf(id: ObservationId): Observation {
  const name = id.slice(id.indexOf(':') + 1);
  if (id.startsWith('rule:')) return { ...OF_RULE, question: `what the audit's rule ${name} finds` };
  if (id.startsWith('capture:')) return { ...OF_CAPTURE, question: `whether a capture shows ${name}` };
  return id.startsWith('says:') ? { ...OF_LOG, question: `whether logs or events have the words of ${name}` } : OBSERVATIONS[id as NamedId];
}

/** What an observation came to, or why it did not. `command`: how a person would look. */
export type Fact =
  | { value: string; says: string; evidence: readonly Evidence[]; /** It need not be so for the connection that failed: the client is a guess, or another pod of several may have been asked; or a rule found nothing in an input that lacks some of what it looks at. */ weak?: 'guessed-client' | 'one-of-several' | 'incomplete' }
  | { value: undefined; why: string; command?: string };

export type Facts = ReadonlyMap<ObservationId, Fact>;
