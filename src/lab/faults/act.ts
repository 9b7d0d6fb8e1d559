/** Carries a recorded fault out and undoes it: the record is always ahead of the deed. */
import { UsageError } from '../../core/errors.ts';
import { findNode, readState, type LabNode, type LabState } from '../state.ts';
import type { Fault, FaultContext, FaultOptions } from './fault.ts';
import { writeRecord, type FaultRecord } from './record.ts';
import { findFault } from './table.ts';

/** Flags by option name, for messages. */
const flagOf = (name: string): string => (name === 'peers' ? '--peer' : `--${name}`);

/** The node that a fault is aimed at, in full. Errors: UsageError when it is missing, unknown or of no use. */
export function aimAt(fault: Fault, lab: LabState, wanted: string | undefined): LabNode | undefined {
  if (fault.node === 'none') {
    if (wanted !== undefined) throw new UsageError(`the fault ${fault.name} is aimed at no node; leave --node out`);
    return undefined;
  }
  if (wanted !== undefined) return findNode(lab, wanted);
  if (fault.node === 'server') return lab.nodes.find((node) => node.role === 'server');
  throw new UsageError(`the fault ${fault.name} needs --node`, { hint: `nodes of lab ${lab.name}: ${lab.nodes.map((node) => node.name).join(', ')}` });
}

/** Errors: UsageError for an option that the fault does not have, or a peer that is the node itself. */
export function checkOptions(fault: Fault, lab: LabState, node: LabNode | undefined, options: FaultOptions): FaultOptions {
  const strange = (Object.keys(options) as (keyof FaultOptions)[]).filter((name) => !fault.options.includes(name));
  if (strange.length > 0) throw new UsageError(`the fault ${fault.name} has no option ${strange.map(flagOf).join(', ')}`, { hint: fault.options.length > 0 ? `it has ${fault.options.map(flagOf).join(', ')}` : 'it has none' });
  if (fault.options.includes('peers') && lab.nodes.length < 2) throw new UsageError(`lab ${lab.name} has one node only, and the fault ${fault.name} is between nodes`);
  if (options.peers === undefined) return options;
  const peers = options.peers.map((peer) => findNode(lab, peer).name);
  if (node !== undefined && peers.includes(node.name)) throw new UsageError(`--peer names ${node.name}, the node itself`);
  return { ...options, peers };
}

function contextOf(lab: string, record: FaultRecord, signal: AbortSignal): { fault: Fault; ctx: FaultContext } {
  const fault = findFault(record.fault);
  const state = readState(lab);
  const options = record.options as FaultOptions;
  // A fault that is aimed at no node never looks at this one.
  const node = record.node === null ? (state.nodes[0] as LabNode) : findNode(state, record.node);
  const peers = state.nodes.filter((one) => one.name !== node.name && (options.peers === undefined || options.peers.includes(one.name)));
  return { fault, ctx: { lab: state, node, peers, id: record.id, options, signal, journal: record.journal ?? undefined } };
}

const now = (): string => new Date().toISOString();

/** Whether a fault could act now. Changes nothing. Errors: UsageError or EnvironmentError saying why not. */
export async function checkFault(lab: string, record: FaultRecord, signal: AbortSignal): Promise<void> {
  const { fault, ctx } = contextOf(lab, record, signal);
  await fault.capture(ctx);
}

/** Carries a fault out; returns its new record. Errors: whatever prevented it. What was half done is undone then and the record is as before; where even that fails, the record keeps what undoing needs. */
export async function act(lab: string, armed: FaultRecord, signal: AbortSignal): Promise<FaultRecord> {
  const { fault, ctx } = contextOf(lab, armed, signal);
  const captured = await fault.capture(ctx);
  const record = writeRecord(lab, { ...armed, state: 'injecting', captured });
  try {
    const said = await fault.inject(ctx, captured);
    return writeRecord(lab, { ...record, state: fault.lasting ? 'active' : 'over', said, injectedAt: now(), endedAt: fault.lasting ? null : now() });
  } catch (error) {
    await fault.undo(ctx, captured);
    writeRecord(lab, { ...record, state: 'armed', captured: null });
    throw error;
  }
}

/** Undoes a fault if it acted or may have acted; returns its new record. */
export async function undo(lab: string, record: FaultRecord, signal: AbortSignal): Promise<FaultRecord> {
  const { fault, ctx } = contextOf(lab, record, signal);
  if (fault.lasting && record.captured !== null && record.state !== 'over') await fault.undo(ctx, record.captured);
  return writeRecord(lab, { ...record, state: 'over', endedAt: now() });
}

/** Does anew what an active fault must do anew. */
export async function keepUp(lab: string, record: FaultRecord, signal: AbortSignal): Promise<void> {
  const { fault, ctx } = contextOf(lab, record, signal);
  await fault.keep?.(ctx, record.captured ?? {});
}
