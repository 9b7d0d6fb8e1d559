/** The images that are not Calico's: sandbox, DNS, Flannel, and our own. */
import { componentFile, componentPath } from './component-files.ts';
import type { Components } from './component-files.ts';
import type { ImageDefinition } from './definition.ts';
import { iptablesEntries, programEntries } from './host-programs.ts';
import { libraryClosure } from './library-closure.ts';
import { BASE_ENTRIES, NONROOT, busyboxEntries } from './rootfs.ts';

export const PAUSE = 'registry.k8s.io/pause:3.10';
export const COREDNS = 'docker.io/coredns/coredns:1.12.4';
export const FLANNEL = 'ghcr.io/flannel-io/flannel:v0.28.10';
export const FLANNEL_CNI_PLUGIN = 'ghcr.io/flannel-io/flannel-cni-plugin:v1.7.1-flannel1';
export const AGENT = 'ghcr.io/fairlead/agent:dev';
export const SHOP = 'ghcr.io/fairlead/shop:dev';
export const NODE = 'ghcr.io/fairlead/node:dev';

export function pauseImage(components: Components): ImageDefinition {
  return {
    reference: PAUSE,
    entries: [componentFile(components, 'pause', PAUSE, '/pause')],
    process: { env: [], entrypoint: ['/pause'], user: '65535:65535' },
  };
}

export function corednsImage(components: Components): ImageDefinition {
  return {
    reference: COREDNS,
    entries: [...BASE_ENTRIES, componentFile(components, 'coredns', COREDNS, '/coredns')],
    process: { env: [], entrypoint: ['/coredns'], workdir: '/' },
  };
}

/** flanneld with its libraries (it is built with cgo), the iptables it calls, and `cp` for the manifest's init container. */
export async function flannelImage(components: Components): Promise<ImageDefinition> {
  return {
    reference: FLANNEL,
    entries: [
      ...BASE_ENTRIES,
      ...(await busyboxEntries({ shell: false })),
      ...(await programEntries({ '/bin/dash': 'dash', '/usr/sbin/ip': 'ip' })),
      ...(await iptablesEntries()),
      ...(await libraryClosure([componentPath(components, 'flanneld', FLANNEL)])),
      componentFile(components, 'flanneld', FLANNEL, '/opt/bin/flanneld'),
      { kind: 'symlink', path: '/bin/sh', target: 'dash' },
    ],
    process: { env: [], entrypoint: ['/opt/bin/flanneld'] },
  };
}

/** The CNI plugin of type flannel at /flannel, from where the manifest's init container copies it. */
export async function flannelCniPluginImage(components: Components): Promise<ImageDefinition> {
  return {
    reference: FLANNEL_CNI_PLUGIN,
    entries: [...BASE_ENTRIES, ...(await busyboxEntries({ shell: true })), componentFile(components, 'flannel-cni', FLANNEL_CNI_PLUGIN, '/flannel')],
    process: { env: [], cmd: ['/bin/sh'] },
  };
}

/** The probe agent: one bundle and the Node that runs it, nothing else. */
export async function agentImage(extra: { agentBundle: string; nodeBinary: string }): Promise<ImageDefinition> {
  return {
    reference: AGENT,
    entries: [
      ...BASE_ENTRIES,
      ...(await libraryClosure([extra.nodeBinary])),
      { kind: 'file', path: '/usr/local/bin/node', source: extra.nodeBinary, mode: 0o755 },
      { kind: 'file', path: '/app/agent.mjs', source: extra.agentBundle, mode: 0o644 },
    ],
    process: { env: ['NODE_ENV=production'], entrypoint: ['/usr/local/bin/node', '/app/agent.mjs'], user: NONROOT, workdir: '/app' },
  };
}

/** The demo application; busybox is there for `kubectl exec`. */
export async function shopImage(components: Components): Promise<ImageDefinition> {
  return {
    reference: SHOP,
    entries: [...BASE_ENTRIES, ...(await busyboxEntries({ shell: true })), componentFile(components, 'shop', SHOP, '/shop')],
    process: { env: [], entrypoint: ['/shop'], user: NONROOT },
  };
}

/** What the pod that reaches a host needs: nsenter with its libraries. Whatever it runs is the host's own. */
export async function nodeImage(): Promise<ImageDefinition> {
  return {
    reference: NODE,
    entries: [...BASE_ENTRIES, ...(await programEntries({ '/usr/bin/nsenter': 'nsenter' }))],
    process: { env: [], entrypoint: ['/usr/bin/nsenter'] },
  };
}
