/** An option for Node: what the program believes to be the time. The clock that never jumps is the machine's. */
export function pretendTime(unixSeconds: number): string {
  return `--import=data:text/javascript,Date.now=()=>${unixSeconds}e3`;
}
