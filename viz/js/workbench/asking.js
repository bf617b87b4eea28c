// What the server is asked for beside the picture (the state `ask`), and how its answers come back: a small component
// next to the workbench says them to the page (viz/js/answer).

const ANSWER = "headlight-answer";

// Ask for the value of a name, or with null no longer; everything that is still wanted is asked for together.
function askServer(bench, name, value) {
  bench.asks ??= {};
  if ((bench.asks[name] ?? null) === value) return;
  if (value === null) delete bench.asks[name];
  else bench.asks[name] = value;
  bench.send("ask", JSON.stringify(bench.asks));
}

// Hear the answers to a name for as long as the workbench is there.
function onAnswer(bench, name, hear) {
  addEventListener(ANSWER, ({ detail }) => { if (detail[name] !== undefined) hear(detail[name]); },
    { signal: bench.gone.signal });
}
