import { isPublicKey, type PublicKey } from '../values/public-key.ts';

/**
 * The public keys of the peers that a file of wg-quick(8) or systemd.netdev(5) sets up. None if the file has
 * `SaveConfig = true`: wg-quick writes all current peers into it when the interface goes down.
 */
export function parsePeerFile(text: string): PublicKey[] {
  const settings = text.split('\n').flatMap(parseSetting);
  if (settings.some(([name, value]) => name === 'saveconfig' && value === 'true')) return [];
  return settings.flatMap(([name, value]) => (name === 'publickey' && isPublicKey(value) ? [value] : []));
}

/** Names are case-insensitive; a comment may begin anywhere in a line. */
function parseSetting(line: string): (readonly [name: string, value: string])[] {
  const [, name = '', value = ''] = /^\s*([A-Za-z]+)\s*=\s*([^#;]*)/.exec(line) ?? [];
  return name === '' ? [] : [[name.toLowerCase(), value.trim()]];
}
