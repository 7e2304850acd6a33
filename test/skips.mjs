/**
 * A reporter that names what was skipped; with NO_SKIPS=1 in the environment that fails the run. Not in TypeScript, as
 * Node 18 loads reporters before tsx.
 */
export default async function* nameSkips(source) {
  for await (const { type, data } of source) {
    if (type !== 'test:pass' || data.skip === undefined) continue;
    if (process.env.NO_SKIPS === '1') process.exitCode = 1;
    yield `SKIPPED: ${data.name}${typeof data.skip === 'string' ? `: ${data.skip}` : ''}\n`;
  }
}
