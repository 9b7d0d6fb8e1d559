import { describe, expect, it } from 'vitest';
import { bootstrapConfig } from './bring-up.ts';
import { agentNodeFlags, meshManifests } from './manifests.ts';

interface PodSpec {
  hostNetwork?: boolean;
  hostPID?: boolean;
  automountServiceAccountToken: boolean;
  securityContext: { runAsNonRoot: boolean; runAsUser: number; seccompProfile: { type: string } };
  containers: { securityContext: object; readinessProbe?: object; resources: { limits: object } }[];
  volumes: Record<string, unknown>[];
}
const objects = meshManifests({ bootstrap: bootstrapConfig('m'), key: new Uint8Array(32), nodes: 5 });
const named = (kind: string, name: string) => objects.find((object) => object.kind === kind && object.metadata.name === name) as unknown as { spec: { template: { spec: PodSpec }; policyTypes: string[]; ingress: { from?: unknown; ports: { port: number }[] }[] } };
const podSpec = (name: string): PodSpec => named('DaemonSet', name).spec.template.spec;

describe('meshManifests', () => {
  it.each(['fairlead-agent', 'fairlead-agent-host'])('asks for no privilege: %s', (name) => {
    const spec = podSpec(name);
    expect(spec.automountServiceAccountToken).toBe(false);
    expect(spec.hostPID).toBeUndefined();
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(spec.containers.map((container) => container.securityContext)).toEqual([{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }]);
    expect(spec.volumes.flatMap((volume) => Object.keys(volume)).filter((key) => key !== 'name')).toEqual(['configMap', 'secret', 'emptyDir']);
  });

  it('gives the host network to one of the two only, which serves nothing', () => {
    expect([podSpec('fairlead-agent').hostNetwork, podSpec('fairlead-agent-host').hostNetwork]).toEqual([undefined, true]);
    expect(podSpec('fairlead-agent-host').containers[0]?.readinessProbe).toBeUndefined();
  });

  it('closes the canary port and leaves the others open', () => {
    const { spec } = named('NetworkPolicy', 'fairlead-agent-canary');
    expect(spec.ingress[0]?.ports.map((port) => port.port)).toEqual([31_771, 31_772, 31_774]);
    expect(spec.ingress[0]?.from).toBeUndefined();
    expect(spec.policyTypes).toEqual(['Ingress']);
  });

  it('gives an agent memory by the number of nodes that it probes', () => {
    expect([1, 5, 6, 40].map((nodes) => agentNodeFlags('pod', nodes)[0])).toEqual(['--max-old-space-size=16', '--max-old-space-size=16', '--max-old-space-size=17', '--max-old-space-size=51']);
  });

  it('names every object only once, and the namespace first', () => {
    expect(objects[0]?.kind).toBe('Namespace');
    expect(new Set(objects.map((object) => `${object.kind}/${object.metadata.name}`)).size).toBe(objects.length);
  });
});
