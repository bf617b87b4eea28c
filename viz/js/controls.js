// The few controls that views share, in Streamlit's shapes; each is one Tab stop, arrows move inside.

// A row of choices of which one is on: {element, set(name)}.
function segmented(label, options, onChange, small = false) {
  const buttons = options.map(({ name, title }) => el("button", { type: "button", role: "radio", textContent: title }));
  const className = small ? "seg small" : "seg";
  const element = el("div", { className, role: "radiogroup", "aria-label": label }, ...buttons);
  const set = (name) => buttons.forEach((button, i) => {
    button.ariaChecked = String(options[i].name === name);
    button.tabIndex = options[i].name === name ? 0 : -1;
  });
  buttons.forEach((button, i) => { button.onclick = () => onChange(options[i].name); });
  element.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = (buttons.indexOf(event.target) + step + buttons.length) % buttons.length;
    buttons[next].focus();
    onChange(options[next].name);
  });
  return { element, set };
}

// A switch with its state told beside it: {element, set(on), note}.
function toggle(label, onChange) {
  const button = el("button", { type: "button", role: "switch", className: "toggle" }, el("i"), label);
  const note = el("span", { className: "cap" });
  button.onclick = () => onChange(button.ariaChecked !== "true");
  const element = el("span", { className: "control" }, button, note);
  return { element, note, set: (on) => { button.ariaChecked = String(on); } };
}

// A slider in hundredths, its value told beside it: {element, set(hundredths), note}.
function slider(label, most, onInput, least = 0) {
  const input = el("input", { type: "range", min: String(least), max: String(most), step: "1", "aria-label": label });
  const note = el("span", { className: "cap" });
  input.oninput = () => onInput(Number(input.value));
  const set = (value) => {
    input.value = String(value);
    input.setAttribute("aria-valuetext", (value / 100).toFixed(2));
    input.style.setProperty("--fill", `${(100 * (value - least)) / (most - least)}%`);
  };
  const element = el("span", { className: "control stretch" }, el("span", { textContent: label }), input, note);
  return { element, note, set };
}

const CONTROL_STYLE = `
.spring{flex:1}
.control{display:inline-flex;align-items:center;gap:8px;white-space:nowrap;font-size:13.5px}
.control.cap{font-size:13px}
.control.stretch{flex:1 1 0}
.seg{display:inline-flex}
.view .seg button{height:30px;padding:0 12px;font-size:13.5px;border:1px solid var(--border);background:var(--page);margin-left:-1px;white-space:nowrap}
.view .seg.small button{height:26px;padding:0 9px;font-size:13px}
.view .seg button:first-child{border-radius:8px 0 0 8px;margin-left:0}
.view .seg button:last-child{border-radius:0 8px 8px 0}
.view .seg button[aria-checked=true]{background:color-mix(in srgb,var(--primary) 10%,var(--page));border-color:var(--primary);color:var(--primary);font-weight:600;position:relative}
.view .seg button:focus-visible{z-index:1;position:relative}
.view .seg button:hover,.view .button:hover{border-color:var(--primary);color:var(--primary);position:relative}
.view .toggle{display:inline-flex;align-items:center;gap:7px;border-radius:9px}
.toggle i{width:28px;height:17px;border-radius:9px;background:var(--faint);position:relative}
.toggle i::after{content:"";position:absolute;left:2px;top:2px;width:13px;height:13px;border-radius:50%;background:var(--page)}
.toggle[aria-checked=true] i{background:var(--primary)}
.toggle[aria-checked=true] i::after{left:13px;background:var(--on-primary)}
.control input{appearance:none;flex:1;min-width:60px;height:20px;margin:0;background:none;cursor:pointer;border-radius:6px}
.control input::-webkit-slider-runnable-track{height:3px;border-radius:2px;background:linear-gradient(90deg,var(--primary) var(--fill),var(--border) 0)}
.control input::-moz-range-track{height:3px;border-radius:2px;background:linear-gradient(90deg,var(--primary) var(--fill),var(--border) 0)}
.control input::-webkit-slider-thumb{appearance:none;width:12px;height:12px;margin-top:-4.5px;border:0;border-radius:50%;background:var(--primary)}
.control input::-moz-range-thumb{width:12px;height:12px;border:0;border-radius:50%;background:var(--primary)}
`;
