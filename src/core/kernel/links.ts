import * as z from 'zod';
import { parseJsonOf } from '../values/json.ts';

const linkSchema = z.array(z.looseObject({ ifindex: z.int().positive() })).length(1);

/**
 * Parses the output of `ip -json -batch` for several `link show dev NAME`: on each line an array with one object.
 * Returns the numbers of the interfaces, which the kernel never reuses until it restarts.
 * @throws InputError for any other text.
 */
export function parseLinkNumbers(text: string): number[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => parseJsonOf(linkSchema, line, 'the interfaces')[0]?.ifindex ?? 0);
}

/**
 * Which of `names` a line of `ip -oneline monitor link` is about; undefined if that interface is gone, and for other
 * lines. The line has `NAME:` or `NAME@LOWER:`, and the name itself may contain an `@`.
 */
export function findChangedLink(line: string, names: Iterable<string>): string | undefined {
  const [, rest] = line.match(/^\d+: (.*)$/) ?? [];
  const isMeant = (name: string) => rest?.startsWith(`${name}: `) || /^@[^:\s]+: /.test(rest?.slice(name.length) ?? '');
  return [...names].filter((name) => rest?.startsWith(name) && isMeant(name)).sort((a, b) => b.length - a.length)[0];
}
