import type { Config } from '../../../config/config.ts';
import { describeError } from '../../../core/values/errors.ts';
import type { PublicKey } from '../../../core/values/public-key.ts';
import { findOwnId } from '../../../mqtt-client/own-id.ts';
import { readWireguard } from '../../../system/kernel/wg.ts';
import { findOwnConcerns } from '../../fleet/findings.ts';
import { type FleetReading, readFleetAt } from '../../fleet/reading.ts';
import { findWorkerConcerns } from '../../fleet/workers.ts';
import type { Concern } from '../../gateway/concern.ts';
import { type Check, concern, isRoot, type Subject } from '../check.ts';

type Mqtt = NonNullable<Config['mqtt']>;

/** Two machines with one id throw each other out, and both are back within this time. */
const TWIN_SECONDS = 6;

/** Only for a configuration with `[mqtt]`. */
export const fleet: Check = {
  name: 'fleet',
  async find(subject) {
    const { mqtt } = subject.config;
    if (mqtt === undefined) return [];
    const asked = await Promise.all(
      mqtt.url.map((broker) =>
        readFleetAt(broker, mqtt, TWIN_SECONDS).catch((error) => concern('broker-unreachable', describeError(error))),
      ),
    );
    const unreachable = asked.filter((outcome): outcome is Concern => 'problem' in outcome);
    const readings = asked.filter((outcome): outcome is FleetReading => 'members' in outcome);
    return [...unreachable, ...(await findParticipationFaults(subject, mqtt, readings))];
  },
};

/** Several brokers may be bridged, or spares: it is enough to be known to one of them. */
async function findParticipationFaults(
  { config, domains }: Subject,
  mqtt: Mqtt,
  readings: readonly FleetReading[],
): Promise<Concern[]> {
  const [best] = readings
    .map((reading) => ({
      reading,
      concerns: [...findOwnConcerns(config, reading), ...findWorkerConcerns(config, reading)],
    }))
    .sort((one, other) => one.concerns.length - other.concerns.length);
  if (best === undefined) return [];
  const keys = isRoot() ? await Promise.all(domains.map((domain) => readOwnKey(domain))) : [];
  const isForeign = hasForeignKey(best.reading, mqtt, keys);
  const isTwice = isForeign || readings.some(({ ownInstances }) => ownInstances.size > 1);
  const problem = `another machine has the id ${findOwnId(mqtt)}, too: set another id in [mqtt]`;
  return [...best.concerns, ...(isTwice ? [concern('fleet-id-twice', problem)] : [])];
}

async function readOwnKey(domain: Subject['domains'][number]): Promise<PublicKey | undefined> {
  const reading = await readWireguard(domain).catch(() => undefined);
  return reading?.ownKey;
}

/** Something is announced as this gateway whose key none of its interfaces has. */
function hasForeignKey({ members }: FleetReading, mqtt: Mqtt, keys: readonly (PublicKey | undefined)[]): boolean {
  const own = members.find(({ id }) => id === findOwnId(mqtt));
  const announced = [...(own?.domains.values() ?? [])].map(({ public_key }) => public_key);
  const isComplete = keys.length > 0 && keys.every((key) => key !== undefined);
  return isComplete && announced.some((key) => !keys.includes(key));
}
