/** Builds every family of the lab's programs, for `fairlead lab build`. */
import { buildFamily } from './build.ts';
import type { BuildOptions, BuiltFamily } from './build.ts';
import { FAMILY_NAMES, loadFamily } from './families.ts';

/**
 * Builds what the lab needs from its pinned Go modules, one family after the other, and returns
 * each with its directory and time; families that are in the cache take no time.
 * Throws as buildFamily does; families built before stay built.
 */
export async function buildAll(options: BuildOptions & { componentsRoot?: string | undefined }): Promise<BuiltFamily[]> {
  const built: BuiltFamily[] = [];
  for (const name of FAMILY_NAMES) {
    built.push(await buildFamily(await loadFamily(name, options.componentsRoot), options));
  }
  return built;
}
