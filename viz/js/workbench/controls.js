// The few controls of the workbench, in Streamlit's shapes; each is one Tab stop, arrows move inside.

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
function slider(label, most, onInput) {
  const input = el("input", { type: "range", min: "0", max: String(most), step: "1", "aria-label": label });
  const note = el("span", { className: "cap" });
  input.oninput = () => onInput(Number(input.value));
  const set = (value) => {
    input.value = String(value);
    input.setAttribute("aria-valuetext", (value / 100).toFixed(2));
    input.style.setProperty("--fill", `${(100 * value) / most}%`);
  };
  const element = el("span", { className: "control stretch" }, el("span", { textContent: label }), input, note);
  return { element, note, set };
}
