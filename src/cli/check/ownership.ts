import type { DomainConfig } from '../../config/config.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import { readPeerFiles } from '../../system/host/peer-files.ts';
import { type Concern, fault } from '../gateway/concern.ts';
import { readDomains } from '../gateway/peers.ts';
import { type Check, isRoot, NEEDS_ROOT } from './check.ts';

/** Keys that an operator set up in a file and a stranger registered first. */
export const ownership: Check = {
  name: 'ownership',
  async find({ domains, config }) {
    if (!isRoot()) return NEEDS_ROOT;
    const files = readPeerFiles();
    // The interfaces check reports domains that cannot be read.
    const { readings } = await readDomains(domains, config);
    return readings.flatMap(({ domain, view }) => {
      const { record, peers } = view;
      return domain.leased === undefined
        ? judgeOwnership(record.registrations.keys(), files, domain)
        : judgePoolOwnership(peers.ours.keys(), files, domain);
    });
  },
};

export function judgeOwnership(
  recorded: Iterable<PublicKey>,
  files: ReadonlyMap<PublicKey, string>,
  { name }: Pick<DomainConfig, 'name'>,
): Concern[] {
  return [...recorded].flatMap((key) => {
    const file = files.get(key);
    const problem = `${file} sets up a peer whose key is registered: wgkex treats it as a router's`;
    const released = fault('key-in-peer-file', problem, `wgkex release ${name} ${key}`);
    return file === undefined ? [] : [{ domain: name, ...released }];
  });
}

/** In a pool every peer is wgkex's that is not on the list of static keys. */
export function judgePoolOwnership(
  ours: Iterable<PublicKey>,
  files: ReadonlyMap<PublicKey, string>,
  { name }: Pick<DomainConfig, 'name'>,
): Concern[] {
  return [...ours].flatMap((key) => {
    const file = files.get(key);
    const problem = `${file} sets up a peer inside the pool: without a lease the cleanup removes it`;
    return file === undefined
      ? []
      : [{ domain: name, ...fault('key-in-peer-file', problem, `wgkex static add ${key}`) }];
  });
}
