import type { DomainName, InterfaceName } from '../../core/values/names.ts';
import { PROGRAMS, type Program } from '../../system/run/programs.ts';

/**
 * A remedy that `wgkex check --fix` may run, as it removes no peer and cuts nobody off. There are no others than those
 * that the functions of this file make; a remedy that is only a text is never run.
 */
export class HarmlessRemedy {
  readonly program: Program;
  readonly args: readonly string[];

  private constructor(program: Program, args: readonly string[]) {
    this.program = program;
    this.args = args;
  }

  /** Enables a unit for the next boot, and with `now` also starts it. */
  static enableUnit(id: string, when: 'now' | 'at boot'): HarmlessRemedy {
    return new HarmlessRemedy('systemctl', ['enable', ...(when === 'now' ? ['--now'] : []), id]);
  }

  /** Makes forwarding entries and routes match the peers, and gives bound leases their peers. */
  static restoreForwarding(domain: DomainName): HarmlessRemedy {
    return new HarmlessRemedy('wgkex-cleanup', ['--repair', domain]);
  }

  /** sysctl(8) uses the first separator throughout, and an interface name may contain a dot. */
  static switchIpv6On(name: InterfaceName): HarmlessRemedy {
    return new HarmlessRemedy('sysctl', ['-w', `net/ipv6/conf/${name}/disable_ipv6=0`]);
  }

  /** The command line, as a person types it. */
  toString(): string {
    // It is not on anybody's PATH.
    const program = this.program === 'wgkex-cleanup' ? PROGRAMS[this.program] : this.program;
    return [program, ...this.args].join(' ');
  }
}
