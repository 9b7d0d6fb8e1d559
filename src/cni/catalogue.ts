/** The whole catalogue of what a snapshot keeps: what belongs to no CNI, each distribution's part, each CNI's part. */
import { BASE_CATALOGUE } from '../cluster/snapshot/base-catalogue.ts';
import { joinCatalogues, type Catalogue } from '../cluster/snapshot/catalogue.ts';
import { K3S_CATALOGUE } from '../distro/k3s/catalogue.ts';
import { KUBEADM_CATALOGUE } from '../distro/kubeadm/catalogue.ts';
import { CALICO_CATALOGUE } from './calico/catalogue.ts';
import { CILIUM_CATALOGUE } from './cilium/catalogue.ts';
import { FLANNEL_CATALOGUE } from './flannel/catalogue.ts';

export const CATALOGUE: Catalogue = joinCatalogues([FLANNEL_CATALOGUE, CALICO_CATALOGUE, CILIUM_CATALOGUE, K3S_CATALOGUE, KUBEADM_CATALOGUE, BASE_CATALOGUE]);
