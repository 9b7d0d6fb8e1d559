/** Reads a verb's options and arguments as the type they are meant to be; every error names the option. */
import { UsageError } from '../core/errors.ts';
import type { VerbContext } from './verb.ts';

/** `dryRun` → `--dry-run`, for messages. */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The option's text; undefined when absent. */
export function textOption(ctx: VerbContext, name: string): string | undefined {
  const value = ctx.options[name];
  return typeof value === 'string' ? value : undefined;
}

/** True when a switch (`--yes`) is on; `--no-x` makes `x` false. */
export function flagOption(ctx: VerbContext, name: string): boolean {
  return ctx.options[name] === true;
}

/** All values of a repeatable option; empty when absent. */
export function listOption(ctx: VerbContext, name: string): readonly string[] {
  const value = ctx.options[name];
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

/** A whole number within the bounds (inclusive); undefined when absent. Errors: UsageError naming the option and the bounds. */
export function integerOption(ctx: VerbContext, name: string, bounds: { min: number; max: number }): number | undefined {
  const text = textOption(ctx, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || value < bounds.min || value > bounds.max) {
    throw new UsageError(`${flagOf(name)} is ${JSON.stringify(text)}; expected a whole number from ${bounds.min} to ${bounds.max}.`);
  }
  return value;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of a duration such as `500ms`, `30s`, `1m30s`, `2h`. Errors: UsageError naming `what`. */
export function parseDuration(text: string, what: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) {
    throw new UsageError(`${what} is ${JSON.stringify(text)}; expected a duration such as 500ms, 30s, 1m30s or 2h.`);
  }
  return parts.reduce((total, part) => total + Number(part[1]) * (UNIT_MS[part[2] ?? ''] ?? 0), 0);
}

/** Milliseconds of a duration option; undefined when absent. Errors: UsageError naming the option. */
export function durationOption(ctx: VerbContext, name: string): number | undefined {
  const text = textOption(ctx, name);
  return text === undefined ? undefined : parseDuration(text, flagOf(name));
}

/** A required positional argument's text. */
export function textArgument(ctx: VerbContext, name: string): string {
  const value = ctx.args[name];
  if (typeof value !== 'string') throw new UsageError(`The argument ${name.toUpperCase()} is missing.`);
  return value;
}

/** A variadic argument's list; empty when nothing was given. */
export function listArgument(ctx: VerbContext, name: string): readonly string[] {
  const value = ctx.args[name];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}
