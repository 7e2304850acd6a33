import assert from 'node:assert/strict';
import { InputError } from '../../src/core/values/errors.ts';

/** Gives a text to one of wgkex's parsers; throws unless it was taken or refused as it should be. */
export type Reader = (text: string) => void;

/** What `parse` returns; undefined where it refuses with one printable line. */
export function readOrRefuse<T>(parse: () => T, message = /^[ -~…]{1,500}$/): T | undefined {
  try {
    return parse();
  } catch (error) {
    assert.ok(error instanceof InputError, `threw ${error}`);
    assert.match(error.message, message);
    return undefined;
  }
}

/** The same as JSON.parse, but for undefined where that throws. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A name that the kernel takes for an interface, and no command line for anything else. */
export function isInterface(text: string): boolean {
  return /^[!-~]{1,15}$/.test(text) && !/^[-.]|^(all|default)$|[/:%"'\\#]/.test(text);
}
