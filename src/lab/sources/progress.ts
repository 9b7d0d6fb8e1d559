/** What resolving components tells its caller while it works; rendering is the caller's business. */
import type { ComponentName } from './names.ts';

export type SourceOrigin = 'directory' | 'path' | 'release' | 'built';

/** How far a build is; `remainingSeconds` is an estimate and `basis` says in words what it rests on. */
export interface BuildProgress {
  kind: 'build';
  family: string;
  phase: 'modules' | 'compile' | 'link';
  /** Packages whose compilation ended; those already in Go's build cache are not counted at all. */
  donePackages: number;
  totalPackages: number;
  linkedPrograms: number;
  totalPrograms: number;
  elapsedSeconds: number;
  remainingSeconds: number | undefined;
  basis: string;
}

export type SourceEvent =
  | { kind: 'found'; component: ComponentName; from: SourceOrigin; path: string; version: string }
  /** A binary was there but is not used; `reason` is a sentence that can be shown. */
  | { kind: 'passed-over'; component: ComponentName; path: string; reason: string }
  | { kind: 'waiting'; what: string; holder: string }
  | { kind: 'download'; what: string; url: string; receivedBytes: number; totalBytes: number | undefined }
  | { kind: 'download-resumed'; what: string; url: string; fromByte: number; reason: string }
  /** A release could not be had; the next source is tried. */
  | { kind: 'release-unavailable'; what: string; url: string; reason: string }
  | {
      kind: 'build-started';
      family: string;
      packages: number;
      cachedPackages: number;
      estimatedSeconds: number;
      basis: string;
    }
  | BuildProgress
  | { kind: 'build-finished'; family: string; directory: string; seconds: number };

export type OnSourceEvent = (event: SourceEvent) => void;
