import { exitWithUsageError } from '../../../command-line.ts';
import { deriveVnis, parseDomainSeed } from '../../../core/operator/vni.ts';
import type { AddressVariant } from '../../../core/values/address-variant.ts';
import { deriveAll } from '../../../core/values/derived-address.ts';
import { parsePublicKey } from '../../../core/values/public-key.ts';
import { type Call, PROGRAM, readWord } from '../../terminal/call.ts';
import { printJson, printLines } from '../../terminal/print.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { renderDerivations, renderVnis } from './text.ts';

interface Options {
  readonly variant?: AddressVariant;
  /** A domain seed. */
  readonly vni?: string;
}

/**
 * `wgkex derive KEY` or `wgkex derive --vni SEED`: what firmware derives from a public key or a domain seed.
 * Reads nothing from this machine.
 */
export async function run({ args: [text], options }: Call<Options>): Promise<boolean> {
  const { vni, variant, json = false } = options;
  if ((text === undefined) === (vni === undefined))
    exitWithUsageError(PROGRAM, 'expected either a public key or --vni with a domain seed');
  if (text === undefined) showVnis(vni ?? '', json);
  else showDerivations(text, variant, json);
  return true;
}

function showDerivations(text: string, only: AddressVariant | undefined, json: boolean): void {
  const key = readWord(parsePublicKey, text);
  const derivations = deriveAll(key).filter(({ variant }) => variant === (only ?? variant));
  if (json) printJson({ key, derivations });
  else printLines(renderDerivations(derivations, findTerminal()));
}

function showVnis(text: string, json: boolean): void {
  const seed = readWord(parseDomainSeed, text);
  const vnis = deriveVnis(seed);
  if (json) printJson({ domain_seed: seed, vnis });
  else printLines(renderVnis(vnis, findTerminal()));
}
