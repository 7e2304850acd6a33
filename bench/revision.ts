import { mkdtemp, readFile, symlink } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { execa } from 'execa';

const MODULES = 'node_modules';

export interface Revision {
  /** The abbreviated commit. */
  readonly name: string;
  /** Where it is built. */
  readonly directory: string;
}

/**
 * Builds another revision of this repository in a folder of the lab, which goes with the lab.
 * @throws Error if that bundles other packages: the lab has no network to fetch them from.
 */
export async function buildRevision(revision: string): Promise<Revision> {
  const name = await git('rev-parse', '--short', '--verify', '--end-of-options', `${revision}^{commit}`);
  const directory = await mkdtemp(`/tmp/wgkex-${name}-`);
  await git('archive', '--output', `${directory}/tree.tar`, name);
  await execa('tar', ['-xf', 'tree.tar'], { cwd: directory });
  const [theirs, ours] = [await readDependencies(directory), await readDependencies('.')];
  if (!isDeepStrictEqual(theirs, ours))
    throw new Error(`Cannot build "${revision}": it depends on other packages than this tree`);
  await symlink(`${process.cwd()}/${MODULES}`, `${directory}/${MODULES}`);
  await execa('node', ['build.mjs'], { cwd: directory });
  return { name, directory };
}

/** Those that become part of the executables. */
async function readDependencies(directory: string): Promise<unknown> {
  return JSON.parse(await readFile(`${directory}/package.json`, 'utf8')).dependencies;
}

/** The repository may belong to the user who made the lab. */
async function git(...args: string[]): Promise<string> {
  return (await execa('git', ['-c', 'safe.directory=*', ...args])).stdout;
}
