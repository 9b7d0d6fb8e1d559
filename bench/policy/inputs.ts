/** Deterministic clusters of any size, in the three shapes that policy analysers find hard. */

/**
 * `tiers`: every workload has a label and an allow policy of its own, and each namespace of 20 a default
 * deny and a DNS rule. `classes`: three labels per namespace of 50, four policies there. `nopol`: one policy
 * in the whole cluster, so that nearly everything is allowed and printing dominates.
 */
export const FAMILIES = ['tiers', 'classes', 'nopol'] as const;
export type Family = (typeof FAMILIES)[number];

const TIERS = ['front', 'back', 'data'] as const;

function workload(namespace: string, name: string, labels: Readonly<Record<string, string>>): string {
  const map = (indent: string): string => Object.entries(labels).map(([key, value]) => `${indent}${key}: ${value}\n`).join('');
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
  replicas: 1
  selector:
    matchLabels:
${map('      ')}  template:
    metadata:
      labels:
${map('        ')}    spec:
      containers:
        - name: main
          image: registry.example/app:1
          ports:
            - name: http
              containerPort: 8080
              protocol: TCP
`;
}

function policy(namespace: string, name: string, spec: string): string {
  return `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: ${name}
  namespace: ${namespace}
spec:
${spec.replace(/^/gm, '  ').trimEnd()}
`;
}

const namespace = (name: string): string => `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n  labels:\n    team: ${name}\n`;
const denyAll = (name: string): string => policy(name, 'default-deny', 'podSelector: {}\npolicyTypes: [Ingress, Egress]\n');
const dns = (name: string): string => policy(name, 'allow-dns', `podSelector: {}
policyTypes: [Egress]
egress:
  - to:
      - namespaceSelector:
          matchLabels:
            kubernetes.io/metadata.name: kube-system
        podSelector:
          matchLabels:
            k8s-app: kube-dns
    ports:
      - {protocol: UDP, port: 53}
      - {protocol: TCP, port: 53}
`);

/** Workload i talks to workload i + 1 of its namespace on a port of its own. */
function tiers(workloads: number): string[] {
  const documents = [namespace('kube-system'), workload('kube-system', 'coredns', { 'k8s-app': 'kube-dns' })];
  for (let index = 0; index < workloads; index += 1) {
    const ns = `ns${Math.floor(index / 20)}`;
    if (index % 20 === 0) documents.push(namespace(ns), denyAll(ns), dns(ns));
    const last = Math.min(workloads, (Math.floor(index / 20) + 1) * 20) - 1;
    const to = index === last ? index - (index % 20) : index + 1;
    documents.push(workload(ns, `app${index}`, { app: `app${index}` }));
    documents.push(policy(ns, `app${index}`, `podSelector:
  matchLabels:
    app: app${index}
policyTypes: [Ingress, Egress]
ingress:
  - from:
      - podSelector:
          matchLabels:
            app: app${index === Math.floor(index / 20) * 20 ? last : index - 1}
    ports:
      - port: ${8000 + (index % 10)}
egress:
  - to:
      - podSelector:
          matchLabels:
            app: app${to}
    ports:
      - port: ${8000 + (to % 10)}
`));
  }
  return documents;
}

/** front → back → data, and the world → front. */
function classes(workloads: number): string[] {
  const documents: string[] = [];
  for (let index = 0; index < workloads; index += 1) {
    const ns = `ns${Math.floor(index / 50)}`;
    if (index % 50 === 0) {
      documents.push(namespace(ns), denyAll(ns));
      documents.push(policy(ns, 'front', 'podSelector: {matchLabels: {tier: front}}\npolicyTypes: [Ingress, Egress]\ningress:\n  - ports:\n      - port: 8080\negress:\n  - {}\n'));
      documents.push(policy(ns, 'back', 'podSelector: {matchLabels: {tier: back}}\npolicyTypes: [Ingress, Egress]\ningress:\n  - from:\n      - podSelector: {matchLabels: {tier: front}}\negress:\n  - to:\n      - namespaceSelector: {}\n        podSelector: {matchLabels: {tier: data}}\n'));
      documents.push(policy(ns, 'data', 'podSelector: {matchLabels: {tier: data}}\npolicyTypes: [Ingress, Egress]\ningress:\n  - from:\n      - namespaceSelector: {}\n        podSelector: {matchLabels: {tier: back}}\n    ports:\n      - port: 5432\n'));
    }
    documents.push(workload(ns, `app${index}`, { app: `app${index}`, tier: TIERS[index % 3] ?? 'front' }));
  }
  return documents;
}

function nopol(workloads: number): string[] {
  const documents = [namespace('ns0'), policy('ns0', 'only', 'podSelector: {matchLabels: {app: app0}}\ningress:\n  - from:\n      - podSelector: {}\n')];
  for (let index = 0; index < workloads; index += 1) {
    const ns = `ns${Math.floor(index / 50)}`;
    if (index % 50 === 0 && index > 0) documents.push(namespace(ns));
    documents.push(workload(ns, `app${index}`, { app: `app${index}` }));
  }
  return documents;
}

const MAKERS: Readonly<Record<Family, (workloads: number) => string[]>> = { tiers, classes, nopol };

/** The cluster as one YAML stream. */
export function clusterYaml(family: Family, workloads: number): string {
  return MAKERS[family](workloads).join('---\n');
}
