/** A packet filter without what kube-proxy and policy engines make for every single Service, endpoint and pod: those chains are counted. */
import { chainOf, type IptablesTable } from './iptables.ts';

export interface FilterSummary {
  name: string;
  policies: Record<string, string>;
  chains: string[];
  counted: Record<string, number>;
  rules: string[];
  dropped: number;
}

/** Names that end in a hash, as KUBE-SVC-TCOU7JCQXEZGVUNU, KUBE-POD-FW-… or CNI-DN-0123456789abcdef01234; or in the name of a pod's device. */
const MADE_FOR_ONE = /^(.+?-)([A-Z0-9]{16}|[0-9a-f]{20,}|[A-Za-z0-9]{16,22}|[a-z]{3,5}[0-9a-f]{8,11}|_[A-Za-z0-9_-]{10,})$/;
/** Rules of listed chains that are kept per table; a node of any CNI has less than 300. */
const MAX_RULES = 2_000;

/** The part of a chain's name before the hash; undefined for chains that are not made for one thing. */
function family(chain: string): string | undefined {
  const match = MADE_FOR_ONE.exec(chain);
  // A hash has digits; words such as KUBE-EXTERNAL-SERVICES have not.
  return match?.[2] !== undefined && /\d/.test(match[2]) ? match[1] : undefined;
}

/** Summary of one table. */
export function summarizeTable({ name, chains, rules }: IptablesTable): FilterSummary {
  const summary: FilterSummary = { name, policies: {}, chains: [], counted: {}, rules: [], dropped: 0 };
  const listed = new Set<string>();
  for (const [chain, policy] of Object.entries(chains)) {
    const one = policy === '-' ? family(chain) : undefined;
    if (one !== undefined) summary.counted[one] = (summary.counted[one] ?? 0) + 1;
    else {
      listed.add(chain);
      if (policy === '-') summary.chains.push(chain);
      else summary.policies[chain] = policy;
    }
  }
  for (const rule of rules) {
    if (!listed.has(chainOf(rule))) continue;
    if (summary.rules.length < MAX_RULES) summary.rules.push(rule);
    else summary.dropped++;
  }
  return summary;
}
