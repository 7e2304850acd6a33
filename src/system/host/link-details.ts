import { type Link, parseLinks } from '../../core/host/link-details.ts';
import { run } from '../run/run.ts';

/** The network interfaces of this machine by their names. */
export async function readLinks(): Promise<ReadonlyMap<string, Link>> {
  const links = parseLinks(await run('ip', ['-json', '-details', 'link', 'show']));
  return new Map(links.map((link) => [link.name, link]));
}
