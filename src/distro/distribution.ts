/** What Fairlead must know of a Kubernetes distribution: where its hosts keep things, and how its built-in CNI is turned off. */
import type { CniDirs } from '../node/facts/containerd-config.ts';
import type { NodeShell } from '../node/shell.ts';
import type { PolicyController } from './policy-controller.ts';

/** A host of a distribution, as found by looking at it. */
export interface Host {
  node: string;
  distribution: string;
  role: 'server' | 'agent';
  /** systemd service whose restart makes the host read its configuration anew. */
  service: string;
  /** Files in which containerd's configuration may stand; the first that exists counts. */
  containerdConfigs: string[];
  /** The CNI that the distribution runs inside its own service, by its backend; undefined when there is none, or it is off. Known on servers only: agents are told by them. */
  builtInBackend?: string;
}

/** A change of one configuration file of a host. */
export interface FileChange {
  path: string;
  content: string;
  mode: number;
}

export interface DatastoreSnapshot {
  kind: 'etcd' | 'sqlite';
  node: string;
  /** File on that node. */
  path: string;
}

export interface Distribution {
  readonly name: string;
  /** Looks at a host; undefined when it is not of this distribution. */
  inspectHost(shell: NodeShell): Promise<Host | undefined>;
  /** Settings of its own configuration as they take effect on a host, with the file that decides; undefined where it has none. */
  settings?(shell: NodeShell, host: Host): Promise<Record<string, { value: string; source: string }>>;
  /** The directories that containerd uses on the host now. */
  cniDirs(shell: NodeShell, host: Host): Promise<CniDirs>;
  /** The directories that containerd will use once the built-in CNI is off. */
  readonly cniDirsWhenOff: CniDirs;
  /** The file that turns the built-in CNI off at the next restart of the service; undefined where none is needed (agents, no built-in CNI). Errors: EnvironmentError when something stronger than a file decides. */
  cniOffChange(shell: NodeShell, host: Host): Promise<FileChange | undefined>;
  /** The NetworkPolicy controller inside its service; undefined where it brings none. */
  readonly policyController?: PolicyController;
  /** Files on a host that belong to the built-in CNI and stay behind when it is off. */
  readonly cniPaths: readonly string[];
  /** Takes a snapshot of the cluster's datastore; `host` is a server. `name` is a plain word. Errors: EnvironmentError saying what to do by hand. */
  snapshotDatastore(shell: NodeShell, host: Host, name: string): Promise<DatastoreSnapshot>;
}
