import assert from 'node:assert/strict';

/** A reason has at most 400 characters; escaped ones take up to six bytes each. */
const LINE_BYTES = 4096;
const PRINTABLE = /^[ -~…]*$/;

/** Each line must come from wgkex and contain nothing that a terminal could take for a command. */
export function checkLogLine(line: string): Record<string, unknown> {
  assert.match(line, PRINTABLE, 'a line of the log is not printable');
  assert.ok(Buffer.byteLength(line) <= LINE_BYTES, `a line of the log has ${Buffer.byteLength(line)} bytes`);
  const entry: Record<string, unknown> = parseLine(line);
  for (const name of ['level', 'time', 'msg']) assert.ok(name in entry, `a line of the log has no ${name}: ${line}`);
  for (const value of Object.values(entry).filter((field) => typeof field === 'string')) {
    assert.match(String(value), PRINTABLE, `a field of the log is not escaped: ${line}`);
  }
  return entry;
}

function parseLine(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new assert.AssertionError({ message: `not a line of the log: ${line} (${cause})` });
  }
}
