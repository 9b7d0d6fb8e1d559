/** Step `handover`: the tunnel device changes its name and with it its owner; its VNI, port, MAC, addresses and routes stay, so traffic never stops. */
import { vxlanDevice } from '../../../cni/calico/version.ts';
import { findFlannelRules } from '../../../cni/flannel/leftovers.ts';
import { bridgeName } from '../../../cni/flannel/names.ts';
import { removeLeftovers } from '../../../cni/leftover.ts';
import { readLinks } from '../../../node/facts/links.ts';
import { runOrThrow } from '../../../node/shell.ts';
import type { StepContext } from '../../steps/context.ts';
import { hasLink, renameLink } from '../../steps/rename-link.ts';
import type { Json, StepHandler } from '../../types.ts';
import { readTunnel, restoreForwarding, restoreRules, restoreTunnel, type TunnelState } from './tunnel-state.ts';

interface HandoverParams {
  node: string;
  device: string;
  mac: string;
  vni: number;
  port: number;
}

export const handover: StepHandler<StepContext> = {
  async check(ctx, step) {
    const { node, device } = step.params as unknown as HandoverParams;
    const shell = ctx.shell(node);
    return (await hasLink(shell, vxlanDevice)) && !(await hasLink(shell, device)) && !(await hasLink(shell, bridgeName));
  },
  async capture(ctx, step) {
    const { node, device } = step.params as unknown as HandoverParams;
    return (await readTunnel(ctx.shell(node), device)) as unknown as Json;
  },
  async apply(ctx, step, captured) {
    const { node, device } = step.params as unknown as HandoverParams;
    const shell = ctx.shell(node);
    const state = captured as unknown as TunnelState;
    if (await hasLink(shell, device)) await renameLink(shell, device, vxlanDevice, () => restoreForwarding(shell, state, vxlanDevice));
    // After a reboot since there is neither; other nodes go on sending to this address.
    else if (!(await hasLink(shell, vxlanDevice))) await restoreTunnel(shell, state, vxlanDevice);
    if (await hasLink(shell, bridgeName)) await runOrThrow(shell, ['ip', 'link', 'delete', 'dev', bridgeName]);
    // Left behind, their masquerading would hide pods' addresses from policies.
    await removeLeftovers(shell, () => findFlannelRules(shell));
  },
  async verify(ctx, step) {
    const { node, device, mac, vni, port } = step.params as unknown as HandoverParams;
    const links = await readLinks(ctx.shell(node));
    const tunnel = links.find((link) => link.name === vxlanDevice);
    const same = tunnel?.mac === mac && tunnel.vxlan?.vni === vni && tunnel.vxlan.port === port;
    const gone = !links.some((link) => link.name === device || link.name === bridgeName);
    return { ok: same && gone, evidence: [`${vxlanDevice} on ${node}: ${tunnel === undefined ? 'not there' : `MAC ${tunnel.mac}, VNI ${tunnel.vxlan?.vni}, port ${tunnel.vxlan?.port}`} (expected ${mac}, ${vni}, ${port}); ${device} and ${bridgeName} ${gone ? 'are gone' : 'are still there'}`] };
  },
  async undo(ctx, step, captured) {
    const { node, device } = step.params as unknown as HandoverParams;
    const shell = ctx.shell(node);
    const state = captured as unknown as TunnelState;
    if ((await hasLink(shell, vxlanDevice)) && !(await hasLink(shell, device))) await renameLink(shell, vxlanDevice, device, () => restoreForwarding(shell, state));
    await restoreTunnel(shell, state);
    await restoreRules(shell, state);
  },
};
