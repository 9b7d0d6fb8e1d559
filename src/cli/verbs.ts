/** The list of verbs: a name and one line each, so that `--help` loads none of their files. A verb joins by one entry here. */
import type { VerbEntry } from './verb.ts';

export const VERBS: readonly VerbEntry[] = [
  {
    name: 'doctor',
    summary: 'check what this machine has for the lab, and install what is missing',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'lab',
    summary: 'a real cluster in network namespaces, to rehearse on',
    load: async () => (await import('./lab.ts')).lab,
  },
  {
    name: 'snapshot',
    summary: "a cluster's network in one portable file without secrets",
    load: async () => (await import('./snapshot.ts')).snapshot,
  },
  {
    name: 'audit',
    summary: "what is wrong with a cluster's network, with evidence and remedy",
    load: async () => (await import('./audit.ts')).audit,
  },
  {
    name: 'capture',
    summary: 'what a packet capture says about the network, offline',
    load: async () => (await import('./capture.ts')).capture,
  },
  {
    name: 'diagnose',
    summary: 'why a connection does not work, and whether it is the network',
    load: async () => (await import('./diagnose.ts')).diagnose,
  },
  {
    name: 'plan',
    summary: 'show every step of a migration before anything happens',
    load: async () => (await import('./plan.ts')).plan,
  },
  {
    name: 'migrate',
    summary: 'move a running cluster to another CNI, node by node, gated on measured traffic',
    load: async () => (await import('./migrate.ts')).migrate,
  },
  {
    name: 'leftovers',
    summary: 'what the former CNI left on the nodes',
    load: async () => (await import('./leftovers.ts')).leftovers,
  },
  {
    name: 'probe',
    summary: 'measure what a cluster loses as it is',
    load: async () => (await import('./probe.ts')).probe,
  },
  {
    name: 'rbac',
    summary: 'print the permissions that a verb needs',
    load: async () => (await import('./rbac.ts')).rbac,
  },
  {
    name: 'policy',
    summary: 'what may talk to what, why, and what a change would break',
    load: async () => (await import('./policy.ts')).policy,
  },
  {
    name: 'demo',
    summary: 'migrate a cluster of its own from Flannel to Calico and show what was lost',
    load: async () => (await import('./demo.ts')).demo,
  },
];
