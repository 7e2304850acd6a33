import { describeError } from '../../../core/values/errors.ts';
import { readCredentials, readPublicKey } from '../../../system/client/store/secrets.ts';
import { isRoot } from '../call.ts';
import { type Finding, type FindingCode, finding, NEEDS_ROOT, type TunnelCheck } from './finding.ts';

/** What root keeps of a tunnel, besides the file that everybody may read. */
export const secrets: TunnelCheck = {
  name: 'credentials',
  async find({ name }) {
    if (!isRoot()) return NEEDS_ROOT;
    return [
      ...attempt('credentials-unusable', () => readCredentials(name), `wgkex-join ${name} --token-file -`),
      ...attempt('key-unusable', () => readPublicKey(name), `wgkex-join ${name} --new-key`),
    ];
  },
};

function attempt(code: FindingCode, read: () => unknown, remedy: string): Finding[] {
  try {
    read();
    return [];
  } catch (error) {
    return [finding(code, describeError(error), remedy)];
  }
}
