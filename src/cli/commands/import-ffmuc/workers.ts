import type { FfmucConfig } from './ffmuc-config.ts';
import { needsTls } from './mqtt.ts';
import type { Part } from './part.ts';

const NO_MQTT = 'left out, as there is no mqtt';

/** `[mqtt.workers]`: the others, which go on running freifunkMUC's program. Behind `#` where `[mqtt]` is. */
export function translateWorkers({ workers, mqtt }: FfmucConfig, host: string): Part {
  const others = [...workers].filter(([name]) => name !== host);
  if (others.length === 0) return { tables: [], notes: [] };
  if (!mqtt) return { tables: [], notes: [{ setting: 'workers', text: NO_MQTT }] };
  const settings = others.map(([name, weight]) => [JSON.stringify(name), { weight }] as const);
  return { tables: [{ name: 'mqtt.workers', settings, isOff: needsTls(mqtt) }], notes: [] };
}
