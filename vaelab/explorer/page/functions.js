// Elementwise functions: Keras's activations and what keras.ops has of the kind.

// erf(x) = 2/sqrt(pi) exp(-x^2) sum of 2^n x^(2n+1) / (2n+1)!!: all terms have the sign of x, so that nothing cancels
// (Abramowitz and Stegun, 7.1.6). Beyond 6 it is 1 to the last digit.
export function erf(x) {
  const v = Math.abs(x);
  if (v > 6) return Math.sign(x);
  let term = v,
    sum = v;
  for (let n = 1; term > 1e-17 * sum; n++) {
    term *= (2 * v * v) / (2 * n + 1);
    sum += term;
  }
  return (Math.sign(x) * 2 * Math.exp(-v * v) * sum) / Math.sqrt(Math.PI);
}

const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const clip = (x, low, high) => Math.min(Math.max(x, low), high);
const hardSigmoid = (x) => clip(x + 3, 0, 6) / 6;
const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };

function relu({ max = null, slope = 0, threshold = 0 }) {
  if (max === null && threshold === 0) return slope === 0 ? (x) => (x > 0 ? x : 0) : (x) => (x > 0 ? x : slope * x);
  const below = (x) => (threshold === 0 ? Math.max(-x, 0) : Math.max(threshold - x, 0));
  const above = (x) => (threshold === 0 ? Math.max(x, 0) : x > threshold ? x : 0);
  const cut = max === null ? above : (x) => clip(above(x), 0, max);
  return slope === 0 ? cut : (x) => cut(x) - slope * below(x);
}

function gelu({ approximate = false }) {
  const root = Math.sqrt(2 / Math.PI);
  if (approximate) return (x) => 0.5 * x * (1 + Math.tanh(root * (x + 0.044715 * x * x * x)));
  return (x) => 0.5 * x * (1 + erf(x / Math.SQRT2));
}

// By name: settings to a function of one number. Defaults are those of keras.activations.
export const FUNCTIONS = {
  absolute: () => Math.abs,
  celu:
    ({ alpha = 1 }) =>
    (x) =>
      x > 0 ? x : alpha * Math.expm1(x / alpha),
  cos: () => Math.cos,
  elu:
    ({ alpha = 1 }) =>
    (x) =>
      x > 0 ? x : alpha * Math.expm1(x),
  exponential: () => Math.exp,
  expm1: () => Math.expm1,
  gelu,
  hard_shrink:
    ({ threshold = 0.5 }) =>
    (x) =>
      Math.abs(x) > threshold ? x : 0,
  hard_sigmoid: () => hardSigmoid,
  hard_silu: () => (x) => x * hardSigmoid(x),
  hard_tanh: () => (x) => clip(x, -1, 1),
  leaky_relu: ({ slope = 0.2 }) => relu({ slope }),
  log: () => Math.log,
  log1p: () => Math.log1p,
  log_sigmoid: () => (x) => -softplus(-x),
  mish: () => (x) => x * Math.tanh(softplus(x)),
  negative: () => (x) => -x,
  reciprocal: () => (x) => 1 / x,
  relu,
  relu6: () => (x) => clip(x, 0, 6),
  rsqrt: () => (x) => 1 / Math.sqrt(x),
  selu: () => (x) => SELU.scale * (x > 0 ? x : SELU.alpha * Math.expm1(x)),
  sigmoid: () => sigmoid,
  silu: () => (x) => x * sigmoid(x),
  sin: () => Math.sin,
  soft_shrink:
    ({ threshold = 0.5 }) =>
    (x) =>
      x > threshold ? x - threshold : x < -threshold ? x + threshold : 0,
  softplus: () => softplus,
  softsign: () => (x) => x / (1 + Math.abs(x)),
  sparse_plus: () => (x) => (x <= -1 ? 0 : x < 1 ? ((x + 1) * (x + 1)) / 4 : x),
  sparse_sigmoid: () => (x) => clip(0.5 * (x + 1), 0, 1),
  sqrt: () => Math.sqrt,
  square: () => (x) => x * x,
  squareplus:
    ({ b = 4 }) =>
    (x) =>
      (x + Math.sqrt(x * x + b)) / 2,
  tanh: () => Math.tanh,
  tanh_shrink: () => (x) => x - Math.tanh(x),
  threshold:
    ({ threshold, otherwise }) =>
    (x) =>
      x > threshold ? x : otherwise,
};
