/** Looks up built programs for images. */
import { EnvironmentError } from '../../core/errors.ts';
import type { ImageEntry } from './definition.ts';

/** Built programs by name: `calico-node`, `coredns`, … → file on this machine. */
export type Components = ReadonlyMap<string, { path: string }>;

/** Upstream's name of each program that images need, where the file is not simply called that. */
const WHAT: Record<string, string> = {
  'calico-install': 'cni-plugin/cmd/install of Calico',
  'calico-check-status': 'kube-controllers/cmd/check-status of Calico',
  'calico-wrapper': 'kube-controllers/cmd/wrapper of Calico',
  'flannel-cni': 'the CNI plugin of type flannel',
  shop: 'the demo application',
};

/** File of a component. Errors: EnvironmentError naming the component and the image that needs it. */
export function componentPath(components: Components, name: string, image: string): string {
  const path = components.get(name)?.path;
  if (path !== undefined) return path;
  const what = WHAT[name];
  throw new EnvironmentError(`the component ${name}${what === undefined ? '' : ` (${what})`} was not built or found: image ${image} needs it`);
}

/** A component as an executable file of an image. */
export function componentFile(components: Components, name: string, image: string, path: string): ImageEntry {
  return { kind: 'file', path, source: componentPath(components, name, image), mode: 0o755 };
}
