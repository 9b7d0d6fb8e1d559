/** Sets of ports in words. */
import type { Engine } from '../compile/engine.ts';
import type { PortRange } from '../compile/port-space.ts';
import type { SetId } from '../compile/set-table.ts';
import { LAST_PORT } from '../model/ports.ts';
import { isEverything } from './rectangles.ts';

const rangeText = ({ from, to }: PortRange): string => (from === to ? String(from) : `${from}-${to}`);

/** `TCP 80,443; UDP` — a protocol alone is all of its ports. */
export function rangesText(ranges: readonly PortRange[]): string {
  return [...Map.groupBy(ranges, (range) => range.protocol)].map(([protocol, own]) => {
    const whole = own.length === 1 && own[0]?.from === 0 && own[0].to === LAST_PORT;
    return whole ? protocol : `${protocol} ${own.map(rangeText).join(',')}`;
  }).join('; ');
}

/** The same for a set; `All` for everything that listings are about. */
export function portsText(engine: Engine, set: SetId): string {
  return isEverything(engine, set) ? 'All' : rangesText(engine.ports.rangesOf(set));
}
