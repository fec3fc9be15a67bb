// Schedules with the same integers as the chain's contract: exact fractions,
// rounded half up to the fen at the same places.
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

/** xinlian.loan.v1.Method */
export const methodLevel = 1;
export const methodEqualPrincipal = 2;
export const methodInterestOnly = 3;
export const methodBullet = 4;

/** The level instalment of a rate of a/d a period. */
function annuity(principalFen: bigint, a: bigint, d: bigint, periods: bigint): bigint {
  if (a === 0n) return halfUp(principalFen, periods);
  const g = (d + a) ** periods;
  return halfUp(principalFen * a * g, d * (g - d ** periods));
}

/**
 * The schedule of one tranche; unit is a xinlian.loan.v1.PeriodUnit, method a
 * xinlian.loan.v1.Method. A bullet has one line.
 */
export function schedule(principalFen: bigint, rateBps: number, unit: number, periods: number, method: number): Line[] {
  if (principalFen <= 0n || periods < 1 || periods > periodsMax) throw new Fault("value", "schedule");
  if (unit !== unitMonth && unit !== unitWeek) throw new Fault("value", "period unit");
  const n = BigInt(periods);
  const [a, d] = unit === unitMonth ? [BigInt(rateBps), 120_000n] : [BigInt(rateBps) * 7n, 3_650_000n];
  let part: (interestFen: bigint) => bigint;
  switch (method) {
    case methodLevel: {
      const instalment = annuity(principalFen, a, d, n);
      part = (interestFen) => (instalment > interestFen ? instalment - interestFen : 0n);
      break;
    }
    case methodEqualPrincipal: {
      const equal = halfUp(principalFen, n);
      part = () => equal;
      break;
    }
    case methodInterestOnly:
      part = () => 0n;
      break;
    case methodBullet:
      return [{ principalFen, interestFen: halfUp(principalFen * a * n, d) }];
    default:
      throw new Fault("value", "method");
  }
  const lines: Line[] = [];
  for (let k = 1, balance = principalFen; balance > 0n; k++) {
    const interestFen = halfUp(balance * a, d);
    let principal = part(interestFen);
    if (principal > balance || k === periods) principal = balance;
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
