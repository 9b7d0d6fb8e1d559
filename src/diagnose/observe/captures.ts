/** Observations of packet captures: the signatures that the analysis recognised. */
import type { CaptureReport } from '../../packets/report/schema.ts';
import { SIGNATURES } from '../../packets/signatures/catalogue.ts';
import { isOwn } from '../symptom/symptom.ts';
import type { Fact, ObservationId } from '../fact.ts';
import { fact, type Scene } from './scene.ts';

/** Addresses at both ends: a signature whose examples name none of them is about somebody else. */
function addressesOf({ ends, symptom }: Scene): string[] {
  const pods = [...ends.pods, ...(ends.from !== undefined && 'pod' in ends.from ? [ends.from.pod] : [])];
  return [...pods.flatMap(({ status }) => status?.podIP ?? []), ...(ends.service?.spec?.clusterIPs ?? []), ...(ends.service?.spec?.clusterIP === undefined ? [] : [ends.service.spec.clusterIP]), ...(symptom?.address === undefined || isOwn(symptom.address) ? [] : [symptom.address]), ...(ends.address === undefined || isOwn(ends.address) ? [] : [ends.address])];
}

const names = (text: string, address: string): boolean => new RegExp(`(?<![\\d.])${address.replaceAll('.', '\\.')}(?![\\d.])`).test(text);

/** Weak where all examples are about some of the pods at the other end alone, and each names one of these. */
function ofSome({ ends }: Scene, examples: readonly string[], seen: Extract<Fact, { value: string }>): Fact {
  const ips = ends.pods.flatMap(({ status }) => status?.podIP ?? []);
  const named = examples.map((text) => ips.filter((ip) => names(text, ip)));
  return ips.length < 2 || named.some((some) => some.length === 0) || new Set(named.flat()).size === ips.length ? seen : { ...seen, says: `${seen.says} (some of ${ips.length} pods at the other end)`, weak: 'one-of-several' };
}

/** Signatures that were seen; one that was not seen says that this capture does not have it, and no more. */
export function captureFacts(scene: Scene, report: CaptureReport): Map<ObservationId, Fact> {
  const own = addressesOf(scene);
  const facts = new Map<ObservationId, Fact>();
  for (const id of Object.keys(SIGNATURES)) facts.set(`capture:${id}`, fact('absent', `the capture does not have ${id}`));
  for (const { id, title, count, example, more = [], frame } of report.signatures) {
    const examples = [example, ...more];
    // A gateway is asked by the client, whose address is not known then.
    const mine = own.length === 0 || (scene.ends.from === undefined && id.startsWith('arp-gateway-')) ? examples : examples.filter((text) => own.some((address) => names(text, address)));
    // With more cases than examples, somebody's own may be among those that are not shown.
    const [first] = mine;
    if (first !== undefined) facts.set(`capture:${id}`, ofSome(scene, mine, fact('seen', `${title} (${count} times)`, { source: `capture, frame ${frame}, signature ${id}`, excerpt: first, level: 'observed' })));
    else if (count > examples.length) facts.delete(`capture:${id}`);
  }
  return facts;
}
