import { eventually } from '../commands.ts';

/** What ip(8) shows of a machine, as JSON. */
const QUESTIONS = [
  ['link'],
  ['address'],
  ['-4', 'route', 'show', 'table', 'all'],
  ['-6', 'route', 'show', 'table', 'all'],
  ['-4', 'rule'],
  ['-6', 'rule'],
] as const;
/** They change by themselves. */
const VOLATILE = ['expires', 'operstate'];
const TENTATIVE = ['-6', '-oneline', 'address', 'show', 'tentative'];

type Run = (program: string, ...args: string[]) => Promise<string>;

/** Everything that a client may change on a machine: interfaces, addresses, routes, rules, name servers. */
export async function readSnapshot(run: Run): Promise<string[]> {
  // Until nobody else on the link has claimed it an address has no route yet.
  await eventually('no address is tentative', async () => (await run('ip', ...TENTATIVE)) === '');
  const asked = QUESTIONS.map(async (words) => {
    const answer = JSON.parse((await run('ip', '-json', ...words)) || '[]') as Record<string, unknown>[];
    return answer.map((entry) => `${words.join(' ')}: ${JSON.stringify(entry, leaveOutVolatile)}`);
  });
  const resolvers = (await run('cat', '/etc/resolv.conf')).split('\n').map((line) => `resolv.conf: ${line}`);
  return [...(await Promise.all(asked)).flat(), ...resolvers].sort();
}

function leaveOutVolatile(name: string, value: unknown): unknown {
  return VOLATILE.includes(name) ? undefined : value;
}

/** What there was before and is not there now, and the other way round; empty if all is the same. */
export function listChanges(before: readonly string[], now: readonly string[]): string[] {
  const gone = before.filter((line) => !now.includes(line)).map((line) => `- ${line}`);
  return [...gone, ...now.filter((line) => !before.includes(line)).map((line) => `+ ${line}`)];
}
