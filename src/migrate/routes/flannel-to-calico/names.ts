/** Names that more than one step of this route uses. */
import { migrationLabel } from '../../../cni/calico/version.ts';

export { migrationLabel };

/** Values of the label that says which CNI runs a node during the migration. */
export const onFlannel = 'flannel';
export const onNeither = 'none';
export const onCalico = 'calico';

/** The built-in CNI's configuration under a name that the service does not rewrite, so that a node goes on with it when the service no longer runs Flannel. */
export const frozenConf = '20-flannel-frozen.conflist';
