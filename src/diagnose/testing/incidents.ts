/** Incidents with known causes: a healthy cluster, one fault, and what somebody then reads. Parameters come from a seed. */
import { Random, Trial, type Flavour } from './cluster.ts';
import { APPLICATION } from './incidents-application.ts';
import { HOSTS } from './incidents-hosts.ts';
import { TEXT_ALONE } from './incidents-texts.ts';

export interface Incident {
  /** The fault that was made. */
  fault: string;
  what: string;
  network: boolean | 'unknown';
  flavours?: readonly Flavour[];
  /** Also right as the first cause: the same thing by another name. */
  or?: readonly string[];
  /** Makes it, and says what is asked on the command line. */
  make(trial: Trial): readonly string[];
}

export interface MadeIncident { incident: Incident; flavour: Flavour; objects: readonly object[]; args: readonly string[] }

export const INCIDENTS: readonly Incident[] = [...APPLICATION, ...HOSTS, ...TEXT_ALONE];

/** One incident with the parameters of a seed. */
export function makeIncident(incident: Incident, seed: number): MadeIncident {
  const trial = new Trial(new Random(seed), incident.flavours);
  const args = incident.make(trial);
  return { incident, flavour: trial.flavour, objects: trial.objects, args };
}
