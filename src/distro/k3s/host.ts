/** Recognises a K3s host. */
import type { NodeShell } from '../../node/shell.ts';
import type { Host } from '../distribution.ts';
import { existing, isActive } from '../service.ts';
import { containerdConfig, unitFile, units } from './paths.ts';
import { defaults, readSettings } from './settings.ts';

/** A K3s server or agent, by its unit (an installed but stopped one counts when no other runs); undefined for other hosts. */
export async function inspectHost(shell: NodeShell): Promise<Host | undefined> {
  const files = await existing(shell, [unitFile(units.server), unitFile(units.agent)]);
  const candidates = (['server', 'agent'] as const).filter((role) => files.has(unitFile(units[role])));
  let role = candidates[0];
  // Left-over unit files of a former role exist beside the real one.
  if (candidates.length > 1 && (await isActive(shell, units.agent))) role = 'agent';
  if (role === undefined) return undefined;
  const service = units[role];
  const host: Host = { node: shell.node, distribution: 'k3s', role, service, containerdConfigs: [containerdConfig] };
  if (role === 'agent') return host;
  const backend = (await readSettings(shell, service))['flannel-backend']?.value ?? defaults['flannel-backend'];
  return backend === 'none' ? host : { ...host, builtInBackend: backend };
}
