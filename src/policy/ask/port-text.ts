/** Sets of ports in words. */
import type { Engine } from '../compile/engine.ts';
import type { PortRange } from '../compile/port-space.ts';
import type { SetId } from '../compile/set-table.ts';
import { LAST_PORT } from '../model/ports.ts';
import { isEverything } from './rectangles.ts';

const rangeText = ({ from, to }: PortRange): string => (from === to ? String(from) : `${from}-${to}`);

/** `All`, `TCP 80,443; UDP` — a protocol alone is all of its ports. */
export function portsText(engine: Engine, set: SetId): string {
  if (isEverything(engine, set)) return 'All';
  const byProtocol = Map.groupBy(engine.ports.rangesOf(set), (range) => range.protocol);
  return [...byProtocol].map(([protocol, ranges]) => {
    const whole = ranges.length === 1 && ranges[0]?.from === 0 && ranges[0].to === LAST_PORT;
    return whole ? protocol : `${protocol} ${ranges.map(rangeText).join(',')}`;
  }).join('; ');
}
