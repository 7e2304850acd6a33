import * as z from 'zod';
import { parseJsonOf } from './json.ts';

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

/** The interface that a line of `ip -oneline monitor link` is about; undefined where it is gone, or for other lines. */
export function findChangedLink(line: string): string | undefined {
  return line.match(/^\d+: ([^:@\s]{1,15})[:@]/)?.[1];
}
