/** Confidence bounds for a loss rate. */

/**
 * Upper bound of the one-sided 95 % confidence interval for the rate of loss, after `lost` of `sent`
 * probes were lost (Clopper and Pearson, exact; with none lost it is 1 - 0.05^(1/sent), about 3/sent).
 *
 * It assumes that losses are independent. Losses in networks come in bursts, so many probes within
 * one second tell less than their number suggests: the bound is about the share of probes lost in
 * a time like the one measured, and is too small for rare events. Show it with the longest gap.
 *
 * Returns 1 when nothing was sent.
 */
export function upperBound95(lost: number, sent: number): number {
  if (sent <= 0 || lost >= sent) return 1;
  if (lost === 0) return -Math.expm1(Math.log(0.05) / sent);
  // The rate p at which `lost` or fewer of `sent` have probability 0.05: P falls as p grows, so halve.
  let low = lost / sent;
  let high = 1;
  for (let step = 0; step < 100 && high - low > 1e-15 * high; step += 1) {
    const middle = (low + high) / 2;
    if (binomialAtMost(lost, sent, middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}

/** P(X <= k) for X binomial(n, p). */
export function binomialAtMost(k: number, n: number, p: number): number {
  if (k >= n) return 1;
  return 1 - incompleteBeta(k + 1, n - k, p);
}

/** Regularised incomplete beta function by its continued fraction (DLMF 8.17.22, evaluated after Lentz). */
function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  // The fraction converges quickly below the mean only; above it, mirror.
  if (x < (a + 1) / (a + b + 2)) return (front * betaFraction(a, b, x)) / a;
  return 1 - (front * betaFraction(b, a, 1 - x)) / b;
}

function betaFraction(a: number, b: number, x: number): number {
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || tiny);
  let result = d;
  for (let m = 1; m <= 10_000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d || tiny);
    c = 1 + even / c || tiny;
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d || tiny);
    c = 1 + odd / c || tiny;
    result *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return result;
}

/** ln Γ(z) for z > 0, by the Lanczos approximation with g = 7, n = 9 (about 15 digits). */
function logGamma(z: number): number {
  const coefficients = [676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7];
  const x = z - 1;
  const t = x + 7.5;
  let sum = 0.99999999999980993;
  coefficients.forEach((coefficient, index) => {
    sum += coefficient / (x + index + 1);
  });
  return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(t) - t + Math.log(sum);
}
