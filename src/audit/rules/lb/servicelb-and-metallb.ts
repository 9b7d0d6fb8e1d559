/** FL-LB-006. */
import { addressPool, node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';

export const servicelbAndMetallb: Rule = {
  id: 'FL-LB-006',
  title: 'Two load balancers answer for the same Services',
  severity: 'error',
  faults: ['B7', 'B8'],
  looksAt: "Which of K3s' ServiceLB, MetalLB, Cilium LB-IPAM, Calico's LoadBalancer pools and kube-vip are there; Services without a loadBalancerClass belong to all of them.",
  why: 'Both write the status of the same Service: addresses change back and forth, the log says `nolbIPsIPFamily`, and several node addresses appear beside the pool\'s.',
  fix: [
    { what: "Turn K3s' own off on every server, and restart them.", command: "printf 'disable: [servicelb]\\n' > /etc/rancher/k3s/config.yaml.d/lb.yaml && systemctl restart k3s" },
    { what: 'Or give each Service a loadBalancerClass, and each load balancer its own.' },
  ],
  refs: ['k3s#269', 'k3s#2765', 'metallb#1431', 'metallb#2396', 'calico#10476'],
  check(view) {
    const all = view.picture.loadBalancers;
    if (all.length < 2) return all.length === 0 ? { skip: 'no load balancer is in the snapshot' } : [];
    const services = view.services.filter(({ spec }) => spec?.type === 'LoadBalancer' && spec.loadBalancerClass === undefined);
    return [{
      subjects: ['cluster', ...services.slice(0, 5).map(({ metadata }) => `Service ${metadata.namespace ?? ''}/${metadata.name}`)],
      severity: services.length > 0 ? 'error' : 'warning',
      summary: `${all.map(({ name }) => name).join(' and ')} both take care of ${services.length > 0 ? `${services.length} LoadBalancer Service${services.length === 1 ? '' : 's'} without a class` : 'LoadBalancer Services to come'}`,
      evidence: all.map(({ name, evidence }) => view.derived(name, evidence, 'observed')),
    }];
  },
  bad: [node('n1', { args: [] }), addressPool('lan', ['192.168.10.200/29'])],
  good: [node('n1', { args: ['--disable', 'servicelb'] }), addressPool('lan', ['192.168.10.200/29'])],
};
