import { parseTunnelFile } from '../../../core/client/configuration/tunnel-file.ts';
import type { InstanceName } from '../../../core/client/instance.ts';
import type { TunnelSettings } from '../../../core/leases/tunnel-config.ts';
import { readAccepted } from '../../../system/client/store/accepted.ts';

/** The configuration in use; undefined if there has been none yet. @throws InputError */
export function readSettings(name: InstanceName): TunnelSettings | undefined {
  const accepted = readAccepted(name);
  return accepted && parseTunnelFile(accepted.config);
}
