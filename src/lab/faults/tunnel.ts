/** Faults of the overlay: a tunnel device or the entries of its peers that no longer say what everybody relies on. */
import { EnvironmentError, UsageError } from '../../core/errors.ts';
import { readLinks, type Link } from '../../node/facts/links.ts';
import { readNeighbours, type Neighbour } from '../../node/facts/neighbours.ts';
import { readText, runOrThrow, type NodeShell } from '../../node/shell.ts';
import { labShell, nodeProcess } from '../nodes/shell.ts';
import { UNDERLAY } from '../nodes/underlay.ts';
import type { LabNode } from '../state.ts';
import type { Fault, FaultContext } from './fault.ts';

/** Locally administered, and no device's own. */
const WRONG_MAC = '02:fa:17:1e:ad:00';
/** Nobody has this address of the underlay (nodes are .11 to .30). */
const NOBODY = `${UNDERLAY}.250`;
const DEFAULT_SMALL_MTU = 1300;
/** A device is renamed twice in a migration. */
const ATTEMPTS = 5;

/** A device by what survives a rename but not a reboot. */
interface DeviceId {
  bootId: string;
  index: number;
}

async function bootId(shell: NodeShell): Promise<string> {
  return ((await readText(shell, '/proc/sys/kernel/random/boot_id')) ?? '').trim();
}

/** The named device, or else the node's only VXLAN device. */
async function deviceOf(ctx: FaultContext, node: LabNode, wanted = ctx.options.device): Promise<{ shell: NodeShell; link: Link; id: DeviceId }> {
  const shell = labShell(ctx.lab.name, node.name);
  const links = await readLinks(shell);
  const candidates = links.filter((link) => (wanted === undefined ? link.kind === 'vxlan' : link.name === wanted));
  const [link] = candidates;
  const all = links.map((one) => one.name).join(', ');
  if (link === undefined) throw new EnvironmentError(`node ${node.name} has no ${wanted === undefined ? 'VXLAN device' : `device ${wanted}`}`, { hint: `its devices: ${all}` });
  if (candidates.length > 1) throw new UsageError(`node ${node.name} has several VXLAN devices: ${candidates.map((one) => one.name).join(', ')}`, { hint: 'name one with --device' });
  return { shell, link, id: { bootId: await bootId(shell), index: link.index } };
}

/** The device as it is now; undefined when the node is down, was rebooted, or the device is gone. */
async function sameDevice(ctx: FaultContext, node: LabNode, id: DeviceId): Promise<{ shell: NodeShell; link: Link } | undefined> {
  if (nodeProcess(ctx.lab.name, node.name) === undefined) return undefined;
  const shell = labShell(ctx.lab.name, node.name);
  if ((await bootId(shell)) !== id.bootId) return undefined;
  const link = (await readLinks(shell)).find((one) => one.index === id.index);
  return link === undefined ? undefined : { shell, link };
}

/**
 * Gives the device another address. The kernel forgets all its neighbours then, permanent ones too (neigh_changeaddr);
 * what the node itself knows of its peers is not part of the fault, so they are set again. The device may be renamed at any
 * moment: its neighbours are those that were read while its name stayed the same. Resolves its name, undefined when it is gone.
 */
async function changeAddress(ctx: FaultContext, node: LabNode, id: DeviceId, address: string): Promise<string | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await sameDevice(ctx, node, id);
    if (found === undefined) return undefined;
    const { shell, link: { name } } = found;
    const known = (await readNeighbours(shell)).filter((one) => one.device === name && one.permanent);
    const renamed = (await sameDevice(ctx, node, id))?.link.name !== name;
    const said = renamed ? undefined : await shell.run(['ip', 'link', 'set', 'dev', name, 'address', address]);
    if (said?.code === 0) {
      await restoreNeighbours(ctx, node, id, known);
      return name;
    }
    if (attempt === ATTEMPTS) throw new EnvironmentError(`${name} of ${node.name} does not take the address ${address}: ${said?.stderr.trim() ?? 'it is renamed all the time'}`);
  }
}

async function restoreNeighbours(ctx: FaultContext, node: LabNode, id: DeviceId, known: readonly Neighbour[]): Promise<void> {
  for (const { address, mac } of known) {
    if (mac === undefined) continue;
    for (let attempt = 1; ; attempt += 1) {
      const found = await sameDevice(ctx, node, id);
      if (found === undefined) return;
      const { code, stderr } = await found.shell.run(['ip', 'neigh', 'replace', address, 'lladdr', mac, 'dev', found.link.name, 'nud', 'permanent']);
      if (code === 0) break;
      if (attempt === ATTEMPTS) throw new EnvironmentError(`neighbour ${address} of ${found.link.name} on ${node.name} cannot be set again: ${stderr.trim()}`);
    }
  }
}

export const wrongVtepMac: Fault = {
  name: 'wrong-vtep-mac',
  does: "The node's VXLAN device (--device) gets another MAC address than the one its peers were told: what they send is not taken.",
  ends: 'The device gets its address back, unless somebody has given it another one meanwhile.',
  node: 'required',
  options: ['device'],
  lasting: true,
  async capture(ctx) {
    const { link, id } = await deviceOf(ctx, ctx.node);
    return { id, mac: link.mac };
  },
  async inject(ctx, captured) {
    const name = await changeAddress(ctx, ctx.node, captured['id'] as DeviceId, WRONG_MAC);
    if (name === undefined) throw new EnvironmentError(`the VXLAN device of ${ctx.node.name} has just gone away`);
    return `${name} of ${ctx.node.name} has the address ${WRONG_MAC} instead of ${captured['mac'] as string}`;
  },
  async undo(ctx, captured) {
    const found = await sameDevice(ctx, ctx.node, captured['id'] as DeviceId);
    if (found === undefined || found.link.mac !== WRONG_MAC) return;
    await changeAddress(ctx, ctx.node, captured['id'] as DeviceId, captured['mac'] as string);
  },
};

interface Entry {
  peer: string;
  id: DeviceId;
  mac: string;
  /** `permanent`, `static` or, for a learnt one, empty. */
  state: string;
}

async function fdbOf(shell: NodeShell, device: string): Promise<{ mac: string; dst?: string; state?: string }[]> {
  return JSON.parse((await runOrThrow(shell, ['bridge', '-j', 'fdb', 'show', 'dev', device])) || '[]') as { mac: string; dst?: string; state?: string }[];
}

async function pointTo(shell: NodeShell, device: string, entry: Entry, address: string): Promise<void> {
  await runOrThrow(shell, ['bridge', 'fdb', 'replace', entry.mac, 'dev', device, 'dst', address, 'self', ...(entry.state === '' ? ['dynamic'] : [entry.state])]);
}

export const staleFdb: Fault = {
  name: 'stale-fdb',
  does: `The peers' forwarding entries for the node's tunnel point to ${NOBODY}, as if the node had moved and nobody had told them.`,
  ends: 'Entries that still point there get their old target back.',
  node: 'required',
  options: ['device', 'peers'],
  lasting: true,
  async capture(ctx) {
    const entries: Entry[] = [];
    for (const peer of ctx.peers) {
      const { shell, link, id } = await deviceOf(ctx, peer);
      for (const { mac, dst, state = '' } of await fdbOf(shell, link.name)) if (dst === ctx.node.address) entries.push({ peer: peer.name, id, mac, state });
    }
    if (entries.length === 0) throw new EnvironmentError(`no peer has a forwarding entry for ${ctx.node.name} (${ctx.node.address})`);
    return { entries };
  },
  async inject(ctx, captured) {
    const entries = captured['entries'] as Entry[];
    for (const entry of entries) {
      const peer = ctx.peers.find((one) => one.name === entry.peer) as LabNode;
      const found = await sameDevice(ctx, peer, entry.id);
      if (found !== undefined) await pointTo(found.shell, found.link.name, entry, NOBODY);
    }
    return `${entries.map((entry) => entry.peer).join(', ')} look for ${ctx.node.name} at ${NOBODY}`;
  },
  async undo(ctx, captured) {
    for (const entry of captured['entries'] as Entry[]) {
      const peer = ctx.peers.find((one) => one.name === entry.peer);
      const found = peer && (await sameDevice(ctx, peer, entry.id));
      if (found === undefined) continue;
      const stale = (await fdbOf(found.shell, found.link.name)).some((one) => one.mac === entry.mac && one.dst === NOBODY);
      if (stale) await pointTo(found.shell, found.link.name, entry, ctx.node.address);
    }
  },
};

export const mtuSmall: Fault = {
  name: 'mtu-small',
  does: `The MTU of the node's VXLAN device (--device) is set to ${DEFAULT_SMALL_MTU} (--bytes).`,
  ends: 'The device gets its MTU back, unless somebody has set another one meanwhile.',
  node: 'required',
  options: ['bytes', 'device'],
  lasting: true,
  async capture(ctx) {
    const { link, id } = await deviceOf(ctx, ctx.node);
    const bytes = ctx.options.bytes ?? DEFAULT_SMALL_MTU;
    if (bytes >= link.mtu) throw new UsageError(`--bytes is ${bytes}; ${link.name} of ${ctx.node.name} has an MTU of ${link.mtu}, and only a smaller one is a fault`);
    return { id, mtu: link.mtu, bytes };
  },
  async inject(ctx, captured) {
    const found = await sameDevice(ctx, ctx.node, captured['id'] as DeviceId);
    if (found === undefined) throw new EnvironmentError(`the device on ${ctx.node.name} has just gone away`);
    await runOrThrow(found.shell, ['ip', 'link', 'set', 'dev', found.link.name, 'mtu', String(captured['bytes'])]);
    return `${found.link.name} of ${ctx.node.name} has an MTU of ${String(captured['bytes'])} instead of ${String(captured['mtu'])}`;
  },
  async undo(ctx, captured) {
    const found = await sameDevice(ctx, ctx.node, captured['id'] as DeviceId);
    if (found?.link.mtu !== captured['bytes'] || found === undefined) return;
    await runOrThrow(found.shell, ['ip', 'link', 'set', 'dev', found.link.name, 'mtu', String(captured['mtu'])]);
  },
};
