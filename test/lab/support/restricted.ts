/** An account that may do what `fairlead rbac` says, and nothing else. */
import { chmodSync, writeFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import type { KubeObject } from '../../../src/cluster/objects.ts';
import { fairleadOk } from './fairlead.ts';
import type { TestLab } from './lab.ts';

const ACCOUNT = { namespace: 'default', name: 'operator' };
export const USER = `system:serviceaccount:${ACCOUNT.namespace}:${ACCOUNT.name}`;

/** Makes the account with the permissions of `fairlead rbac WORDS…` and writes a kubeconfig for it to a file. */
export async function restrictedKubeconfig(lab: TestLab, file: string, ...words: string[]): Promise<void> {
  await lab.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: ACCOUNT });
  const roles = await fairleadOk('rbac', ...words, '--subject', `serviceaccount:${ACCOUNT.namespace}/${ACCOUNT.name}`);
  await lab.apply(...(loadAll(roles) as KubeObject[]));
  const ok = async (...args: string[]): Promise<string> => {
    const said = await lab.kubectl(...args);
    if (said.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${said.stderr}`);
    return said.stdout;
  };
  const token = (await ok('create', 'token', ACCOUNT.name, '--duration=4h')).trim();
  const config = JSON.parse(await ok('config', 'view', '--raw', '--minify', '-o', 'json')) as { users: { user: object }[] };
  for (const entry of config.users) entry.user = { token };
  writeFileSync(file, JSON.stringify(config));
  chmodSync(file, 0o600);
}
