import { mkdtemp, readFile, symlink } from 'node:fs/promises';
import { execa } from 'execa';

const MODULES = 'node_modules';

/** By the names of packages. */
type Versions = Readonly<Record<string, string>>;

export interface Revision {
  /** The abbreviated commit. */
  readonly name: string;
  /** Where it is built. */
  readonly directory: string;
}

/**
 * Builds another revision of this repository in a folder of the lab, which goes with the lab.
 * @throws Error if that bundles packages that are not installed for this one: the lab has no network to fetch them from.
 */
export async function buildRevision(revision: string): Promise<Revision> {
  const name = await git('rev-parse', '--short', '--verify', '--end-of-options', `${revision}^{commit}`);
  const directory = await mkdtemp(`/tmp/wgkex-${name}-`);
  await git('archive', '--output', `${directory}/tree.tar`, name);
  await execa('tar', ['-xf', 'tree.tar'], { cwd: directory });
  const { dependencies } = await readPackage(directory);
  const { dependencies: ours, devDependencies } = await readPackage('.');
  const installed = { ...ours, ...devDependencies };
  const missing = Object.entries(dependencies).find(([name, version]) => installed[name] !== version);
  if (missing !== undefined)
    throw new Error(`Cannot build "${revision}": it needs ${missing.join(' ')}, which this tree does not`);
  await symlink(`${process.cwd()}/${MODULES}`, `${directory}/${MODULES}`);
  await execa('node', ['build.mjs'], { cwd: directory });
  return { name, directory };
}

/** `dependencies` become part of the executables; they may be among our `devDependencies` now. */
async function readPackage(directory: string): Promise<Record<'dependencies' | 'devDependencies', Versions>> {
  return JSON.parse(await readFile(`${directory}/package.json`, 'utf8'));
}

/** The repository may belong to the user who made the lab. */
async function git(...args: string[]): Promise<string> {
  return (await execa('git', ['-c', 'safe.directory=*', ...args])).stdout;
}
