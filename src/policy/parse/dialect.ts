/** Which family of policies an object belongs to. */
import type { Dialect } from '../enforcers/enforcer.ts';
import type { LoadedObject } from '../input/object.ts';

/** The dialect of a policy; undefined for what is no policy, such as tiers and network sets. */
export function dialectOf({ apiVersion, kind }: Pick<LoadedObject, 'apiVersion' | 'kind'>): Dialect | undefined {
  if (!kind.endsWith('Policy')) return undefined;
  const slash = apiVersion.indexOf('/');
  switch (slash < 0 ? apiVersion : apiVersion.slice(0, slash)) {
    case 'networking.k8s.io':
    case 'extensions': return kind === 'NetworkPolicy' ? 'kubernetes' : undefined;
    case 'policy.networking.k8s.io': return 'admin';
    case 'projectcalico.org':
    case 'crd.projectcalico.org': return kind.endsWith('NetworkPolicy') ? 'calico' : undefined;
    case 'cilium.io': return kind.endsWith('NetworkPolicy') ? 'cilium' : undefined;
    default: return undefined;
  }
}
