import * as z from 'zod';
import { parseJsonOf } from '../values/json.ts';

const linkSchema = z.array(z.looseObject({ ifindex: z.int().positive() })).length(1);

/**
 * Parses what `ip -json -batch` prints for some `link show dev NAME`: an array with one object a line. Returns the
 * numbers of the interfaces, which the kernel never gives twice (until it restarts).
 * @throws InputError for any other text.
 */
export function parseLinkNumbers(text: string): number[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => parseJsonOf(linkSchema, line, 'the interfaces')[0]?.ifindex ?? 0);
}

/**
 * Which of `names` a line of `ip -oneline monitor link` is about; undefined where that is gone, or for other lines. The
 * line has `NAME:`, or `NAME@LOWER:`, and a name may have an `@` of its own.
 */
export function findChangedLink(line: string, names: Iterable<string>): string | undefined {
  const [, rest] = line.match(/^\d+: (.*)$/) ?? [];
  const isMeant = (name: string) => rest?.startsWith(`${name}: `) || /^@[^:\s]+: /.test(rest?.slice(name.length) ?? '');
  return [...names].filter((name) => rest?.startsWith(name) && isMeant(name)).sort((a, b) => b.length - a.length)[0];
}
