/** The lab's own network: a switch in a namespace with no way out, the nodes' cables to it, and `outside`. */
import { output, runProcess } from '../../core/process.ts';
import { namespaceName } from '../paths.ts';

/** Underlay prefix; each lab lives in namespaces of its own, so all labs use the same one. */
export const UNDERLAY = '192.168.77';
export const OUTSIDE_ADDRESS = `${UNDERLAY}.1`;
/** An address "in the Internet" (RFC 5737, TEST-NET-3) that only `outside` has. */
export const INTERNET_ADDRESS = '203.0.113.10';

/** Underlay address of the lab's n-th node, counted from 0. */
export function nodeAddress(index: number): string {
  return `${UNDERLAY}.${11 + index}`;
}

async function ip(namespace: string, commands: string[]): Promise<void> {
  await output(['ip', '-netns', namespace, '-batch', '-'], { stdin: commands.join('\n') });
}

async function sysctl(namespace: string, settings: Record<string, string>): Promise<void> {
  await output(['ip', 'netns', 'exec', namespace, 'sysctl', '-q', '-w', ...Object.entries(settings).map(([key, value]) => `${key}=${value}`)]);
}

async function addNamespace(name: string): Promise<void> {
  await output(['ip', 'netns', 'add', name]);
  await ip(name, ['link set lo up']);
}

/** Makes the switch and `outside`, which plays clients and the Internet and drops whatever was meant for pods or Services but had no route. */
export async function makeUnderlay(lab: string, unroutable: string[]): Promise<void> {
  const net = namespaceName(lab, 'net');
  await addNamespace(net);
  await ip(net, ['link add br0 type bridge', 'link set br0 up']);
  await plug(lab, 'outside', OUTSIDE_ADDRESS);
  await ip(namespaceName(lab, 'outside'), [
    `address add ${INTERNET_ADDRESS}/32 dev lo`,
    ...unroutable.map((prefix) => `route add blackhole ${prefix}`),
  ]);
}

/** Makes a member's network namespace and its cable to the switch. */
export async function plug(lab: string, member: string, address: string): Promise<void> {
  const name = namespaceName(lab, member);
  const net = namespaceName(lab, 'net');
  const port = `p${address.split('.')[3]}`;
  // At a reboot the old cable's end may still be there: the kernel takes a deleted namespace apart when it finds time.
  await runProcess(['ip', '-netns', net, 'link', 'delete', port]);
  await addNamespace(name);
  await ip(name, [`link add eth0 type veth peer name ${port} netns ${net}`, `address add ${address}/24 dev eth0`, 'link set eth0 up']);
  await ip(net, [`link set ${port} master br0 up`]);
  if (member === 'outside') return;
  await ip(name, [`route add default via ${OUTSIDE_ADDRESS}`]);
  await sysctl(name, { 'net.ipv4.ip_forward': '1', 'net.ipv4.conf.all.rp_filter': '0', 'net.ipv4.conf.default.rp_filter': '0' });
  // Only where the bridge filter is loaded; the requirement check names it otherwise.
  await runProcess(['ip', 'netns', 'exec', name, 'sysctl', '-q', '-w', 'net.bridge.bridge-nf-call-iptables=1']);
}

/** Whether a network namespace belongs to a lab. A prefix would not do: lab `a` must keep its hands off lab `a-b`. */
export function isLabNamespace(name: string, lab: string): boolean {
  const start = namespaceName(lab, '');
  return name.startsWith(start) && new RegExp(`^(net|outside|${lab}-(server|agent)-\\d+)$`).test(name.slice(start.length));
}

/** Names of the network namespaces that belong to a lab. */
export async function labNamespaces(lab: string): Promise<string[]> {
  const names = (await output(['ip', 'netns', 'list'])).split('\n').map((line) => line.split(' ')[0] ?? '');
  return names.filter((name) => isLabNamespace(name, lab));
}

export async function removeNamespace(name: string): Promise<void> {
  await output(['ip', 'netns', 'delete', name]);
}
