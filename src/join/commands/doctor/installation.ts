/** Restores the files of the package, including missing files in /etc; never overwrites a file in /etc that exists. */
export const REINSTALL = 'apt-get install --reinstall -o DPkg::Options::=--force-confmiss wgkex-client';
