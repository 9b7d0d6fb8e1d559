/** What a snapshot keeps, as data: kinds with the fields of each, annotations, environment variables, keys of ConfigMaps. */
import type { Shape } from './shape.ts';

/** One kind, whatever versions of its group serve it. */
export interface KindSpec {
  /** API group; empty for core. */
  group: string;
  kind: string;
  /** Versions to ask a live cluster for, the best first. */
  versions: readonly string[];
  /** What is kept beside apiVersion, kind and metadata; nothing when empty. */
  keep: Readonly<Record<string, Shape>>;
  /** Objects for which this is false say nothing that is used. */
  when?: (object: Readonly<Record<string, unknown>>) => boolean;
}

/** An annotation that is kept; `keep` makes of its text what is kept, undefined leaves it out. */
export interface AnnotationSpec {
  name: RegExp;
  keep?: (text: string) => string | undefined;
}

/** An environment variable whose value is kept when it is an address, a port or a size, or one of `words`. */
export interface EnvSpec {
  name: RegExp;
  words?: readonly string[];
}

/** A key of ConfigMaps of that name. What `keep` returns is put in place of the text: as text, or as JSON. */
export interface ConfigMapSpec {
  name: RegExp;
  key: RegExp;
  keep: (text: string) => unknown;
}

export interface Catalogue {
  kinds: readonly KindSpec[];
  annotations: readonly AnnotationSpec[];
  env: readonly EnvSpec[];
  configMaps: readonly ConfigMapSpec[];
}

/** Several catalogues as one; the first that knows a kind wins. */
export function joinCatalogues(parts: readonly Partial<Catalogue>[]): Catalogue {
  return {
    kinds: parts.flatMap((part) => part.kinds ?? []),
    annotations: parts.flatMap((part) => part.annotations ?? []),
    env: parts.flatMap((part) => part.env ?? []),
    configMaps: parts.flatMap((part) => part.configMaps ?? []),
  };
}

/** The group of an apiVersion. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}
