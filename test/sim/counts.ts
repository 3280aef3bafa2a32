/** What happened how often: faults, and branches of the actors worth reaching. */
export class Counts {
  readonly all: Record<string, number> = {}

  add(what: string, times = 1): void {
    this.all[what] = (this.all[what] ?? 0) + times
  }
}
