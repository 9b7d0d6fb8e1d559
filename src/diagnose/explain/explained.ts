/** What the knowledge base says of one fault, put together from its entry, the observations, the beliefs and the audit's rules. Pure. */
import { RULES } from '../../audit/rules.ts';
import { BELIEFS } from '../beliefs.ts';
import { observationOf, PRICES, type ObservationId } from '../fact.ts';
import { isNetwork, type Fault } from '../faults/fault.ts';
import { FAMILIES, KNOWN_FAULTS } from '../faults/faults.ts';
import { byProgram } from '../fix/menders.ts';
import { provesAlone } from '../rank.ts';
import type { Explained } from './schema.ts';

/** What it looks at, the cheapest first; proofs look at some that speak neither for nor against. */
function observationsOf({ tests, proofs }: Fault): Explained['observations'] {
  const ids = [...new Set<ObservationId>([...tests.map(({ at }) => at), ...proofs.flat().map(({ at }) => at)])];
  const all = ids.map((at) => {
    const { question, cost } = observationOf(at);
    const own = tests.filter((test) => test.at === at);
    const of = (side: 'for' | 'against' | 'refutes'): string[] => [...new Set(own.flatMap((test) => test[side] ?? []))];
    return { observation: at, question, price: { cost, what: PRICES[cost] ?? '' }, for: of('for'), against: of('against'), refutes: of('refutes') };
  });
  return all.toSorted((a, b) => a.price.cost - b.price.cost);
}

function beliefsOf({ id, belief }: Fault): Explained['beliefs'] {
  return [...(belief === undefined ? [] : [{ text: belief }]), ...BELIEFS.filter(({ faults }) => faults.includes(id)).map(({ belief: held, text, source }) => ({ belief: held, text, source }))];
}

/** The fault as a document. Errors: one for a fault that is in no family. */
export function explained(fault: Fault): Explained {
  const family = FAMILIES.find(({ faults }) => faults.includes(fault));
  if (family === undefined) throw new Error(`fault ${fault.id} is in no family`);
  return {
    fault: fault.id, name: fault.name, title: fault.title, layer: fault.layer, family: { name: family.name, about: family.about }, network: isNetwork(fault),
    shows: fault.shows.map(({ kinds, to, phase, words }) => ({ kinds: [...kinds], ...(to === undefined ? {} : { to: [...to] }), ...(phase === undefined ? {} : { phase }), ...(words === undefined ? {} : { text: words.source }) })),
    says: (fault.says ?? []).map(({ source }) => source),
    observations: observationsOf(fault),
    proofs: fault.proofs.map((proof) => proof.map(({ at, is }) => ({ observation: at, question: observationOf(at).question, is: [...is] }))),
    foundAlone: RULES.filter(({ id }) => fault.tests.some(({ at, for: fors = [] }) => at === `rule:${id}` && fors.includes('here') && provesAlone(at, fault.id))).map(({ id }) => id),
    fix: [...fault.fix], byProgram: byProgram(fault), verify: fault.verify, beliefs: beliefsOf(fault),
    caseOf: [...(fault.caseOf ?? [])], cases: KNOWN_FAULTS.filter(({ caseOf = [] }) => caseOf.includes(fault.id)).map(({ id }) => id),
    rules: RULES.filter(({ faults }) => faults.includes(fault.id)).map(({ id }) => id),
    source: [...fault.source],
  };
}
