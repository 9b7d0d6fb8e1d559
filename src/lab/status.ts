/** `lab status`: which labs there are and whether their nodes live. */
import { Cluster } from '../cluster/client.ts';
import { isReady, type NodeObject } from '../cluster/objects.ts';
import { FairleadError, UsageError } from '../core/errors.ts';
import { nodeProcess } from './nodes/shell.ts';
import { labPaths } from './paths.ts';
import { readState, type LabState } from './state.ts';

export interface NodeStatus {
  name: string;
  role: string;
  address: string;
  running: boolean;
  /** undefined: the API server could not be asked. */
  ready: boolean | undefined;
}

export interface LabStatus {
  name: string;
  state: LabState | undefined;
  nodes: NodeStatus[];
  /** Why something is not known. */
  remarks: string[];
  healthy: boolean;
}

async function readyNodes(lab: string): Promise<Map<string, boolean>> {
  const cluster = await Cluster.connect({ kubeconfig: labPaths(lab).kubeconfig });
  try {
    const nodes = await cluster.list<NodeObject>({ apiVersion: 'v1', kind: 'Node' });
    return new Map(nodes.map((node) => [node.metadata.name, isReady(node)]));
  } finally {
    cluster.close();
  }
}

/** Looks at one lab. A record that cannot be read is a remark, not an error: `down` still works. Errors: UsageError when there is no such lab. */
export async function labStatus(name: string): Promise<LabStatus> {
  const remarks: string[] = [];
  let state: LabState | undefined;
  let ready = new Map<string, boolean>();
  try {
    state = readState(name);
    ready = await readyNodes(name);
  } catch (error) {
    if (!(error instanceof FairleadError) || error instanceof UsageError) throw error;
    remarks.push(error.message);
  }
  const nodes = (state?.nodes ?? []).map((node) => ({ ...node, running: nodeProcess(name, node.name) !== undefined, ready: ready.get(node.name) }));
  return { name, state, nodes, remarks, healthy: state?.phase === 'up' && nodes.every((node) => node.running && node.ready === true) };
}

/** The labs as a table. */
export function renderStatus(labs: readonly LabStatus[]): string {
  if (labs.length === 0) return 'no labs on this machine; `fairlead lab up` starts one\n';
  return labs.map((lab) => {
    const about = lab.state === undefined ? 'unreadable' : `${lab.state.profile}${lab.state.k3s === undefined ? '' : ` ${lab.state.k3s.version}`}, ${lab.state.cni === 'flannel' ? `flannel ${lab.state.flannelBackend}` : lab.state.cni}, pods ${lab.state.clusterCidr}, ${lab.state.phase}`;
    const word = (node: NodeStatus): string => (!node.running ? 'not running' : node.ready === undefined ? 'running, readiness unknown' : node.ready ? 'Ready' : 'NotReady');
    const width = Math.max(0, ...lab.nodes.map((node) => node.name.length));
    const nodes = lab.nodes.map((node) => `  ${node.name.padEnd(width)}  ${node.role.padEnd(6)}  ${node.address.padEnd(15)}  ${word(node)}\n`);
    return `${lab.name}: ${about}\n${nodes.join('')}${lab.remarks.map((remark) => `  ${remark}\n`).join('')}`;
  }).join('\n');
}
