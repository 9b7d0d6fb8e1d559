/** A collector of its own, to be killed: `node collector.ts LAB DIR` brings a mesh up, says `measuring`, and measures until it is ended. */
import { join } from 'node:path';
import { Cluster } from '../../../src/cluster/client.ts';
import { agentBundle } from '../../../src/lab/agent-bundle.ts';
import { labShell, outsideShell } from '../../../src/lab/nodes/shell.ts';
import { INTERNET_ADDRESS } from '../../../src/lab/nodes/underlay.ts';
import { labPaths } from '../../../src/lab/paths.ts';
import { Mesh } from '../../../src/probe/mesh/mesh.ts';
import type { MeshOptions } from '../../../src/probe/mesh/mesh-options.ts';

/** A mesh over a lab, with its samples in `dir`. */
export async function labMesh(lab: string, dir: string): Promise<MeshOptions> {
  const { kubeconfig, dir: labDir } = labPaths(lab);
  return {
    kube: await Cluster.connect({ kubeconfig }),
    shell: (node) => labShell(lab, node),
    dir,
    outside: { shell: outsideShell(lab), address: INTERNET_ADDRESS, nodeBinary: process.execPath, agentScript: await agentBundle(), dir: join(labDir, 'outside') },
  };
}

if (import.meta.main) {
  const [lab = '', dir = ''] = process.argv.slice(2);
  await Mesh.up(await labMesh(lab, dir));
  process.stderr.write('measuring\n');
}
