/** `fairlead rbac`: the permissions that each verb needs, as objects to apply. */
import { dump } from 'js-yaml';
import { joinPermissions, roleObjects, type Permissions, type Subject } from '../cluster/roles.ts';
import { snapshotPermissions } from '../cluster/snapshot/rbac.ts';
import { CATALOGUE } from '../cni/catalogue.ts';
import { UsageError } from '../core/errors.ts';
import { FIX_PERMISSIONS } from '../diagnose/fix/permissions.ts';
import { migrationPermissions } from '../migrate/routes/flannel-to-calico/permissions.ts';
import { NODE_NAMESPACE } from '../node/pod/manifests.ts';
import { NODE_POD_PERMISSIONS } from '../node/pod/permissions.ts';
import { RECORD_PERMISSIONS } from '../packets/record/permissions.ts';
import { POLICY_CATALOGUE } from '../policy/input/from-snapshot.ts';
import { AGENT_CONFIG } from '../policy/input/kinds.ts';
import { MESH_PERMISSIONS } from '../probe/mesh/permissions.ts';
import { textArgument, textOption } from './options.ts';
import type { Verb } from './verb.ts';

const NEEDS: Readonly<Record<string, () => Promise<Permissions[]>>> = {
  snapshot: () => Promise.resolve([snapshotPermissions(CATALOGUE)]),
  audit: () => Promise.resolve([snapshotPermissions(CATALOGUE)]),
  capture: () => Promise.resolve([RECORD_PERMISSIONS]),
  diagnose: () => Promise.resolve([snapshotPermissions(CATALOGUE)]),
  'diagnose-fix': () => Promise.resolve([snapshotPermissions(CATALOGUE), FIX_PERMISSIONS]),
  policy: () => Promise.resolve([snapshotPermissions(POLICY_CATALOGUE, { ConfigMap: AGENT_CONFIG })]),
  probe: () => Promise.resolve([MESH_PERMISSIONS]),
  migrate: async () => [await migrationPermissions(), MESH_PERMISSIONS],
};

/** `user:NAME`, `group:NAME` or `serviceaccount:NAMESPACE/NAME`. Errors: UsageError. */
function subjectOf(text: string): Subject {
  const [, kind, rest = ''] = /^(user|group|serviceaccount):(.+)$/.exec(text) ?? [];
  const [namespace, name, ...more] = rest.split('/');
  if (kind === 'user') return { kind: 'User', name: rest };
  if (kind === 'group') return { kind: 'Group', name: rest };
  if (kind === undefined || namespace === undefined || namespace === '' || name === undefined || name === '' || more.length > 0) {
    throw new UsageError(`--subject is ${JSON.stringify(text)}; expected user:NAME, group:NAME or serviceaccount:NAMESPACE/NAME.`);
  }
  return { kind: 'ServiceAccount', name, namespace };
}

export const rbac: Verb = {
  name: 'rbac',
  summary: 'print the permissions that a verb needs',
  description:
    'Prints the least that a verb needs of the API server: a ClusterRole, and Roles in the namespaces that it writes to. With --subject, also the bindings. ' +
    'Whoever applies them needs these rights already, or `escalate` and `bind`. Reaching hosts by --via pod needs more, and makes its holder root on every node.',
  arguments: [{ name: 'VERB', description: 'verb', choices: Object.keys(NEEDS) }],
  options: [
    { flags: '--via <way>', description: 'also what reaching hosts needs', choices: ['pod', 'ssh', 'none'], default: 'none' },
    { flags: '--subject <subject>', description: 'to whom: user:NAME, group:NAME or serviceaccount:NAMESPACE/NAME' },
  ],
  examples: [{ command: 'fairlead rbac migrate --via pod --subject user:anna | kubectl apply -f -', description: 'lets anna migrate' }],
  async run(ctx) {
    const verb = textArgument(ctx, 'verb');
    const needed = await (NEEDS[verb]?.() ?? Promise.resolve([]));
    const permissions = joinPermissions([...needed, ...(textOption(ctx, 'via') === 'pod' ? [NODE_POD_PERMISSIONS] : [])]);
    const subject = textOption(ctx, 'subject');
    const own = NODE_NAMESPACE in permissions.namespaces ? [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NODE_NAMESPACE } }] : [];
    const objects = [...own, ...roleObjects(`fairlead-${verb}`, permissions, subject === undefined ? undefined : subjectOf(subject))];
    ctx.stdout(objects.map((object) => dump(object, { lineWidth: 160, flowLevel: 3, noRefs: true })).join('---\n'));
  },
};
