/** Known faults of policies, in the lab that enforces them, and of DNS. */
import { clusterObject, policy, TRIAL } from '../../audit-trial/objects.ts';
import type { Change } from '../../audit-trial/fault.ts';
import type { Case } from '../case.ts';
import type { Tongue } from '../client.ts';
import type { Draw } from '../draw.ts';
import { asks, asksApi, ofAudit, SERVER_PORT } from '../parts.ts';
import { network } from './overlay.ts';

const app = (name: string): object => ({ matchLabels: { app: name } });
const namespace = (name: string): object => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } });
const dns = { to: [{ ...namespace('kube-system'), podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }], ports: [{ protocol: 'UDP', port: 53 }, { protocol: 'TCP', port: 53 }] };
const tcp = (port: number | string): object => ({ protocol: 'TCP', port });
const applied = (name: string, spec: object): Change => ({ apply: [policy(name, { ...spec }, TRIAL)] });
/** By name. Where nobody answers, fetch of Node.js gives up before the lookup does, and names nothing but the connection. */
export const byName = (at: Draw, tongues: readonly Tongue[] = ['go']): ReturnType<typeof asks> => asks(at, `http://${at.api.api.name}/`, [], { tongues });
const known = (id: string, what: string, right: readonly string[], change: (at: Draw) => Change): Case => ({ id, set: 'known', lab: 'calico', what, truth: network(...right), make: (at) => ({ changes: [change(at)], asks: [asksApi(at)] }) });

/** What the compound cases take, too. */
export const closes = (at: Draw): Change => applied('closed', { podSelector: app(at.api.api.name), policyTypes: ['Ingress'] });
export const forgetsDns = (at: Draw): Change => applied('caller', { podSelector: app(at.caller.caller.name), policyTypes: ['Egress'], egress: [{ to: [{ podSelector: app(at.api.api.name) }], ports: [tcp(SERVER_PORT)] }] });

const scale = (to: number, back: number): Change => ({ patch: { kind: 'deployment', name: 'coredns', namespace: 'kube-system' }, to: { spec: { replicas: to } }, back: { spec: { replicas: back } } });
const dnsReady: Change = { wait: { kind: 'deployment', name: 'coredns', namespace: 'kube-system' }, until: 'condition=Available' };
/** CoreDNS reads its Corefile when it starts. The undo goes backwards: none, the old text, one. */
const corefile = (from: string, to: string): Change[] => [scale(0, 1), { edit: { kind: 'configmap', name: 'coredns', namespace: 'kube-system' }, key: 'Corefile', from, to }, scale(1, 0)];

export const POLICIES: readonly Case[] = [
  { ...known('ingress-closed', 'a policy closes the server', ['P10'], closes), quick: true },
  known('ingress-of-others', 'the server is open to others alone', ['P10'], (at) => applied('clients', { podSelector: app(at.api.api.name), policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: app(`caller-of-${at.one('team', ['billing', 'search', 'stock'])}`) }] }] })),
  known('ingress-other-port', 'the server is open on another port', ['P10'], (at) => applied('ports', { podSelector: app(at.api.api.name), policyTypes: ['Ingress'], ingress: [{ ports: [tcp(at.number('port', 8081, 8999))] }] })),
  known('ingress-of-namespace', 'the namespace selector names the wrong namespace', ['P10', 'P5'], (at) => applied('team', { podSelector: app(at.api.api.name), policyTypes: ['Ingress'], ingress: [{ from: [{ ...namespace(at.one('namespace', ['shop', 'batch', 'intruder'])), podSelector: app(at.caller.caller.name) }] }] })),
  known('egress-closed', 'a policy lets the caller ask for names alone', ['P10'], (at) => applied('caller', { podSelector: app(at.caller.caller.name), policyTypes: ['Egress'], egress: [dns] })),
  known('egress-to-services', 'egress to the range of Services, where pods are meant', ['P6', 'P10'], (at) => applied('caller', { podSelector: app(at.caller.caller.name), policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '10.43.0.0/16' } }] }, dns] })),
  known('global-policy', 'a GlobalNetworkPolicy of Calico\'s denies', ['P10'], (at) => ({ apply: [clusterObject('crd.projectcalico.org/v1', 'GlobalNetworkPolicy', 'default.trial', { spec: { order: at.number('order', 1, 900), selector: `app == '${at.api.api.name}'`, types: ['Ingress'], ingress: [{ action: 'Deny', protocol: 'TCP', destination: { ports: [SERVER_PORT] } }, { action: 'Allow' }] } })] })),
  { id: 'policy-forgets-dns', set: 'known', lab: 'calico', what: 'policy that forgets DNS: the caller may send to the server, and not ask for its name', truth: network('P3'), make: (at) => ({ changes: [forgetsDns(at)], asks: [byName(at)] }) },
  { id: 'no-dns-pods', set: 'known', lab: 'flannel', what: 'CoreDNS is scaled to 0', truth: { ...network('D3'), also: { K1: 'no pod is behind the Service of the DNS' } }, make: (at) => ({ changes: ofAudit('no-dns-pods', {}), asks: [byName(at, ['node', 'go'])] }) },
  { id: 'dns-not-ready', set: 'known', lab: 'calico', what: 'the DNS pod is asked for its readiness at a port that it does not have', truth: { ...network('D3'), also: { K1: 'no ready pod is behind the Service of the DNS' } }, make: (at) => ({ changes: ofAudit('dns-not-ready', {}), asks: [byName(at, ['node', 'go'])] }) },
  { id: 'dns-to-itself', set: 'known', lab: 'flannel', what: 'CoreDNS forwards to its own Service', truth: { ...network('D3'), also: { K1: 'no ready pod is behind the Service of the DNS' } }, make: (at) => ({ changes: corefile('forward . /etc/resolv.conf', 'loop\n    forward . 10.43.0.10'), asks: [byName(at, ['node', 'go'])] }) },
  {
    id: 'dns-without-upstream', set: 'known', lab: 'flannel', what: 'CoreDNS without upstream: it forwards to an address that does not answer', truth: network('D5'),
    make: (at) => ({ changes: [...corefile('forward . /etc/resolv.conf', `forward . 192.0.2.${at.number('upstream 192.0.2.', 1, 254)}`), dnsReady], asks: [asks(at, `http://${at.one('name', ['api.example.com', 'registry.example.org', 'models.example.net'])}/`, [], { tongues: ['go'] })] }),
  },
];
