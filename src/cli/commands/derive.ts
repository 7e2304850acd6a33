import type { AddressVariant } from '../../core/address-variant.ts';
import { deriveAll } from '../../core/link-address.ts';
import { parsePublicKey } from '../../core/public-key.ts';
import { type Call, readWord } from '../call.ts';
import { renderDerivations } from '../rendering/derivations.ts';
import { printJson, printLines } from '../rendering/print.ts';
import { findTerminal } from '../rendering/terminal.ts';

/** `wgkex derive KEY`: the MAC address and the address that belong to a key. Reads nothing of this machine. */
export async function run({ args: [text = ''], options }: Call<{ variant?: AddressVariant }>): Promise<boolean> {
  const key = readWord(parsePublicKey, text);
  const derivations = deriveAll(key).filter(({ variant }) => variant === (options.variant ?? variant));
  if (options.json) printJson({ key, derivations });
  else printLines(renderDerivations(derivations, findTerminal()));
  return true;
}
