/** What somebody saw go wrong: the reading of one error text, and nothing that the text does not say. */

/** Kinds of symptoms. Two texts are of one kind when the client's kernel or library was told the same. */
export const SYMPTOM_KINDS = [
  'refused', 'timeout', 'deadline', 'no-route', 'net-unreachable', 'reset', 'closed', 'name-unknown', 'name-timeout', 'sandbox', 'certificate', 'tls', 'http', 'grpc',
  'too-many-files', 'no-local-port', 'address-in-use', 'too-big', 'pod-state', 'component', 'unconnected', 'unknown',
] as const;
export type SymptomKind = (typeof SYMPTOM_KINDS)[number];

/** When it happened: before the connection stood, or after. */
export type Phase = 'connect' | 'established' | 'unknown';

export interface Symptom {
  kind: SymptomKind;
  phase: Phase;
  /** Whom the client wanted, as far as the text says: address without brackets, or a name. */
  address?: string;
  name?: string;
  port?: number;
  protocol?: 'TCP' | 'UDP';
  /** The client's own address, where the text has it. */
  source?: string;
  /** The name server that was asked. */
  server?: string;
  /** Status of HTTP, or code of gRPC. */
  status?: string;
  /** Whose words these are: go, glibc, java, python, node, curl, envoy, kubelet, … */
  said: string;
  raw: string;
}

/** What a text of kind `unconnected` may mean: programs that keep the kernel's reason to themselves. */
export const UNCONNECTED: readonly SymptomKind[] = ['refused', 'no-route', 'net-unreachable', 'timeout'];

/** In a few words, for headings. */
export const KIND_WORDS: Readonly<Record<SymptomKind, string>> = {
  refused: 'connection refused', timeout: 'no answer in time', deadline: 'a deadline passed', 'no-route': 'no route to host', 'net-unreachable': 'network is unreachable', reset: 'connection reset',
  closed: 'connection closed by the other end', 'name-unknown': 'the name does not exist', 'name-timeout': 'the name could not be looked up', sandbox: 'the pod got no network', certificate: 'the certificate was not accepted',
  tls: 'TLS could not be agreed upon', http: 'an HTTP status', grpc: 'a gRPC status', 'too-many-files': 'too many open files', 'no-local-port': 'no local port or address to connect from', 'address-in-use': 'the address is in use',
  'too-big': 'the message is too big', 'pod-state': "the state of a pod", component: 'a component of the cluster complains', unconnected: 'no connection, and why is not said', unknown: 'not understood',
};

/** Addresses that never leave the network namespace. 0.0.0.0 as a destination is the host itself on Linux. */
export function isOwn(address: string | undefined): boolean {
  return address !== undefined && (address.startsWith('127.') || address === '0.0.0.0' || address === '::1' || address === '::');
}
