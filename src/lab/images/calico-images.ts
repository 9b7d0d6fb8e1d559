/** The three images of Calico's manifests: node, CNI installer, controllers. */
import { DEFAULT_PATH } from './definition.ts';
import type { ImageDefinition, ImageEntry } from './definition.ts';
import { componentFile } from './component-files.ts';
import type { Components } from './component-files.ts';
import { iptablesEntries, programEntries } from './host-programs.ts';
import { BASE_ENTRIES, busyboxEntries } from './rootfs.ts';
import { FELIX_CFG, START_RUNIT } from './start-runit.ts';

export const CALICO_NODE = 'docker.io/calico/node:v3.31.0';
export const CALICO_CNI = 'docker.io/calico/cni:v3.31.0';
export const CALICO_KUBE_CONTROLLERS = 'docker.io/calico/kube-controllers:v3.31.0';

/**
 * calico-node with the programs that Felix calls (iptables, ipset, conntrack, nft) and those used to look at a
 * node from inside the pod. The shell is dash: busybox' shell would run its own applets instead of iproute2.
 */
export async function calicoNodeImage(components: Components): Promise<ImageDefinition> {
  const programs = await programEntries({
    '/usr/sbin/ipset': 'ipset',
    '/usr/sbin/conntrack': 'conntrack',
    '/usr/sbin/nft': 'nft',
    '/usr/sbin/ip': 'ip',
    '/usr/sbin/bridge': 'bridge',
    '/usr/sbin/tc': 'tc',
    '/bin/dash': 'dash',
  });
  return {
    reference: CALICO_NODE,
    entries: [
      ...BASE_ENTRIES,
      ...(await busyboxEntries({ shell: false })),
      ...programs,
      ...(await iptablesEntries()),
      componentFile(components, 'calico-node', CALICO_NODE, '/bin/calico-node'),
      { kind: 'symlink', path: '/usr/bin/calico-node', target: '/bin/calico-node' },
      { kind: 'symlink', path: '/bin/sh', target: 'dash' },
      { kind: 'symlink', path: '/usr/sbin/sysctl', target: '/bin/busybox' },
      { kind: 'symlink', path: '/usr/sbin/modprobe', target: '/bin/busybox' },
      { kind: 'text', path: '/usr/sbin/start_runit', text: START_RUNIT, mode: 0o755 },
      { kind: 'symlink', path: '/usr/local/bin/start_runit', target: '/usr/sbin/start_runit' },
      { kind: 'text', path: '/etc/calico/felix.cfg', text: FELIX_CFG, mode: 0o644 },
      // Mount points of the manifest's volumes.
      { kind: 'directory', path: '/lib/modules', mode: 0o755 },
      { kind: 'directory', path: '/var/lib/calico', mode: 0o755 },
      { kind: 'directory', path: '/var/log/calico', mode: 0o755 },
      { kind: 'directory', path: '/run/calico', mode: 0o755 },
    ],
    process: { env: [], cmd: ['start_runit'] },
  };
}

/** Plugins that upstream's image carries and this lab has; what is missing is left out, since no manifest of the lab names it. */
const PLUGINS = ['bandwidth', 'bridge', 'host-local', 'loopback', 'portmap', 'tuning'];

/** `install` and every plugin it copies to the node: all files beside it (cni-plugin/pkg/install/install.go). */
export function calicoCniImage(components: Components): ImageDefinition {
  const plugins = PLUGINS.filter((name) => components.has(name)).map((name): ImageEntry => componentFile(components, name, CALICO_CNI, `/opt/cni/bin/${name}`));
  return {
    reference: CALICO_CNI,
    entries: [
      ...BASE_ENTRIES,
      componentFile(components, 'calico-install', CALICO_CNI, '/opt/cni/bin/install'),
      componentFile(components, 'calico', CALICO_CNI, '/opt/cni/bin/calico'),
      // One program, two names (cni-plugin/cmd/calico). `install` needs regular files.
      { kind: 'hardlink', path: '/opt/cni/bin/calico-ipam', target: '/opt/cni/bin/calico' },
      ...plugins,
    ],
    process: { env: [DEFAULT_PATH.replace('PATH=', 'PATH=/opt/cni/bin:')], cmd: ['/opt/cni/bin/install'], workdir: '/opt/cni/bin' },
  };
}

/**
 * The controllers with the probes' check-status, behind upstream's wrapper where it was built. The wrapper starts
 * them anew when they ask for it (status 129: new configuration); without it the kubelet does, and counts a restart.
 */
export function calicoKubeControllersImage(components: Components): ImageDefinition {
  const image = CALICO_KUBE_CONTROLLERS;
  const wrapper = components.has('calico-wrapper') ? [componentFile(components, 'calico-wrapper', image, '/usr/bin/wrapper')] : [];
  return {
    reference: image,
    entries: [
      ...BASE_ENTRIES,
      componentFile(components, 'kube-controllers', image, '/usr/bin/kube-controllers'),
      componentFile(components, 'calico-check-status', image, '/usr/bin/check-status'),
      ...wrapper,
      // Written by the user below. Upstream's image gives them to that user; here layers belong to root, so by mode.
      { kind: 'directory', path: '/status', mode: 0o1777 },
      { kind: 'directory', path: '/profiles', mode: 0o1777 },
    ],
    process: { env: [], entrypoint: [...wrapper.map((entry) => entry.path), '/usr/bin/kube-controllers'], user: '999' },
  };
}
