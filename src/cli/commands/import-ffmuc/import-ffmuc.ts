import { closeSync, openSync, readSync } from 'node:fs';
import { hostname } from 'node:os';
import { parseGatewayId } from '../../../core/fleet/gateway-id.ts';
import { describeError, describeSystemError, InputError } from '../../../core/values/errors.ts';
import { type Call, readWord } from '../../terminal/call.ts';
import { complain, printJson, printLines } from '../../terminal/print.ts';
import { readFfmucConfig } from './ffmuc-config.ts';
import { describeTranslation, type Translation, translate } from './translation.ts';
import { parseYaml } from './yaml.ts';

/** Of YAML; freifunkMUC's own example has 1.5 kB. */
const MOST_BYTES = 65_536;

interface Options {
  /** The host that the file belongs to. */
  readonly host?: string;
}

/** `wgkex import-ffmuc FILE`: the wgkex.toml that belongs to freifunkMUC's wgkex.yaml. Reads nothing but that file. */
export async function run({ args: [path = ''], options }: Call<Options>): Promise<boolean> {
  const host = readWord(parseGatewayId, options.host ?? hostname());
  const translation = importFile(path, host);
  if (options.json) printJson(describeTranslation(translation));
  else print(translation);
  return true;
}

function print({ lines, notes }: Translation): void {
  printLines(lines);
  for (const { setting, text } of notes) complain(`${setting}: ${text}`);
}

function importFile(path: string, host: string): Translation {
  const text = readText(path);
  try {
    return translate(readFfmucConfig(parseYaml(text)), host);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${path}: ${describeError(error)}`, { cause: error });
  }
}

function readText(path: string): string {
  const bytes = readBytes(path);
  if (bytes.length > MOST_BYTES) throw new InputError(`${path}: expected at most ${MOST_BYTES} bytes, found more`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new InputError(`${path}: expected UTF-8, found other bytes`, { cause: error });
  }
}

/** Up to one byte more than is allowed: a device or a pipe may never end. */
function readBytes(path: string): Uint8Array {
  const buffer = new Uint8Array(MOST_BYTES + 1);
  let length = 0;
  try {
    const file = openSync(path, 'r');
    try {
      for (let count = -1; count !== 0 && length < buffer.length; length += count)
        count = readSync(file, buffer, length, buffer.length - length, null);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new InputError(`Cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
  }
  return buffer.subarray(0, length);
}
