/** What Fairlead must know of a NetworkPolicy controller that a distribution runs inside its own service, beside whatever CNI there is. */
import type { IptablesPart } from '../node/facts/iptables-part.ts';
import type { Ipset } from '../node/facts/ipsets.ts';
import type { NodeShell } from '../node/shell.ts';
import type { FileChange, Host } from './distribution.ts';

/** The controller's rules in a node's kernel, complete enough to be put back. */
export interface PolicyRules {
  packetFilter: IptablesPart[];
  sets: Ipset[];
}

export interface PolicyController {
  /** As people call it, for texts. */
  readonly name: string;
  /** Whether the settings of a server let it run; agents are told by the server that answers at their start. */
  isOn(shell: NodeShell, server: Host): Promise<boolean>;
  /** The file that keeps it from starting at the next restart of a server's service. Errors: EnvironmentError when something stronger than a file decides. */
  offChange(shell: NodeShell, server: Host): Promise<FileChange>;
  /** What of its rules is in a node's kernel, in words; empty when nothing is. */
  describeRules(shell: NodeShell): Promise<string[]>;
  readRules(shell: NodeShell): Promise<PolicyRules>;
  /**
   * Removes its rules; nothing happens the second time. To be called only when it is off and another engine enforces
   * policies: before that there would be a gap, and it would put them back.
   */
  removeRules(shell: NodeShell): Promise<void>;
  /** Puts rules back as they were read. Idempotent. */
  restoreRules(shell: NodeShell, rules: PolicyRules): Promise<void>;
}
