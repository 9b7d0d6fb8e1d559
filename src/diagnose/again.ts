/** What the complaint is by now: the connection was tried again, and may have come to something else than was complained of. Pure. */
import type { Ends } from './ends.ts';
import type { Facts } from './fact.ts';
import type { Complaint } from './rank.ts';
import type { Symptom, SymptomKind } from './symptom/symptom.ts';

/** What a probe of the connection itself came to, as a symptom. */
function symptomOfProbe(facts: Facts, ends: Ends): Symptom | undefined {
  const [seen, large] = [facts.get('connect-client'), facts.get('large-packets')];
  if (large?.value === 'lost' || large?.value === 'too-big') return { kind: 'timeout', phase: 'established', said: 'probe', raw: large.says, protocol: ends.protocol };
  if (seen?.value === undefined || seen.value === 'ok') return undefined;
  const kind = seen.value as 'refused' | 'timeout' | 'no-route' | 'net-unreachable' | 'reset';
  return { kind, phase: kind === 'reset' ? 'established' : 'connect', said: 'probe', raw: seen.says, ...(ends.address === undefined ? {} : { address: ends.address }), ...(ends.port === undefined ? {} : { port: ends.port }), protocol: ends.protocol };
}

/** The complaint, with what the probe adds to it; the probe's own where nothing was complained of. */
export function complained(symptom: Symptom | undefined, facts: Facts, ends: Ends): Symptom | undefined {
  const probe = symptomOfProbe(facts, ends);
  if (symptom === undefined) return probe;
  // A text that keeps the reason to itself: what the same connection comes to now is taken for it.
  if (symptom.kind === 'unconnected') return { ...symptom, kind: probe?.kind ?? symptom.kind };
  // Where the connection itself stands, it was something later that took too long.
  const later = symptom.phase === 'unknown' && (symptom.kind === 'timeout' || symptom.kind === 'deadline') && facts.get('connect-client')?.value === 'ok';
  return later ? { ...symptom, phase: 'established' } : symptom;
}

/** Complaints about connections, which a connection that is tried can confirm or not. Deadlines pass for any reason. */
const OF_CONNECTIONS: readonly SymptomKind[] = ['refused', 'timeout', 'no-route', 'net-unreachable', 'reset'];

/** What the connection comes to now, where that is another failure than was complained of; of TCP, since DNS is asked another question than the client's. */
function comesTo(symptom: Symptom | undefined, facts: Facts, ends: Ends): Symptom | undefined {
  if (symptom === undefined || ends.protocol !== 'TCP' || !OF_CONNECTIONS.includes(symptom.kind) || (symptom.kind === 'timeout' && symptom.phase === 'established')) return undefined;
  const now = symptomOfProbe(facts, ends);
  return now === undefined || now.kind === symptom.kind || now.phase === 'established' ? undefined : now;
}

/** What is to be explained. */
export function complaintOf(symptom: Symptom | undefined, facts: Facts, ends: Ends): Complaint {
  const now = comesTo(symptom, facts, ends);
  return { ...(symptom === undefined ? {} : { symptom }), ...(now === undefined ? {} : { now }), ...(ends.target === undefined ? {} : { target: ends.target }) };
}
