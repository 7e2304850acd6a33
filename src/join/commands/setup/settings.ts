import type { Instance, InstanceName, OverTcp, Traffic } from '../../../core/client/instance.ts';
import {
  DEFAULT_SAMPLE,
  deriveInstanceFile,
  formatInstance,
  parseInstance,
} from '../../../core/client/instance-file.ts';
import { describeError, InputError } from '../../../core/values/errors.ts';
import type { HostPort } from '../../../core/values/host-port.ts';

/** What the command line says about root's file; absent where it says nothing. */
export interface Settings {
  readonly gateway?: readonly HostPort[];
  readonly domain?: string;
  readonly allTraffic?: boolean;
  readonly proxyOnly?: boolean;
  readonly overTcp?: OverTcp;
  readonly sample?: number;
}

const DEFAULTS = { traffic: 'routes', overTcp: 'auto', sample: DEFAULT_SAMPLE } as const;
const BOTH = 'Cannot use --all-traffic with --proxy-only: choose one of them';

export function areGiven(settings: Settings): boolean {
  const { gateway, domain, allTraffic, proxyOnly, overTcp, sample } = settings;
  return [gateway, domain, allTraffic, proxyOnly, overTcp, sample].some((one) => one !== undefined);
}

/**
 * A new tunnel, or one with some settings changed; what the command line does not name stays.
 * @throws InputError
 */
export function buildInstance(name: InstanceName, settings: Settings, now?: Instance): Instance {
  const { gateway = now?.gateways, domain = now?.domain } = settings;
  const [first, ...others] = gateway ?? [];
  if (first === undefined || domain === undefined) {
    const missing = [...(first === undefined ? ['--gateway'] : []), ...(domain === undefined ? ['--domain'] : [])];
    throw new InputError(
      `Cannot set up ${name}: there is no such tunnel yet, so ${missing.join(' and ')} must be given`,
    );
  }
  return check({
    name,
    gateways: [first, ...others],
    domain,
    traffic: decideTraffic(settings, now?.traffic ?? DEFAULTS.traffic),
    overTcp: settings.overTcp ?? now?.overTcp ?? DEFAULTS.overTcp,
    sample: settings.sample ?? now?.sample ?? DEFAULTS.sample,
  });
}

export function isSameInstance(one: Instance, other: Instance): boolean {
  return formatInstance(one) === formatInstance(other);
}

function decideTraffic({ allTraffic, proxyOnly }: Settings, now: Traffic): Traffic {
  if (allTraffic && proxyOnly) throw new InputError(BOTH);
  if (allTraffic) return 'all';
  if (proxyOnly) return 'proxy';
  const isTakenBack = (now === 'all' && allTraffic === false) || (now === 'proxy' && proxyOnly === false);
  return isTakenBack ? 'routes' : now;
}

/** Root's file is written only if it can be read back. */
function check(instance: Instance): Instance {
  try {
    return parseInstance(instance.name, formatInstance(instance));
  } catch (error) {
    // There is no such file yet, or its settings are others.
    const reason = describeError(error).replace(`${deriveInstanceFile(instance.name)}: `, '');
    throw new InputError(`Cannot use these settings: ${reason}`, { cause: error });
  }
}
