// Equal instalments (等额本息), with the same integers as the chain's contract:
// exact fractions, rounded half up to the fen at the same places.
import { Fault } from "./fault.ts";

export interface Line {
  principalFen: bigint;
  interestFen: bigint;
}

export const unitMonth = 1;
export const unitWeek = 2;
const periodsMax = 60;

function halfUp(num: bigint, den: bigint): bigint {
  return (2n * num + den) / (2n * den);
}

/** The schedule of one tranche; unit is a xinlian.loan.v1.PeriodUnit. */
export function schedule(principalFen: bigint, rateBps: number, unit: number, periods: number): Line[] {
  if (principalFen <= 0n || periods < 1 || periods > periodsMax) throw new Fault("value", "schedule");
  if (unit !== unitMonth && unit !== unitWeek) throw new Fault("value", "period unit");
  const [a, d] = unit === unitMonth ? [BigInt(rateBps), 120_000n] : [BigInt(rateBps) * 7n, 3_650_000n];
  const g = (d + a) ** BigInt(periods);
  const instalment =
    a === 0n ? halfUp(principalFen, BigInt(periods)) : halfUp(principalFen * a * g, d * (g - d ** BigInt(periods)));
  const lines: Line[] = [];
  for (let n = 1, balance = principalFen; balance > 0n; n++) {
    const interestFen = halfUp(balance * a, d);
    let principal = instalment > interestFen ? instalment - interestFen : 0n;
    if (principal > balance || n === periods) principal = balance;
    lines.push({ principalFen: principal, interestFen });
    balance -= principal;
  }
  return lines;
}

/** A principal shared among tranches: each part rounded down, the last one the remainder. */
export function split(principalFen: bigint, trancheBps: readonly number[]): bigint[] {
  let left = principalFen;
  return trancheBps.map((bps, i) => {
    const part = i === trancheBps.length - 1 ? left : (principalFen * BigInt(bps)) / 10_000n;
    if (part <= 0n) throw new Fault("value", "tranche");
    left -= part;
    return part;
  });
}
