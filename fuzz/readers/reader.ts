import assert from 'node:assert/strict';
import { InputError } from '../../src/core/values/errors.ts';

/** Gives a text to one of wgkex's parsers; throws unless it is accepted or refused correctly. */
export type Reader = (text: string) => void;

/** Returns the result of `parse`; undefined if it refuses with one printable line. */
export function readOrRefuse<T>(parse: () => T, message = /^[ -~…]{1,500}$/): T | undefined {
  try {
    return parse();
  } catch (error) {
    assert.ok(error instanceof InputError, `threw ${error}`);
    assert.match(error.message, message);
    return undefined;
  }
}

/** Like JSON.parse, but returns undefined if that throws. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether the kernel accepts a name for an interface, and no command line takes it for anything else. */
export function isInterface(text: string): boolean {
  return /^[!-~]{1,15}$/.test(text) && !/^[-.]|^(all|default)$|[/:%"'\\#]/.test(text);
}
