/** What Services ask of a load balancer: addresses, pools, sharing keys, in the annotations of each generation of MetalLB. */
import type { AddressPool, ServiceObject } from '../cluster/snapshot/typed.ts';
import { textContains } from '../net/range.ts';

const PREFIXES = ['metallb.io/', 'metallb.universe.tf/'] as const;

/** A value and the field that it stands in. */
export interface Asked { value: string; field: string }

/** An annotation of MetalLB's under either prefix; the newer counts. */
export function metallbAnnotation({ metadata }: ServiceObject, name: string): Asked | undefined {
  for (const prefix of PREFIXES) {
    const value = metadata.annotations?.[prefix + name];
    if (value !== undefined) return { value, field: `annotation ${prefix}${name}` };
  }
  return undefined;
}

/** Addresses that a Service asks for. */
export function askedAddresses(service: ServiceObject): Asked[] {
  const annotated = metallbAnnotation(service, 'loadBalancerIPs');
  const list = annotated?.value.split(',').map((ip) => ({ value: ip.trim(), field: annotated.field })) ?? [];
  const direct = service.spec?.loadBalancerIP;
  return [...list, ...(direct === undefined || direct === '' ? [] : [{ value: direct, field: 'spec.loadBalancerIP' }])];
}

/** Whether MetalLB takes care of a Service: type LoadBalancer, and no class, or its own. */
export function isLoadBalancer({ spec }: ServiceObject): boolean {
  return spec?.type === 'LoadBalancer';
}

/** Whether a pool holds an address. */
export function poolHolds({ spec }: AddressPool, ip: string): boolean {
  return (spec?.addresses ?? []).some((range) => textContains(range.replaceAll(' ', ''), ip));
}
