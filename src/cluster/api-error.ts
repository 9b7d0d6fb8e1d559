/** Turns what the API server answers, or that it does not, into errors that a user can act on. */
import { EnvironmentError } from '../core/errors.ts';

/** What was asked of the API server, in the words of RBAC. */
export interface Call {
  /** RBAC verb: get, list, create, update, patch, delete. */
  verb: string;
  /** `Kind namespace/name`, or the path for calls that name no object. */
  object: string;
  /** API group (empty for core) and plural, with a subresource after a slash; absent for calls that name no resource. */
  resource?: { group: string; plural: string };
  namespace?: string;
}

/** The API server answered with an error status. */
export class ApiError extends EnvironmentError {
  /** HTTP status. */
  readonly status: number;
  /** `reason` of the Status object (`Conflict`, `Invalid`, …); empty when the answer was none. */
  readonly reason: string;
  /** Reasons in `details.causes` of the Status object. */
  readonly causes: readonly string[];
  /** What the server said, without what it was asked. */
  readonly said: string;

  constructor(status: number, body: string, call: Call, endpoint: string) {
    const parsed = parseStatus(body);
    const said = parsed.message || `HTTP status ${status}`;
    const hint = hintFor(status, call);
    super(`${endpoint} refused to ${call.verb} ${call.object}: ${said}`, hint === undefined ? {} : { hint });
    this.status = status;
    this.said = said;
    this.reason = parsed.reason;
    this.causes = parsed.causes;
  }
}

/** The API server could not be reached, or did not answer in time. */
export class UnreachableError extends EnvironmentError {
  /** The system's error code (`ECONNREFUSED`, …), or `TIMEOUT`. */
  readonly code: string;

  constructor(endpoint: string, call: Call, code: string, detail: string, cause?: unknown) {
    super(`cannot reach the API server at ${endpoint} to ${call.verb} ${call.object}: ${detail}`, {
      hint: 'Check that the API server runs and that this machine can reach that address; another cluster is chosen with --kubeconfig and --context.',
      cause,
    });
    this.code = code;
  }
}

function hintFor(status: number, call: Call): string | undefined {
  if (status === 401) return 'The credentials in the kubeconfig were not accepted; they may have expired.';
  if (status !== 403 || call.resource === undefined) return undefined;
  const { group, plural } = call.resource;
  const where = call.namespace === undefined ? 'a ClusterRole' : `a Role in namespace ${call.namespace} (or a ClusterRole)`;
  return `Needed: ${where} with apiGroups ["${group}"], resources ["${plural}"], verbs ["${call.verb}"].`;
}

function parseStatus(body: string): { message: string; reason: string; causes: string[] } {
  try {
    const status = JSON.parse(body) as { message?: string; reason?: string; details?: { causes?: { reason?: string; message?: string }[] } };
    const causes = status.details?.causes ?? [];
    // The Status of a refused eviction names the budget only in its causes.
    const more = causes.map((cause) => cause.message ?? '').filter((text) => text !== '' && !(status.message ?? '').includes(text));
    return {
      message: [status.message ?? '', ...more].filter((text) => text !== '').join(' '),
      reason: status.reason ?? '',
      causes: causes.map((cause) => cause.reason ?? ''),
    };
  } catch {
    return { message: body.trim().slice(0, 500), reason: '', causes: [] };
  }
}
