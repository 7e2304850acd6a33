/** An option for Node that pretends another time to the program. The clock that never jumps remains the machine's. */
export function pretendTime(unixSeconds: number): string {
  return `--import=data:text/javascript,Date.now=()=>${unixSeconds}e3`;
}

/** The same for a clock that is wrong by so much, and goes on. */
export function shiftTime(seconds: number): string {
  return `--import=data:text/javascript,Date.now=(now=>()=>now()+${seconds}e3)(Date.now)`;
}
