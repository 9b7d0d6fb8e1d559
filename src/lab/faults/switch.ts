/** Faults of the wire: rules on the lab's switch, so that nothing on a node itself is touched and a reboot does not end them. */
import { output, runProcess } from '../../core/process.ts';
import { namespaceName } from '../paths.ts';
import { enterNode, nodeProcess } from '../nodes/shell.ts';
import type { LabNode } from '../state.ts';
import type { Fault, FaultContext } from './fault.ts';

/** Flannel's VXLAN port on Linux. */
const VXLAN_PORT = 8472;
const DEFAULT_BLACK_HOLE_BYTES = 1400;

/** The switch's port of a member, named by `plug` after the last byte of its address. */
const portOf = (address: string): string => `p${address.split('.')[3]}`;
const set = (members: readonly LabNode[]): string => `{ ${members.map((member) => `"${portOf(member.address)}"`).join(', ')} }`;

/** Every fault has a table of its own, so that two of them never meet. Before all other rules of the switch. */
export const tableOf = (id: string): string => `fairlead_fault_${id.replaceAll('-', '_')}`;

/** An nft script that makes a fault's table. `meta length` at this hook is the length of the IP packet. */
export function switchScript(id: string, rules: readonly string[]): string {
  const body = rules.map((rule) => `    ${rule} counter drop\n`).join('');
  return `table bridge ${tableOf(id)} {\n  chain forward {\n    type filter hook forward priority -300; policy accept;\n${body}  }\n}\n`;
}

/** Matches frames that leave the node, enter it, or both; `more` narrows them. */
export function between(node: LabNode, peers: readonly LabNode[], direction: 'in' | 'out' | 'both', more = ''): string[] {
  const port = `"${portOf(node.address)}"`;
  const out = `iifname ${port} oifname ${set(peers)}${more}`;
  const into = `oifname ${port} iifname ${set(peers)}${more}`;
  return direction === 'both' ? [out, into] : [direction === 'out' ? out : into];
}

const inSwitch = (lab: string, argv: readonly string[]): string[] => ['ip', 'netns', 'exec', namespaceName(lab, 'net'), ...argv];

async function addRules(ctx: FaultContext, rules: readonly string[]): Promise<void> {
  await output(inSwitch(ctx.lab.name, ['nft', '-f', '-']), { stdin: switchScript(ctx.id, rules) });
}

async function removeRules(ctx: FaultContext): Promise<void> {
  const tables = await output(inSwitch(ctx.lab.name, ['nft', 'list', 'tables']));
  if (tables.split('\n').includes(`table bridge ${tableOf(ctx.id)}`)) await output(inSwitch(ctx.lab.name, ['nft', 'delete', 'table', 'bridge', tableOf(ctx.id)]));
}

const names = (members: readonly LabNode[]): string => members.map((member) => member.name).join(', ');

export const drop: Fault = {
  name: 'drop',
  does: 'The switch drops every frame between the node and its peers (--peer: only those named).',
  ends: 'The rule is removed from the switch.',
  node: 'required',
  options: ['peers'],
  lasting: true,
  capture: () => Promise.resolve({}),
  async inject(ctx) {
    await addRules(ctx, between(ctx.node, ctx.peers, 'both'));
    return `nothing passes between ${ctx.node.name} and ${names(ctx.peers)}`;
  },
  undo: removeRules,
};

export const oneWayDrop: Fault = {
  name: 'one-way-drop',
  does: `The switch drops UDP to port ${VXLAN_PORT} (--port) on its way into the node (--direction in) or out of it.`,
  ends: 'The rule is removed from the switch.',
  node: 'required',
  options: ['port', 'direction', 'peers'],
  lasting: true,
  capture: () => Promise.resolve({}),
  async inject(ctx) {
    const { direction = 'in', port = VXLAN_PORT } = ctx.options;
    await addRules(ctx, between(ctx.node, ctx.peers, direction, ` udp dport ${port}`));
    return `UDP to port ${port} is lost ${direction === 'in' ? 'on its way to' : direction === 'out' ? 'on its way from' : 'on its way from and to'} ${ctx.node.name}`;
  },
  undo: removeRules,
};

/** Enters only the network namespace: a node that is down has none of its offload settings left to restore. */
async function setSegments(ctx: FaultContext, member: LabNode, segments: number): Promise<void> {
  if (nodeProcess(ctx.lab.name, member.name) === undefined) return;
  await output(enterNode(ctx.lab.name, member.name, ['ip', 'link', 'set', 'dev', 'eth0', 'gso_max_segs', String(segments)]));
}

async function segmentsOf(ctx: FaultContext, member: LabNode): Promise<number> {
  const [link] = JSON.parse(await output(enterNode(ctx.lab.name, member.name, ['ip', '-d', '-j', 'link', 'show', 'dev', 'eth0']))) as { gso_max_segs: number }[];
  return link?.gso_max_segs ?? 65535;
}

export const mtuBlackHole: Fault = {
  name: 'mtu-black-hole',
  does: `The switch drops IP packets longer than ${DEFAULT_BLACK_HOLE_BYTES} bytes (--bytes) between the node and its peers, without a word to the sender.`,
  ends: 'The rule is removed from the switch, and segmentation is handed back to the virtual cables.',
  node: 'required',
  options: ['bytes', 'direction', 'peers'],
  lasting: true,
  async capture(ctx) {
    const members = [ctx.node, ...ctx.peers];
    return { segments: Object.fromEntries(await Promise.all(members.map(async (member) => [member.name, await segmentsOf(ctx, member)] as const))) };
  },
  async inject(ctx) {
    const { direction = 'both', bytes = DEFAULT_BLACK_HOLE_BYTES } = ctx.options;
    // A virtual cable carries trains of TCP segments as one packet; a wire, and so this rule, sees single ones.
    await Promise.all([ctx.node, ...ctx.peers].map((member) => setSegments(ctx, member, 1)));
    await addRules(ctx, between(ctx.node, ctx.peers, direction, ` meta length > ${bytes}`));
    return `packets of more than ${bytes} bytes are lost ${direction === 'both' ? 'to and from' : direction === 'in' ? 'to' : 'from'} ${ctx.node.name}`;
  },
  async undo(ctx, captured) {
    await removeRules(ctx);
    const segments = captured['segments'] as Record<string, number>;
    await Promise.all([ctx.node, ...ctx.peers].map(async (member) => {
      if (nodeProcess(ctx.lab.name, member.name) !== undefined && (await segmentsOf(ctx, member)) === 1) await setSegments(ctx, member, segments[member.name] ?? 65535);
    }));
  },
};

export const arpSilence: Fault = {
  name: 'arp-silence',
  does: 'No ARP frame of the node gets past the switch, and the others forget its address: they cannot find it any more.',
  ends: 'The rule is removed from the switch; the next packet resolves the address again.',
  node: 'required',
  options: ['peers'],
  lasting: true,
  capture: () => Promise.resolve({}),
  async inject(ctx) {
    // Requests as well as replies: Linux learns a neighbour from what it is asked, too (RFC 826's merge rule).
    await addRules(ctx, between(ctx.node, ctx.peers, 'out', ' ether type arp'));
    const forget = ['ip', 'neigh', 'del', ctx.node.address, 'dev', 'eth0'];
    const running = ctx.peers.filter((peer) => nodeProcess(ctx.lab.name, peer.name) !== undefined);
    // Status 2: there was no such entry.
    await Promise.all(running.map((peer) => runProcess(enterNode(ctx.lab.name, peer.name, forget))));
    return `${names(ctx.peers)} cannot resolve ${ctx.node.address}`;
  },
  undo: removeRules,
};

