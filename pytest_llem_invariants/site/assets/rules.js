// The search over all rules: one file, read once; every key is answered from memory.
const up = document.documentElement.dataset.up;
const form = document.getElementById("search");
const query = document.getElementById("q");
const found = document.getElementById("found");
const count = document.getElementById("count");
const more = document.getElementById("more");
const results = document.getElementById("results");
const by = Object.fromEntries(["engine", "severity", "proof", "version", "class"].map((name) => [name, document.getElementById(`by-${name}`)]));
const WORDS = { error: "error", warn: "warning", dormant: "ignored" };
const PAGE = 40;
const [ENGINE, CLASS, SEVERITY, PROOF, VERSIONS, ID, WHEN, SAYS] = [0, 1, 2, 3, 4, 5, 6, 7];

let lists = null;
let rules = [];
let texts = [];
let hits = [];
let shown = 0;

async function load() {
  const answer = await fetch(`${up}data/rules.json`);
  const data = await answer.json();
  lists = data.lists;
  rules = data.rules;
  texts = rules.map((rule) => `${lists.classes[rule[CLASS]]} ${rule[WHEN]} ${rule[SAYS]} ${rule[ID]}`.toLowerCase());
  for (const name of lists.classes) by.class.append(new Option(name, name));
  restore();
  form.hidden = false;
  search();
}

function search() {
  const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = {};
  wanted.engine = lists.engines.indexOf(by.engine.value);
  wanted.class = lists.classes.indexOf(by.class.value);
  wanted.severity = lists.severities.indexOf(by.severity.value);
  wanted.proof = lists.proofs.indexOf(by.proof.value);
  const version = lists.versions.indexOf(by.version.value);
  const asked = Object.entries({ engine: ENGINE, class: CLASS, severity: SEVERITY, proof: PROOF })
    .filter(([name]) => by[name].value)
    .map(([name, column]) => [column, wanted[name]]);
  const isAsked = words.length || asked.length || version >= 0;
  hits = [];
  for (let at = 0; isAsked && at < rules.length; at += 1) {
    const rule = rules[at];
    if (version >= 0 && !(rule[VERSIONS] & (1 << version))) continue;
    if (!asked.every(([column, value]) => rule[column] === value)) continue;
    if (words.every((word) => texts[at].includes(word))) hits.push(at);
  }
  results.hidden = !isAsked;
  found.replaceChildren();
  shown = 0;
  count.textContent = isAsked ? `${hits.length.toLocaleString("en")} of ${rules.length.toLocaleString("en")} rules` : "";
  show();
}

function show() {
  const part = document.createDocumentFragment();
  for (const at of hits.slice(shown, shown + PAGE)) part.append(line(rules[at]));
  shown += PAGE;
  found.append(part);
  more.hidden = shown >= hits.length;
}

function line(rule) {
  const item = document.createElement("li");
  const severity = lists.severities[rule[SEVERITY]];
  const badge = element("span", WORDS[severity] ?? severity);
  badge.className = `badge ${severity}`;
  const mark = document.createElement("span");
  mark.append(badge);
  const way = element("a", rule[WHEN]);
  way.href = `${up}rules/${encodeURIComponent(lists.engines[rule[ENGINE]])}/${encodeURIComponent(rule[ID])}.html`;
  item.append(mark, way, element("small", [lists.classes[rule[CLASS]], rule[SAYS]].filter(Boolean).join(" · ")));
  return item;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

// The search is in the address, so that it can be sent.
function keep() {
  const state = new URLSearchParams();
  if (query.value) state.set("q", query.value);
  for (const [name, choice] of Object.entries(by)) if (choice.value) state.set(name, choice.value);
  history.replaceState(null, "", `#${state}`);
}

function restore() {
  const state = new URLSearchParams(location.hash.slice(1));
  query.value = state.get("q") ?? "";
  for (const [name, choice] of Object.entries(by)) choice.value = state.get(name) ?? "";
}

form.addEventListener("input", () => { search(); keep(); });
form.addEventListener("submit", (event) => event.preventDefault());
more.addEventListener("click", show);
addEventListener("hashchange", () => { restore(); search(); });
addEventListener("keydown", (event) => {
  if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) {
    event.preventDefault();
    query.focus();
  }
});
load();
