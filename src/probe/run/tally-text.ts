/** How a measurement stands, in a few words. */
import type { Tally } from '../stats/aggregate.ts';
import { countText } from '../stats/render.ts';

/** `12,345 sent, nothing lost`, or `12,345 sent, 3 lost (dns 2, egress 1)`. */
export function tallyText(tally: Tally): string {
  const classes = Object.entries(tally);
  const sent = classes.reduce((sum, [, one]) => sum + one.sent, 0);
  const losing = classes.filter(([, one]) => one.lost > 0);
  const lost = losing.reduce((sum, [, one]) => sum + one.lost, 0);
  const named = losing.map(([name, one]) => `${name} ${countText(one.lost)}`).join(', ');
  return `${countText(sent)} sent, ${lost === 0 ? 'nothing lost' : `${countText(lost)} lost (${named})`}`;
}
