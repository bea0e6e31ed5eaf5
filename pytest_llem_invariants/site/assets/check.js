// The page that checks: what is chosen, what is asked, what is kept in the address.
import { showFindings, showGrid, showMarks, showVerdict } from "./view.js";
import { pack, unpack } from "./state.js";

const up = document.documentElement.dataset.up;
const at = (name) => document.getElementById(name);
const form = at("ask");
const fields = Object.fromEntries(["text", "kind", "engine", "gpu", "count", "shape", "model", "served"].map((name) => [name, at(name)]));
const GRID_GPUS = ["T4", "L4", "A100", "H100", "H200", "B200", "MI300X"];
const EXAMPLES = {
  "vllm serve": "vllm serve Qwen/Qwen3-8B \\\n  --tensor-parallel-size 3 \\\n  --gpu-memory-utilization 1.5 \\\n  --kv-cache-dtype fp8",
  "a serve file": "model: meta-llama/Llama-3.1-8B-Instruct\ntensor-parallel-size: 0\nmax-model-len: 32768\nspeculative-config:\n  method: ngram\n  num_speculative_tokens: 0\n",
  "a request": '{\n  "model": "m",\n  "messages": [{"role": "user", "content": "hello"}],\n  "temperature": -1,\n  "top_p": 0\n}\n',
  "a manifest": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: llm}\nspec:\n  template:\n    spec:\n      containers:\n        - name: vllm\n          image: vllm/vllm-openai:v0.11.0\n          args:\n            - --model=Qwen/Qwen3-8B\n            - --tensor-parallel-size=2\n            - --swap-space=8\n          resources:\n            limits: {nvidia.com/gpu: 1}\n",
  "generation config": '{\n  "do_sample": false,\n  "temperature": 0.7,\n  "max_new_tokens": 0\n}\n',
};

let site = null;
let ask = null;
let versions = [];
let turn = 0;
let last = null;

async function start() {
  site = await (await fetch(`${up}data/site.json`, { cache: "no-cache" })).json();
  for (const name of site.gpus) fields.gpu.append(new Option(name, name));
  for (const name of Object.keys(site.models)) fields.shape.append(new Option(name, name));
  for (const name of Object.keys(EXAMPLES)) at("example").append(new Option(name, name));
  form.hidden = false;
  ask = site.answers === "server" ? fromServer : fromWorker();
  await restore();
  check();
}

// Who answers: the server that this page comes from, or the package's own Python in a worker.

async function fromServer(asked) {
  const answer = await fetch(`${up}answer`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(asked),
  });
  return answer.json();
}

function fromWorker() {
  const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module", name: site.digest ?? "" });
  const waiting = new Map();
  let number = 0;
  let isLost = "";
  const lose = (why) => {
    isLost = why;
    for (const resolve of waiting.values()) resolve({ error: why });
    waiting.clear();
  };
  worker.addEventListener("message", ({ data }) => {
    if (data.failed) lose(`the check cannot be loaded: ${data.failed}`);
    waiting.get(data.number)?.(JSON.parse(data.answer));
    waiting.delete(data.number);
  });
  worker.addEventListener("error", () => lose("the check cannot be loaded: this site was built without it"));
  return (asked) =>
    new Promise((resolve) => {
      if (isLost) {
        resolve({ error: isLost });
        return;
      }
      number += 1;
      waiting.set(number, resolve);
      worker.postMessage({ number, asked: JSON.stringify(asked) });
    });
}

// What is asked.

function world() {
  const { gpu, count, shape, model } = fields;
  const named = gpu.value && gpu.value !== "none" ? `${gpu.value}:${count.value || 1}` : gpu.value;
  const config = shape.value === "own" ? model.value : shape.value ? JSON.stringify(site.models[shape.value]) : "";
  return { gpu: named, model: config, served: fields.served.value.trim() };
}

function question(version = "", beside = {}) {
  const engine = fields.engine.value || (version ? last?.engine ?? "" : "");
  return { text: fields.text.value, kind: fields.kind.value, engine, version, ...world(), ...beside };
}

async function check() {
  turn += 1;
  const mine = turn;
  keep();
  if (!fields.text.value.trim()) {
    last = null;
    showVerdict([], fields.text.value ? "" : "Write or paste a config above, or choose an example.");
    finish([]);
    return;
  }
  if (!last) showVerdict([], "Checking… the first time loads the checker.");
  const chosen = versions.length ? versions : [""];
  const answers = [];
  for (const version of chosen) {
    answers.push({ version, asked: question(version), ...(await ask(question(version))) });
    if (mine !== turn) return;
  }
  const known = answers.find((one) => one.documents?.length);
  const engine = known?.documents[0].engine ?? "";
  if (engine && engine !== last?.engine && !fields.engine.value) offer(engine);
  last = { engine };
  showVerdict(answers);
  finish(answers, mine);
}

function finish(answers, mine = turn) {
  const found = showFindings(answers, { up, goTo, apply });
  showMarks(at("marks"), fields.text.value, found);
  const isAnswered = answers.some((one) => one.documents);
  at("raw").hidden = !isAnswered;
  at("json").textContent = answers.map((one) => one.json ?? "").join("\n");
  at("all").hidden = !isAnswered;
  if (isAnswered && at("all").open) grid();
  suggest(found, mine);
}

// Each fix was tried by the checker before it is offered; that takes longer than the verdict, so it comes behind it.
async function suggest(found, mine) {
  for (const finding of found) {
    if (mine !== turn) return;
    const { edits } = await ask({ ...finding.asked, finding: finding.number });
    if (mine !== turn) return;
    if (edits?.length) finding.offer(edits);
  }
}

function apply(edit) {
  fields.text.focus();
  fields.text.select();
  // Goes through the browser's own undo where it can.
  if (!document.execCommand("insertText", false, edit.text)) fields.text.value = edit.text;
  fields.text.setSelectionRange(0, 0);
  check();
}

function goTo(line, column) {
  const lines = fields.text.value.split("\n");
  const begin = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
  fields.text.focus();
  fields.text.setSelectionRange(begin, begin);
}

async function grid() {
  const mine = turn;
  const engine = last?.engine;
  const offered = site.engines[engine] ?? [];
  const gpus = [...new Set([fields.gpu.value, ...GRID_GPUS])].filter((name) => name !== "none" && site.gpus.includes(name));
  const cells = [];
  for (const gpu of gpus) {
    for (const version of offered) {
      const spec = `${gpu}:${fields.count.value || 1}`;
      const answer = await ask({ ...question(version, { gpu: spec }), engine });
      if (mine !== turn) return;
      cells.push({ gpu, version, status: answer.status ?? "error", address: `#${await pack({ ...state(), gpu, versions: [version], engine })}` });
    }
  }
  showGrid(at("grid"), offered, gpus, cells, fields.count.value);
}

// What there is to choose from.

function offer(engine) {
  const box = at("versions");
  const offered = site.engines[engine] ?? [];
  box.replaceChildren();
  versions = versions.filter((one) => offered.includes(one));
  for (const version of offered.slice().reverse()) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    input.type = "checkbox";
    input.value = version;
    input.checked = versions.includes(version);
    input.addEventListener("change", () => {
      versions = [...box.querySelectorAll("input:checked")].map((one) => one.value);
    });
    label.append(input, ` ${version}`);
    box.append(label);
  }
  if (!offered.length) box.textContent = "as the text says";
}

// The whole state is in the address: a link shows what the page shows.

function state() {
  const kept = Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.value]));
  if (kept.shape !== "own") delete kept.model;
  return { ...kept, versions };
}

async function keep() {
  const mine = turn;
  const packed = fields.text.value ? `#${await pack(state())}` : location.pathname;
  if (mine === turn) history.replaceState(null, "", packed);
}

async function restore() {
  const kept = await unpack(location.hash);
  for (const [name, field] of Object.entries(fields)) {
    if (typeof kept[name] === "string") field.value = kept[name];
  }
  for (const name of ["kind", "engine", "gpu", "shape"]) if (fields[name].selectedIndex < 0) fields[name].selectedIndex = 0;
  versions = Array.isArray(kept.versions) ? kept.versions.filter((one) => typeof one === "string") : [];
  at("own").hidden = fields.shape.value !== "own";
  const engine = fields.engine.value || Object.keys(site.engines).find((one) => versions.some((version) => site.engines[one].includes(version)));
  if (engine) last = { engine };
  offer(engine ?? "");
}

let waiting = 0;
form.addEventListener("input", (event) => {
  if (event.target.id === "example") {
    fields.text.value = EXAMPLES[event.target.value] ?? fields.text.value;
    fields.kind.value = "";
  }
  if (event.target.id === "engine") offer(fields.engine.value);
  at("own").hidden = fields.shape.value !== "own";
  showMarks(at("marks"), fields.text.value, []);
  turn += 1;
  clearTimeout(waiting);
  waiting = setTimeout(check, ["text", "model", "served"].includes(event.target.id) ? 120 : 0);
});
form.addEventListener("submit", (event) => event.preventDefault());
at("all").addEventListener("toggle", () => at("all").open && grid());
addEventListener("hashchange", async () => { await restore(); check(); });
for (const name of ["text", "model"]) {
  const field = fields[name];
  field.addEventListener("dragover", (event) => event.preventDefault());
  field.addEventListener("drop", async (event) => {
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    field.value = (await file.text()).slice(0, 1 << 20);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
start();
