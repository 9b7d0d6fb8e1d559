/** Seldon Core v2 in a snapshot: its parts by their names and containers, and their ports (seldon-core k8s/yaml/components.yaml, scheduler/cmd/agent/cli/cli.go). */
import type { ContainerSpec, Pod } from '../cluster/snapshot/typed.ts';
import type { View } from './view.ts';

/** Ports of seldon-scheduler. */
export const SCHEDULER = { xds: 9002, api: 9004, apiTls: 9044, agent: 9005, agentTls: 9055, dataflow: 9008 } as const;
/** Ports of the agent's reverse proxy. */
export const AGENT = { http: 9001, grpc: 9501 } as const;

export interface SeldonServer { pod: Pod; agent: ContainerSpec; inference: ContainerSpec | undefined }

/** Pods of inference servers: those with a container `agent` of Seldon's image. */
export function seldonServers(view: View): SeldonServer[] {
  return view.pods.flatMap((pod) => {
    const containers = pod.spec?.containers ?? [];
    const agent = containers.find(({ name, image = '' }) => name === 'agent' && /seldon/.test(image));
    return agent === undefined ? [] : [{ pod, agent, inference: containers.find(({ name, image = '' }) => /mlserver|triton/.test(name) || /mlserver|tritonserver/.test(image)) }];
  });
}

/** Pods of one part, by the label that Seldon gives them or by name. */
export function seldonPart(view: View, name: string): Pod[] {
  return view.pods.filter(({ metadata, spec }) => metadata.labels?.['app.kubernetes.io/name'] === name || metadata.labels?.['control-plane'] === name || (metadata.name.startsWith(`${name}-`) && spec?.containers?.some(({ image = '' }) => /seldon/.test(image)) === true));
}

/** The value of a variable, as far as it is kept. */
export function envOf(container: ContainerSpec | undefined, name: string): { set: boolean; value: string | undefined } {
  const one = container?.env?.find((each) => each.name === name);
  return { set: one !== undefined, value: one?.value };
}
