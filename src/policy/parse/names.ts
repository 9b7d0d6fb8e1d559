/** Names, labels and ports as apimachinery judges them (k8s.io/apimachinery pkg/util/validation). */

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const NAME_PART = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const PORT_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** Why a text is no label key (IsQualifiedName); undefined when it is one. */
export function labelKeyFault(key: string): string | undefined {
  const [prefix, name, ...rest] = key.includes('/') ? key.split('/') : [undefined, key];
  if (rest.length > 0) return 'a qualified name must consist of alphanumeric characters, \'-\', \'_\' or \'.\', with an optional DNS subdomain prefix and \'/\' (e.g. \'example.com/MyName\')';
  if (prefix !== undefined && (prefix === '' || prefix.length > 253 || !SUBDOMAIN.test(prefix))) return 'prefix part must be a lowercase RFC 1123 subdomain of at most 253 characters';
  if (name === undefined || name === '') return 'name part must be non-empty';
  if (name.length > 63) return 'name part must be no more than 63 characters';
  return NAME_PART.test(name) ? undefined : 'name part must consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character';
}

/** Why a text is no label value (IsValidLabelValue). */
export function labelValueFault(value: string): string | undefined {
  if (value.length > 63) return 'must be no more than 63 characters';
  return value === '' || NAME_PART.test(value) ? undefined : 'a valid label must be an empty string or consist of alphanumeric characters, \'-\', \'_\' or \'.\', and must start and end with an alphanumeric character';
}

/** Why a text is no port name (IsValidPortName). */
export function portNameFault(name: string): string | undefined {
  if (name.length > 15) return 'must be no more than 15 characters';
  if (!PORT_NAME.test(name)) return 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-), and must start and end with an alpha-numeric character';
  if (!/[a-z]/.test(name)) return 'must contain at least one letter (a-z)';
  return name.includes('--') ? 'must not contain consecutive hyphens' : undefined;
}

/** Why a number is no port (IsValidPortNum). */
export function portFault(port: number): string | undefined {
  return port >= 1 && port <= 65_535 ? undefined : 'must be between 1 and 65535, inclusive';
}

/** Why a text is no name of an object (NameIsDNSSubdomain). */
export function objectNameFault(name: string): string | undefined {
  return name.length <= 253 && SUBDOMAIN.test(name) ? undefined : 'a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and end with an alphanumeric character';
}
