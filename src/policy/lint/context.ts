/** What the rules of lint look at. */
import type { Engine } from '../compile/engine.ts';
import type { LoadedObject, Problem } from '../input/object.ts';
import type { Isolation, Rule } from '../model/rules.ts';

export interface LintContext {
  engine: Engine;
  objects: readonly LoadedObject[];
  problems: readonly Problem[];
  /** Those that somebody wrote. */
  rules: readonly Rule[];
  isolations: readonly Isolation[];
}

export function lintContext(engine: Engine, objects: readonly LoadedObject[], problems: readonly Problem[]): LintContext {
  const { stages } = engine.state;
  return {
    engine, objects, problems,
    rules: stages.flatMap((stage) => stage.rules).filter((rule) => rule.implied === undefined),
    isolations: stages.flatMap((stage) => stage.isolations),
  };
}
