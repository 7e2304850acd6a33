import type { OperatorsDeed } from '../arbitraries/histories.ts';
import { deriveAddress } from '../model/key.ts';
import type { Stage } from './history.ts';

/** Performs an action that an operator may take at any time, with any key. */
export function doOperators(deed: OperatorsDeed, key: string, { model, gateway: { kernel } }: Stage): void {
  const address = `${model.addressOf(key)}/128`;
  const other = `${deriveAddress(key, model.settings.variant === 'gluon' ? 'eui64' : 'gluon').address}/128`;
  const deeds: Record<OperatorsDeed, () => void> = {
    'add by hand': () => kernel.give(key, [address]),
    'give networks': () => kernel.give(key, [address, '192.0.2.0/24']),
    'take networks': () => kernel.change(key, { networks: [] }),
    'give another address': () => kernel.give(key, [other]),
    'give a preshared key': () => kernel.change(key, { hasPresharedKey: true }),
    'give a keepalive': () => kernel.change(key, { hasKeepalive: true }),
    'clear marks': () => kernel.change(key, { hasPresharedKey: false, hasKeepalive: false }),
    remove: () => void kernel.peers.delete(key),
    claim: () => toggle(model.claims, key),
    'list as static': () => toggle(model.statics, key),
    'list as disallowed': () => toggle(model.disallowed, key),
    'list as allowed': () => {
      model.allowed ??= new Set();
      toggle(model.allowed, key);
      if (model.allowed.size === 0) model.allowed = undefined;
    },
  };
  deeds[deed]();
}

function toggle(keys: Set<string> | Map<string, unknown>, key: string): void {
  if (keys.delete(key)) return;
  if (keys instanceof Set) keys.add(key);
  else keys.set(key, undefined);
}
