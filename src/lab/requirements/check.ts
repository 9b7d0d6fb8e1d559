/** What a check of this machine is, and what its outcome looks like. */

/** The parts in which `doctor` shows its checks. */
export type CheckGroup = 'machine' | 'kernel' | 'limits' | 'programs' | 'build';

/** Outcome of one check of this machine. */
export interface Check {
  /** Stable name, used in JSON and tests: `kernel.vxlan`, `program.containerd`. */
  id: string;
  group: CheckGroup;
  title: string;
  /** What fairlead uses it for. */
  purpose: string;
  /** `warn`: the lab runs, but something is short; `skip`: could not be tried here, `seen` says why. */
  verdict: 'pass' | 'warn' | 'fail' | 'skip';
  /** What was found: a path, a version, the kernel's answer. */
  seen: string;
  /** What to do about a failure or a warning: one command or sentence. */
  fix?: string;
  /** Debian package that brings it, where there is one. */
  debianPackage?: string;
}

/** Everything the checks read of the machine's kind, so that they can be told apart in tests. */
export interface Machine {
  /** `linux`, `darwin`, … */
  platform: string;
  isRoot: boolean;
  /** Whether apt-get can install packages: Debian and what descends from it. */
  isDebian: boolean;
  /** Folders searched for programs, in order. */
  path: readonly string[];
}
