import type * as z from 'zod';
import { escapeLine, quote } from '../values/quote.ts';

/** Enough of a wrong value to find it again. */
const FOUND_CHARACTERS = 64;
const PATH_CHARACTERS = 128;

/** One issue at a time: the first is often the cause of the others. */
export function describeIssue(issues: readonly z.core.$ZodIssue[], document: unknown): string {
  const [issue] = issues;
  if (issue === undefined) throw new Error('zod refused the configuration without an issue');
  const [unknownKey] = issue.code === 'unrecognized_keys' ? issue.keys : [];
  const path = unknownKey === undefined ? issue.path : [...issue.path, unknownKey];
  const expected = unknownKey === undefined ? describeExpectation(issue) : 'a known setting';
  return `${describePlace(path)}: expected ${expected}, found ${describeFound(findValue(document, path))}`;
}

function describeExpectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return describeType(issue.expected);
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'too_small':
      if (issue.origin === 'array') return 'at least one entry';
      return issue.origin === 'string' ? 'a text that is not empty' : `${issue.minimum} or more`;
    case 'too_big':
      if (issue.origin === 'array') return `at most ${issue.maximum} entries`;
      return `${issue.maximum} or less`;
    default:
      return issue.message;
  }
}

const TYPE_WORDS: Record<string, string> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  never: 'nothing in a domain that has a pool',
  number: 'a number',
  object: 'a table',
  record: 'a table',
  string: 'a text in quotes',
};

function describeType(type: string): string {
  return TYPE_WORDS[type] ?? type;
}

/** What stands at a place of a document; undefined if nothing does. */
export function findValue(document: unknown, path: readonly PropertyKey[]): unknown {
  let found = document;
  for (const step of path) {
    const isTable = typeof found === 'object' && found !== null && Object.hasOwn(found, step);
    found = isTable ? (found as Record<PropertyKey, unknown>)[step] : undefined;
  }
  return found;
}

/** A wrong value, in a few printable words. */
export function describeFound(found: unknown): string {
  if (found === undefined) return 'nothing';
  if (typeof found === 'string') return quote(found);
  // JSON knows neither nan nor inf.
  if (typeof found === 'number') return String(found).toLowerCase();
  return escapeLine(JSON.stringify(found), FOUND_CHARACTERS);
}

/** A setting by its tables, as in `domains.ffww01.route`. */
export function describePlace(path: readonly PropertyKey[]): string {
  return escapeLine(path.join('.'), PATH_CHARACTERS);
}
