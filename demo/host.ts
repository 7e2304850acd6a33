import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { execa } from 'execa';
import type { Journal } from './journal.ts';
import { NotSeenError, showCommand, showOutput } from './terminal.ts';

/** Every command that is shown ends by itself long before. */
const TIMEOUT_SECONDS = 20;

/** A machine of the demo, which is a network namespace: what is typed there is shown, and is what runs. */
export class Host {
  readonly name: string;
  /** False while its commands are left out. */
  isShown = true;

  constructor(name: string) {
    this.name = name;
  }

  /** Runs a line of shell; shows it and what it printed, and returns that. @throws NotSeenError if it fails. */
  async type(line: string): Promise<string> {
    if (this.isShown) await showCommand(this.name, line);
    const output = await this.run(line);
    if (this.isShown) showOutput(output);
    return output;
  }

  /** The same, unseen. */
  async run(line: string): Promise<string> {
    const result = await execa('ip', ['netns', 'exec', this.name, 'sh', '-c', line], {
      reject: false,
      stdin: 'ignore',
      timeout: TIMEOUT_SECONDS * 1000,
    });
    if (!result.failed) return result.stdout;
    const [said = ''] = (result.stderr || result.stdout).trim().split('\n').slice(-1);
    const end = result.timedOut ? `timed out after ${TIMEOUT_SECONDS} s` : `exit status ${result.exitCode}`;
    throw new NotSeenError(`${this.name}# ${line}: ${said === '' ? end : `${end}, ${said}`}`);
  }

  /** Shows and starts a program that runs until the lab ends and writes to a log; the log records an earlier end. */
  async start(command: string, log: Journal): Promise<void> {
    await showCommand(this.name, `${command} &`);
    const child = this.#spawn(command, log);
    child.once('exit', (status, signal) =>
      log.end(`${this.name}# ${command}: ended with ${signal ?? `status ${status}`}`),
    );
  }

  /** Shows and runs a program that writes to a log. @throws NotSeenError if it fails. */
  async runLogged(command: string, log: Journal): Promise<void> {
    await showCommand(this.name, command);
    const [status] = await once(this.#spawn(command, log), 'exit');
    if (status !== 0) throw new NotSeenError(`${this.name}# ${command}: exit status ${status}`);
  }

  #spawn(command: string, { fd, environment }: Journal): ChildProcess {
    const env = { ...process.env, ...environment };
    const args = ['netns', 'exec', this.name, ...command.split(' ')];
    return spawn('ip', args, { stdio: ['ignore', fd, fd], env });
  }
}
