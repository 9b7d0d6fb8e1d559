/** `fairlead rbac` from its front door. That its roles suffice is shown by test/lab/migrate-pod.test.ts. */
import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../cluster/objects.ts';
import type { RoleRule } from '../cluster/roles.ts';
import { runMain } from './testing/run-main.ts';

async function roles(...words: string[]): Promise<KubeObject[]> {
  const { code, stdout, stderr } = await runMain('rbac', ...words);
  expect(code, stderr).toBe(0);
  return loadAll(stdout) as KubeObject[];
}

const rulesOf = (objects: readonly KubeObject[]): RoleRule[] => objects.flatMap((object) => (object['rules'] ?? []) as RoleRule[]);

describe('fairlead rbac', () => {
  it.each(['snapshot', 'audit', 'diagnose', 'diagnose-fix', 'policy', 'probe', 'migrate'])('%s: names everything, and no Secret but the key of our own agents', async (verb) => {
    const objects = await roles(verb);
    const rules = rulesOf(objects);
    expect(rules.length).toBeGreaterThan(0);
    expect(JSON.stringify(rules)).not.toContain('*');
    const secrets = rules.filter(({ resources }) => resources.includes('secrets'));
    for (const { resourceNames, verbs } of secrets) expect([resourceNames, verbs]).toEqual(verbs.includes('create') ? [undefined, ['create']] : [['fairlead-agent'], ['get', 'patch']]);
    const [cluster] = objects.filter(({ kind }) => kind === 'ClusterRole');
    expect(JSON.stringify(cluster)).not.toContain('secrets');
  });

  it('lets only --via pod enter pods, and those of our own namespace only', async () => {
    expect(JSON.stringify(await roles('migrate', '--via', 'ssh'))).not.toContain('pods/exec');
    const granted = (await roles('migrate', '--via', 'pod')).filter((object) => JSON.stringify(object).includes('pods/exec'));
    expect(granted.map(({ kind, metadata }) => `${kind} ${metadata.namespace}`)).toEqual(['Role fairlead-system']);
  });

  it.each([
    ['user:anna', { kind: 'User', name: 'anna', apiGroup: 'rbac.authorization.k8s.io' }],
    ['group:dev:ops', { kind: 'Group', name: 'dev:ops', apiGroup: 'rbac.authorization.k8s.io' }],
    ['serviceaccount:ci/deployer', { kind: 'ServiceAccount', name: 'deployer', namespace: 'ci' }],
  ])('binds every role to %s', async (text, subject) => {
    const objects = await roles('migrate', '--subject', text);
    const named = (kinds: RegExp): string[] => objects.filter(({ kind }) => kinds.test(kind)).map(({ metadata }) => metadata.namespace ?? '');
    expect(named(/Binding$/)).toEqual(named(/Role$/));
    for (const binding of objects.filter(({ kind }) => kind.endsWith('Binding'))) expect(binding['subjects']).toEqual([subject]);
  });

  it.each(['anna', 'user:', 'serviceaccount:deployer', 'serviceaccount:ci/', 'serviceaccount:a/b/c', 'robot:x'])('refuses the subject %s', async (text) => {
    const { code, stdout, stderr } = await runMain('rbac', 'migrate', '--subject', text);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('expected user:NAME, group:NAME or serviceaccount:NAMESPACE/NAME');
  });
});
