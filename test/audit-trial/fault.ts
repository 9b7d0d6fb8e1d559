/** What a fault of the trial is: data. What is done to a living cluster, which rule is meant to find it, and what else must then be true. */
import type { KubeObject } from '../../src/cluster/objects.ts';

/** An object of the cluster. */
export interface Target { kind: string; name: string; namespace?: string }

/** One change to the cluster or to a host. Each says how it is taken back, or is such that it can be. */
export type Change =
  /** Creates objects; undone by deleting them. */
  | { apply: readonly KubeObject[] }
  /** Writes a status, as a controller does; gone with its object. */
  | { status: Target; to: object }
  /** A merge patch and the one that takes it back. */
  | { patch: Target; to: object; back: object }
  /** Replaces a text in one key of a ConfigMap; undone by the old text. */
  | { edit: Target; key: string; from: string; to: string }
  /** Lines for the shell of a node, and those that take them back. */
  | { on: string; run: string; undo: string }
  /** A fault that labs have by name (`fairlead lab fault`); undone by `lab fault clear`. */
  | { labFault: string; words: readonly string[] }
  /** Waits for an object, as `kubectl wait` does. */
  | { wait: Target; until: string };

/** Which of the trial's labs: both are of the profile k3s, with the demo applications. */
export type LabKind = 'flannel' | 'calico';

/**
 * A fault. Texts may hold `{agent-1}` (name of a node), `{agent-1.address}`, `{agent-1.podCidr}` and
 * `{agent-1.podPrefix}` (its first three numbers).
 */
export interface TrialFault {
  id: string;
  lab: LabKind;
  /** In words, for the table. */
  what: string;
  /** The rule that is meant to find it. */
  rule: string;
  /** One of the subjects that the finding must name. */
  subject: string;
  changes: readonly Change[];
  /** Other rules that find something true because of the same fault, each with the reason why it is true. */
  also?: Readonly<Record<string, string>>;
  /** One of the few that the ordinary tests run. */
  quick?: true;
}

/** Where placeholders lead. */
export interface NodeNames { name: string; address: string; podCidr: string }

/** A fault with the names and addresses of a lab's own nodes. Errors: one that names a placeholder which no node has. */
export function forLab(fault: TrialFault, nodes: Readonly<Record<string, NodeNames>>): TrialFault {
  const text = JSON.stringify(fault).replaceAll(/\{((?:server|agent)-\d+)(?:\.(address|podCidr|podPrefix))?\}/g, (whole, short: string, field?: string) => {
    const node = nodes[short];
    if (node === undefined) throw new Error(`fault ${fault.id}: the lab has no node for ${whole}`);
    if (field === 'address') return node.address;
    if (field === 'podCidr') return node.podCidr;
    return field === 'podPrefix' ? node.podCidr.split('.').slice(0, 3).join('.') : node.name;
  });
  return JSON.parse(text) as TrialFault;
}
