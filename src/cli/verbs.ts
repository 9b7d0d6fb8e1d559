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
];
