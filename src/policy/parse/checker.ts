/** Reads a policy's fields as the API server decodes and validates them, collecting what it would refuse. */
import { isRecord, type Fields } from '../../cluster/fields.ts';
import { pathText, type Path } from '../../cluster/manifests/origin.ts';

export interface Issue {
  /** `error`: the API server refuses the object; `warning`: it takes it, but not as it reads. */
  severity: 'error' | 'warning';
  path: Path;
  message: string;
}

/** Values as the API server's messages show them. */
const shown = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : JSON.stringify(value) ?? 'null');

/** Collects issues; reading a field of the wrong type is one, and gives nothing. Null is the same as absent, as in Go's JSON. */
export class Checker {
  readonly issues: Issue[] = [];

  #add(severity: Issue['severity'], path: Path, message: string): undefined {
    this.issues.push({ severity, path, message: `${pathText(path)}: ${message}` });
    return undefined;
  }

  invalid(path: Path, value: unknown, why: string): undefined {
    return this.#add('error', path, `Invalid value: ${shown(value)}: ${why}`);
  }

  required(path: Path, why = ''): undefined {
    return this.#add('error', path, `Required value${why === '' ? '' : `: ${why}`}`);
  }

  forbidden(path: Path, why: string): undefined {
    return this.#add('error', path, `Forbidden: ${why}`);
  }

  unsupported(path: Path, value: unknown, supported: readonly string[]): undefined {
    return this.#add('error', path, `Unsupported value: ${shown(value)}: supported values: ${supported.map((one) => JSON.stringify(one)).join(', ')}`);
  }

  warn(path: Path, message: string): undefined {
    return this.#add('warning', path, message);
  }

  get refused(): boolean {
    return this.issues.some((issue) => issue.severity === 'error');
  }

  #wrong(path: Path, value: unknown, expected: string): undefined {
    return this.#add('error', path, `Invalid value: ${shown(value)}: expected ${expected}`);
  }

  /** A mapping. Keys other than `known` are a warning: the API server drops them, kubectl refuses them. */
  map(value: unknown, path: Path, known?: readonly string[]): Fields | undefined {
    if (value === undefined || value === null) return undefined;
    if (!isRecord(value)) return this.#wrong(path, value, 'a mapping');
    for (const key of Object.keys(value)) {
      if (known !== undefined && !known.includes(key)) this.warn([...path, key], 'unknown field: the API server drops it, and kubectl refuses the object');
    }
    return value;
  }

  list(value: unknown, path: Path): readonly unknown[] | undefined {
    if (value === undefined || value === null) return undefined;
    return Array.isArray(value) ? (value as readonly unknown[]) : this.#wrong(path, value, 'a list');
  }

  text(value: unknown, path: Path): string | undefined {
    if (value === undefined || value === null) return undefined;
    return typeof value === 'string' ? value : this.#wrong(path, value, 'a string');
  }

  /** A whole number of 32 bits. */
  int(value: unknown, path: Path): number | undefined {
    if (value === undefined || value === null) return undefined;
    return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 0x7fff_ffff ? value : this.#wrong(path, value, 'a whole number');
  }

  bool(value: unknown, path: Path): boolean | undefined {
    if (value === undefined || value === null) return undefined;
    return typeof value === 'boolean' ? value : this.#wrong(path, value, 'true or false');
  }
}
