// Scales and ticks of the curves: pure functions, tested without a browser.

// Round numbers from low to high for a logarithmic axis: 1 and 3 of every decade, or every decade where there are many.
function logTicks(low, high) {
  const ticks = [];
  const decades = Math.log10(high / low);
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const digit of decades > 3 ? [1] : decades < 0.7 ? [1, 1.5, 2, 3, 5, 7] : [1, 3]) {
      const tick = Number(`${digit}e${power}`);
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks;
}

// About `n` round numbers from 0 on.
function ticksTo(high, n) {
  const rough = high / n;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((size) => size >= rough * 0.999);
  return Array.from({ length: Math.floor((high * 1.0001) / step) + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}

// The lowest and the highest of several curves, without what is no number; null if there is nothing.
function extent(...curves) {
  let [low, high] = [Infinity, -Infinity];
  for (const curve of curves) {
    for (const value of curve) {
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : null;
}

// The place of the last entry that is not larger, -1 if all are; `at` rises.
function before(at, step) {
  let [low, high] = [0, at.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at[middle] <= step) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

// A number as charts name it: three digits, rates as 2e-3.
function figure(value) {
  if (!Number.isFinite(value)) return "no number";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 0.001 || size >= 10_000) {
    const [digits, power] = value.toExponential(2).split("e");
    return `${Number(digits)}e${power.replace("+", "").replace("-", THEME.minus)}`;
  }
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : size >= 1 ? value.toFixed(2) : value.toFixed(3);
}
