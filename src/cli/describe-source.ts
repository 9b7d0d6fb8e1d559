/** Puts into words where the lab's programs come from, as it happens. */
import { formatDuration, type Progress } from './progress.ts';
import type { SourceEvent } from '../lab/sources/progress.ts';

/** Writes one event of resolving components to a progress writer. */
export function describeSource(event: SourceEvent, progress: Progress): void {
  const seconds = (value: number): string => formatDuration(value * 1000);
  switch (event.kind) {
    case 'found':
      return;
    case 'passed-over':
      return progress.line(`${event.component}: ${event.path} is not used: ${event.reason}`);
    case 'waiting':
      return progress.waiting(`${event.what}, held by ${event.holder}`);
    case 'download': {
      const total = event.totalBytes === undefined ? '' : ` of ${Math.round(event.totalBytes / 1e6)} MB`;
      return progress.waiting(`the download of ${event.what}: ${Math.round(event.receivedBytes / 1e6)} MB${total}`);
    }
    case 'download-resumed':
      return progress.line(`${event.what}: download resumed at byte ${event.fromByte} (${event.reason})`);
    case 'release-unavailable':
      return progress.line(`${event.what}: no release from ${event.url}: ${event.reason}`);
    case 'build-started':
      return progress.start(`building ${event.family} from its pinned Go modules, ${event.packages} packages`, { usually: event.estimatedSeconds * 1000 });
    case 'build': {
      const remaining = event.remainingSeconds === undefined ? '' : `, about ${seconds(event.remainingSeconds)} left (${event.basis})`;
      return progress.waiting(`${event.phase}: ${event.donePackages} of ${event.totalPackages} packages${remaining}`);
    }
    case 'build-finished':
      return progress.line(`built ${event.family} in ${seconds(event.seconds)}`);
  }
}
