/** `lab reboot`: a power cut and a boot. */
import { bootNode, stopNode } from './nodes/node.ts';
import type { LabNode } from './state.ts';

/** Reboots a node. Its disk stays; processes, namespaces and everything below /run and /tmp are new. */
export async function rebootNode(lab: string, node: LabNode): Promise<void> {
  await stopNode(lab, node.name);
  await bootNode(lab, node.name, node.address);
}

